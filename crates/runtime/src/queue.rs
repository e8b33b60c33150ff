//! Which application is looked at next, and when.
//!
//! A key is handed out to one worker at a time; what happens to it meanwhile is remembered for when
//! it comes back. Keys come from the watches and from timers that decisions asked for; they go to
//! the workers of `controller`. Knows nothing of what a round is. What waits, and for how long, it tells
//! `metrics`, and `health`, which sees by it whether the loop is stuck.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::application::Key;

/// Keys with the instant from which each is due.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    due: BTreeMap<Key, Instant>,
    order: BTreeSet<(Instant, Key)>,
    running: BTreeMap<Key, Running>,
    /// Workers that wait for a key.
    idle: usize,
}

/// A key that is handed out.
#[derive(Debug)]
struct Running {
    since: Instant,
    /// The wake-up that came since.
    again: Option<Instant>,
}

/// What waits and what is worked on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Keys that are due and not handed out.
    pub(crate) due: usize,
    /// The one of them that waits longest, and since when it is due.
    pub(crate) waits: Option<(Key, Duration)>,
    /// Keys that are handed out.
    pub(crate) running: usize,
    /// The one of them that was handed out first, and how long ago.
    pub(crate) longest: Option<(Key, Duration)>,
    /// Workers that wait for a key.
    pub(crate) idle: usize,
}

impl Waiting {
    fn add(&mut self, key: Key, at: Instant) {
        if let Some(running) = self.running.get_mut(&key) {
            running.again = Some(running.again.map_or(at, |earlier| earlier.min(at)));
            return;
        }
        match self.due.get(&key) {
            Some(earlier) if *earlier <= at => return,
            Some(later) => {
                self.order.remove(&(*later, key.clone()));
            }
            None => {}
        }
        self.order.insert((at, key.clone()));
        self.due.insert(key, at);
    }

    fn take(&mut self, now: Instant) -> Result<Key, Option<Instant>> {
        match self.order.first().cloned() {
            None => Err(None),
            Some((at, _)) if at > now => Err(Some(at)),
            Some(first) => {
                self.order.remove(&first);
                self.due.remove(&first.1);
                let running = Running { since: now, again: None };
                self.running.insert(first.1.clone(), running);
                Ok(first.1)
            }
        }
    }

    fn load(&self, now: Instant) -> Load {
        let due = self.order.iter().take_while(|(at, _)| *at <= now);
        let first = self.order.first().filter(|(at, _)| *at <= now);
        let longest = self.running.iter().min_by_key(|(_, running)| running.since);
        Load {
            due: due.count(),
            waits: first.map(|(at, key)| (key.clone(), now.duration_since(*at))),
            running: self.running.len(),
            longest: longest.map(|(key, of)| (key.clone(), now.duration_since(of.since))),
            idle: self.idle,
        }
    }
}

impl Queue {
    /// Makes `key` due now.
    pub(crate) fn wake(&self, key: Key) {
        self.wake_at(key, Instant::now());
    }

    /// Makes `key` due at `at`, if it is not due earlier.
    pub(crate) fn wake_at(&self, key: Key, at: Instant) {
        self.waiting().add(key, at);
        self.changed.notify_one();
    }

    /// The next key that is due; the caller gives it back with [`Queue::done`].
    pub(crate) async fn next(&self) -> Key {
        loop {
            // Created before looking: a wake-up between the look and the wait is not lost.
            let changed = self.changed.notified();
            let taken = self.waiting().take(Instant::now());
            match taken {
                Ok(key) => {
                    // Another worker may have slept through this wake-up, and there may be more.
                    self.changed.notify_one();
                    return key;
                }
                Err(None) => {
                    let _idle = Idle::at(self);
                    changed.await;
                }
                Err(Some(at)) => {
                    let _idle = Idle::at(self);
                    tokio::select! {
                        () = changed => {}
                        () = sleep_until(at) => {}
                    }
                }
            }
        }
    }

    /// Gives a key back, due again at `at` or at an earlier wake-up that came meanwhile.
    pub(crate) fn done(&self, key: Key, at: Option<Instant>) {
        let mut waiting = self.waiting();
        let meanwhile = waiting.running.remove(&key).and_then(|running| running.again);
        for at in [meanwhile, at].into_iter().flatten() {
            waiting.add(key.clone(), at);
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// What waits and what is worked on.
    pub(crate) fn load(&self) -> Load {
        self.waiting().load(Instant::now())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic while the lock is held cannot leave a half-made entry that matters.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker that waits for a key to be due, until it looks again or gives up.
struct Idle<'q>(&'q Queue);

impl Idle<'_> {
    fn at(queue: &Queue) -> Idle<'_> {
        queue.waiting().idle += 1;
        Idle(queue)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.waiting().idle -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn key(name: &str) -> Key {
        Key::new("ns", name)
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_wake_up_of_a_key_counts_and_keys_come_in_order_of_time() {
        let (queue, start) = (Queue::default(), Instant::now());
        queue.wake_at(key("late"), start + Duration::from_secs(9));
        queue.wake_at(key("a"), start + Duration::from_secs(5));
        queue.wake_at(key("a"), start + Duration::from_secs(2));
        queue.wake_at(key("a"), start + Duration::from_secs(7));
        assert_eq!(queue.next().await, key("a"));
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        assert_eq!(queue.next().await, key("late"));
        assert_eq!(start.elapsed(), Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_worked_on_is_handed_out_again_only_afterwards() {
        let queue = Arc::new(Queue::default());
        queue.wake(key("a"));
        let taken = queue.next().await;
        queue.wake(key("a"));
        let other = tokio::time::timeout(Duration::from_secs(60), queue.next()).await;
        assert!(other.is_err(), "handed out twice at once");
        queue.done(taken, None);
        assert_eq!(queue.next().await, key("a"), "the wake-up that came meanwhile is lost");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_and_what_is_worked_on_is_told_with_its_time() {
        let (queue, second) = (Queue::default(), Duration::from_secs(1));
        queue.wake_at(key("later"), Instant::now() + 60 * second);
        assert_eq!(queue.load(), Load::default());
        queue.wake(key("a"));
        tokio::time::advance(second).await;
        queue.wake(key("b"));
        queue.wake(key("c"));
        assert_eq!(queue.load().waits, Some((key("a"), second)));
        let first = queue.next().await;
        tokio::time::advance(second).await;
        let second_one = queue.next().await;
        tokio::time::advance(second).await;
        let waits = Some((key("c"), 2 * second));
        let longest = Some((key("a"), 2 * second));
        assert_eq!(queue.load(), Load { due: 1, waits, running: 2, longest, idle: 0 });
        queue.done(first, None);
        queue.done(second_one, None);
        assert_eq!((queue.load().running, queue.load().longest), (0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_waits_is_idle_until_it_has_a_key_or_gives_up() {
        let queue = Queue::default();
        {
            let mut next = std::pin::pin!(queue.next());
            assert!(futures::poll!(&mut next).is_pending());
            assert_eq!(queue.load().idle, 1);
        }
        assert_eq!(queue.load().idle, 0, "it gave up");
        queue.wake(key("a"));
        queue.next().await;
        assert_eq!(queue.load().idle, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_worker_sees_a_wake_up_that_comes_before_its_timer() {
        let queue = Arc::new(Queue::default());
        let start = Instant::now();
        queue.wake_at(key("later"), start + Duration::from_secs(60));
        let worker = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        queue.wake(key("now"));
        assert_eq!(worker.await.unwrap(), key("now"));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
