//! The same work on several threads.

use std::thread::{Builder, scope};

/// Does the same work on so many threads, of which this is one, and gives what each has found. Where the system has no more
/// threads to give, on as many as there are.
pub(crate) fn together<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    scope(|scope| {
        let handles: Vec<_> = (1..threads.max(1)).map_while(|_| Builder::new().spawn_scoped(scope, &work).ok()).collect();
        let mut found = vec![work()];
        for handle in handles {
            match handle.join() {
                Ok(one) => found.push(one),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    })
}
