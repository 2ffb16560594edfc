//! What feedmill promises, checked from outside: see `mill.rs` for how a test reads.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::must_use_candidate)]

mod mill;
mod start;
