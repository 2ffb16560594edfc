//! What feedmill promises, checked from outside: see `mill.rs` for how a test reads.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::must_use_candidate)]

mod bodies;
mod bounds;
mod buckets;
mod cache;
mod cron;
mod dials;
mod errors;
mod explain;
mod fuzzed;
mod golden;
mod hostile;
mod hosts;
#[cfg(feature = "hub")]
mod hub;
mod kept;
mod mangled;
mod mill;
#[cfg(unix)]
mod month;
mod order;
mod pages;
mod publish;
mod readers;
mod renamed;
mod report;
mod settings;
mod sifted;
mod sites;
mod start;
mod tidy;
mod told;
mod withdrawn;
