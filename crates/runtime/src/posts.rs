//! What this process knows of the submissions it sent.
//!
//! A POST of a job outlives the round that sent it: `main()` runs inside it. Its outcome is kept
//! here, by job id, and read as the `submission` fact. It is advice: lost with the process, the
//! machine finds out from the JobManager.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flinkk8soperator_core::{JobId, Post};

use crate::application::Key;

/// The submissions of all applications.
#[derive(Debug, Default)]
pub(crate) struct Posts(Mutex<BTreeMap<Key, BTreeMap<JobId, Post>>>);

impl Posts {
    /// This process has persisted the intent to send `job`, so nobody else sends it.
    pub(crate) fn intend(&self, key: &Key, job: JobId) {
        self.all().entry(key.clone()).or_default().entry(job).or_insert(Post::NotSent);
    }

    /// What became of `job`: where this process did not persist the intent itself, another one may
    /// have sent it.
    #[must_use]
    pub(crate) fn of(&self, key: &Key, job: JobId) -> Post {
        let all = self.all();
        all.get(key).and_then(|posts| posts.get(&job)).cloned().unwrap_or(Post::MaybeSent)
    }

    /// Takes the right to send `job`: false if it is being sent from here, or was answered. One whose
    /// answer was lost may be sent again where the machine says so: it knows which Flinks refuse an id
    /// that they have seen.
    #[must_use]
    pub(crate) fn begin(&self, key: &Key, job: JobId) -> bool {
        let mut all = self.all();
        let post = all.entry(key.clone()).or_default().entry(job).or_insert(Post::MaybeSent);
        let sent = post.sent();
        let free = sent.is_some();
        sent.into_iter().for_each(|sent| *post = sent);
        free
    }

    /// Records what became of `job`, unless the application is forgotten.
    pub(crate) fn end(&self, key: &Key, job: JobId, outcome: Post) {
        if let Some(post) = self.all().get_mut(key).and_then(|posts| posts.get_mut(&job)) {
            *post = post.answered(outcome);
        }
    }

    /// Keeps only the submissions that the state still speaks of.
    pub(crate) fn retain(&self, key: &Key, jobs: &[JobId]) {
        let mut all = self.all();
        if let Some(posts) = all.get_mut(key) {
            posts.retain(|job, post| jobs.contains(job) || matches!(post, Post::InFlight { .. }));
            if posts.is_empty() {
                all.remove(key);
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, BTreeMap<JobId, Post>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_sent_once_from_here() {
        let (posts, key, job) = (Posts::default(), Key::new("ns", "app"), JobId(1));
        assert_eq!(posts.of(&key, job), Post::MaybeSent);
        posts.intend(&key, job);
        assert_eq!(posts.of(&key, job), Post::NotSent);
        assert!(posts.begin(&key, job));
        assert!(!posts.begin(&key, job));
        posts.intend(&key, job);
        assert_eq!(posts.of(&key, job), Post::InFlight { alone: true });
        posts.end(&key, job, Post::Lost);
        assert!(posts.begin(&key, job), "whether it is sent again is the machine's to decide");
        posts.end(&key, job, Post::Accepted);
        assert!(!posts.begin(&key, job));
        posts.retain(&key, &[]);
        assert_eq!(posts.of(&key, job), Post::MaybeSent);
    }

    #[test]
    fn what_did_not_reach_flink_may_be_sent_again() {
        let (posts, key, job) = (Posts::default(), Key::new("ns", "app"), JobId(1));
        posts.intend(&key, job);
        assert!(posts.begin(&key, job));
        posts.end(&key, job, Post::NotSent);
        assert!(posts.begin(&key, job));
    }

    #[test]
    fn a_refusal_is_no_word_on_what_another_process_may_have_sent() {
        let (posts, key, job) = (Posts::default(), Key::new("ns", "app"), JobId(1));
        assert!(posts.begin(&key, job));
        assert_eq!(posts.of(&key, job), Post::InFlight { alone: false });
        let refused = |alone| Post::Refused { retriable: false, message: "no".to_owned(), alone };
        posts.end(&key, job, refused(true));
        assert_eq!(posts.of(&key, job), refused(false));
    }
}
