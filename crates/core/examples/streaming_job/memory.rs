//! What the process knows besides the store: lost with it, and with it nothing but time.

use std::collections::BTreeMap;

use flinkk8soperator_core::{
    Checkpoint, Fact, JobId, Post, Process, Silence, State, Statistics, Timestamp,
};

use super::outside::Answer;

/// Who is asked: one who does not answer one question counts as silent until he answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    Watches,
    LivePods,
    Revisions,
    NewestRevision,
    Flink(Process),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// A decision of this process is stored: it is answerable for deadlines.
    pub(crate) decided: bool,
    /// What became of jobs that this process was to send.
    posts: BTreeMap<JobId, Post>,
    /// Since when nobody answers there.
    silent: BTreeMap<Asked, Timestamp>,
    /// The newest checkpoint that this process was told of, and of which job.
    last_seen: Option<(JobId, Checkpoint)>,
}

impl Memory {
    /// A fact from an answer, and for how long there has been none.
    pub(crate) fn fact<T>(&mut self, now: Timestamp, whom: Asked, answer: Answer<T>) -> Fact<T> {
        match answer {
            Ok(value) => {
                self.silent.remove(&whom);
                Fact::Known(value)
            }
            Err(why) => self.unknown(now, whom, why),
        }
    }

    fn unknown<T>(&mut self, now: Timestamp, whom: Asked, why: Silence) -> Fact<T> {
        let since = *self.silent.entry(whom).or_insert(now);
        Fact::Unknown { why, for_how_long: now.since(since) }
    }

    /// The state was written by this process: a job that is new in it was sent by nobody yet.
    pub(crate) fn written(&mut self, before: &State, after: &State) {
        let was = before.submission().map(|s| s.job);
        let job = after.submission().map(|s| s.job);
        self.posts.retain(|id, _| Some(*id) == job);
        if let Some(job) = job.filter(|_| job != was) {
            self.posts.entry(job).or_insert(Post::NotSent);
        }
    }

    /// What became of a job; one whose intent another process wrote may have been sent by it.
    pub(crate) fn post(&self, job: JobId) -> Post {
        self.posts.get(&job).cloned().unwrap_or(Post::MaybeSent)
    }

    pub(crate) fn posted(&mut self, job: JobId, post: Post) {
        self.posts.insert(job, post);
    }

    /// Statistics tell of the newest checkpoint that is still there.
    pub(crate) fn told(&mut self, job: JobId, statistics: &Answer<Option<Statistics>>) {
        let Ok(Some(statistics)) = statistics else { return };
        let kept = statistics.completed.iter().filter(|c| !c.discarded && c.path.is_some());
        if let Some(newest) = kept.max_by_key(|c| c.id) {
            self.last_seen = Some((job, newest.clone()));
        }
    }

    pub(crate) fn last_seen(&self, job: JobId) -> Option<Checkpoint> {
        self.last_seen.as_ref().filter(|(of, _)| *of == job).map(|(_, newest)| newest.clone())
    }
}
