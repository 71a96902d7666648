//! How many of a backend's places jobs may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The requests that somebody waits for now; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Interactive {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    now: AtomicUsize,
    changed: Notify,
}

/// One request; over when dropped.
#[derive(Debug)]
pub struct Visit(Arc<Shared>);

impl Interactive {
    /// A request begins.
    pub fn enter(&self) -> Visit {
        self.shared.now.fetch_add(1, Ordering::SeqCst);
        Visit(Arc::clone(&self.shared))
    }

    /// Whether somebody waits now.
    pub fn is_busy(&self) -> bool {
        self.shared.now.load(Ordering::SeqCst) > 0
    }

    /// Waits until the last of them has its answer, if it is told after this is first polled.
    pub(super) async fn quiet(&self) {
        self.shared.changed.notified().await;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.0.now.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.changed.notify_one();
        }
    }
}

/// Places for jobs out of those of a backend: all when nobody waits, else a share of them, and one at least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a number of places, between 0 and that number"
)]
pub(super) fn places(concurrency: usize, share: f64, is_busy: bool) -> usize {
    let all = concurrency.max(1);
    if is_busy {
        ((all as f64 * share.clamp(0.0, 1.0)) as usize).max(1)
    } else {
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_yield_to_those_who_wait_and_never_starve() {
        assert_eq!(places(8, 0.5, false), 8);
        assert_eq!(places(8, 0.5, true), 4);
        assert_eq!(places(1, 0.5, true), 1);
        assert_eq!(places(0, 0.0, true), 1);
        let interactive = Interactive::default();
        let (one, other) = (interactive.enter(), interactive.enter());
        drop(one);
        assert!(interactive.is_busy());
        drop(other);
        assert!(!interactive.is_busy());
    }
}
