//! Whether the loop of rounds is stuck: told by the queue alone, and by nothing outside the process.
//!
//! An API server or a Flink that does not answer sticks nothing: each request has its limit, so a round ends
//! and is due again. While no worker was started (everything is being listed, another replica leads, a
//! reference operator is waited for) nothing is stuck, however much is due.

use std::sync::Weak;
use std::time::Duration;

use crate::operator::Operator;
use crate::queue::{Load, Queue};

/// Longer than any round. Its requests are made at once or a few dozen one after the other, and each is given up
/// after 10 s: five minutes where nothing answers. Three times that.
const ROUND: Duration = Duration::from_secs(15 * 60);

/// Longer than a worker that waits takes to see that an application is due: no time at all, on a machine
/// that is not stopped.
const UNSEEN: Duration = Duration::from_secs(60);

/// Looks at the operator whenever it is asked; one that is gone is not stuck.
pub(crate) fn watch(operator: Weak<Operator>) -> Box<dyn Fn() -> Option<String> + Send + Sync> {
    Box::new(move || operator.upgrade().and_then(|operator| of(&operator.queue)))
}

/// Why no progress is made; none: it is, or there is nothing to do.
fn of(queue: &Queue) -> Option<String> {
    let Load { waits, longest, idle, .. } = queue.load();
    if let Some((key, time)) = longest.filter(|(_, time)| *time > ROUND) {
        return Some(format!("a round of {key} has not ended for {} s", time.as_secs()));
    }
    let (key, time) = waits.filter(|(_, time)| idle > 0 && *time > UNSEEN)?;
    Some(format!("{key} has been due for {} s, and no worker takes it", time.as_secs()))
}

#[cfg(test)]
mod tests {
    use futures::poll;
    use tokio::time::{Instant, advance};

    use super::*;
    use crate::application::Key;

    const HOUR: Duration = Duration::from_secs(3600);

    fn key() -> Key {
        Key::new("ns", "app")
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_does_not_end_is_stuck_and_one_that_ends_late_was() {
        let queue = Queue::default();
        queue.wake(key());
        let taken = queue.next().await;
        advance(ROUND).await;
        assert_eq!(of(&queue), None);
        advance(Duration::from_secs(1)).await;
        let why = "a round of ns/app has not ended for 901 s";
        assert_eq!(of(&queue).as_deref(), Some(why));
        queue.done(taken, None);
        assert_eq!(of(&queue), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_application_that_is_due_while_a_worker_waits_is_stuck() {
        let queue = Queue::default();
        queue.wake_at(key(), Instant::now() + HOUR);
        let mut worker = Box::pin(queue.next());
        assert!(poll!(&mut worker).is_pending());
        advance(HOUR + UNSEEN).await;
        assert_eq!(of(&queue), None);
        advance(Duration::from_secs(1)).await;
        let why = "ns/app has been due for 61 s, and no worker takes it";
        assert_eq!(of(&queue).as_deref(), Some(why));
        drop(worker);
        assert_eq!(of(&queue), None, "no worker, as before a list is complete");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_that_is_outside_the_process_makes_it_stuck() {
        let queue = Queue::default();
        assert_eq!(of(&queue), None, "nothing to do");
        queue.wake(key());
        advance(HOUR).await;
        assert_eq!(of(&queue), None, "no worker was started: standing by, or listing");
        // An API server that is away for an hour: every round fails within its limits, and is due again.
        let end = Instant::now() + HOUR;
        while Instant::now() < end {
            let taken = queue.next().await;
            advance(Duration::from_secs(60)).await;
            assert_eq!(of(&queue), None);
            queue.done(taken, Some(Instant::now() + Duration::from_secs(30)));
            let mut worker = Box::pin(queue.next());
            assert!(poll!(&mut worker).is_pending());
            advance(Duration::from_secs(29)).await;
            assert_eq!(of(&queue), None);
        }
        // More to do than the workers can: what waits is not stuck while none of them is idle.
        queue.wake(key());
        queue.next().await;
        queue.wake(Key::new("ns", "another"));
        advance(ROUND).await;
        assert_eq!(of(&queue), None);
    }
}
