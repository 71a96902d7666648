//! How long a question waited before anybody worked on it, apart from how long the work took.
//!
//! Whoever has a queue says so with [`queued`]; whoever wants to know wraps the asking in [`measured`].

use std::cell::Cell;
use std::time::Duration;

tokio::task_local! {
    static QUEUED: Cell<Duration>;
}

/// What a question gives, and how long it stood in queues. Whoever measures around this measures it too.
pub async fn measured<F: Future>(asking: F) -> (F::Output, Duration) {
    let (output, time) = QUEUED
        .scope(Cell::new(Duration::ZERO), async {
            let output = asking.await;
            (output, QUEUED.with(Cell::get))
        })
        .await;
    queued(time);
    (output, time)
}

/// The question at hand stood this long in a queue. Of several that stood at once the longest counts.
pub(super) fn queued(time: Duration) {
    let measured = QUEUED.try_with(|longest| longest.set(longest.get().max(time)));
    // Nobody measures a question that is asked outside of `measured`.
    measured.unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_longest_wait_is_told_and_none_outside() {
        queued(Duration::from_secs(9));
        let asking = async {
            queued(Duration::from_secs(2));
            queued(Duration::from_secs(1));
            7
        };
        let around = measured(measured(asking)).await;
        let time = Duration::from_secs(2);
        assert_eq!(around, ((7, time), time));
    }
}
