//! The embedder's own store: one record, and a compare-and-swap on its version.

use super::resource::StreamingJob;

/// Changes with every write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u64);

/// What is kept, and its version.
pub(crate) type Kept = (StreamingJob, Version);

/// The store did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Why a write came to nothing, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWritten {
    /// Somebody wrote since it was read.
    Conflict,
    /// No answer: it may or may not be written.
    Lost,
    /// What came back does not contain the state: something between us and the store drops it.
    Pruned,
}

/// One job's place in a store.
pub(crate) trait Store {
    /// What is there now (not what a cache shows); none: the job is gone.
    fn read(&mut self) -> Result<Option<Kept>, Unreadable>;

    /// Writes, if nobody wrote since; none removes the job. Returns what is there then.
    fn swap(
        &mut self,
        read: Version,
        job: Option<StreamingJob>,
    ) -> Result<Option<Kept>, NotWritten>;
}

/// In memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    kept: Option<Kept>,
    writes: u64,
    /// The next write is done, and nobody hears of it.
    loses_reply: bool,
}

impl MemoryStore {
    /// The user makes a job.
    pub(crate) fn create(&mut self, job: StreamingJob) {
        self.put(Some(job));
    }

    /// The user edits it: another generation.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut StreamingJob)) {
        let Some((mut job, _)) = self.kept.clone() else { return };
        edit(&mut job);
        job.generation += 1;
        self.put(Some(job));
    }

    /// The reply to the next write is lost.
    pub(crate) fn loses_a_reply(&mut self) {
        self.loses_reply = true;
    }

    fn put(&mut self, job: Option<StreamingJob>) {
        self.writes += 1;
        self.kept = job.map(|job| (job, Version(self.writes)));
    }
}

impl Store for MemoryStore {
    fn read(&mut self) -> Result<Option<Kept>, Unreadable> {
        Ok(self.kept.clone())
    }

    fn swap(
        &mut self,
        read: Version,
        job: Option<StreamingJob>,
    ) -> Result<Option<Kept>, NotWritten> {
        if self.kept.as_ref().is_none_or(|(_, version)| *version != read) {
            return Err(NotWritten::Conflict);
        }
        self.put(job);
        if std::mem::take(&mut self.loses_reply) {
            return Err(NotWritten::Lost);
        }
        Ok(self.kept.clone())
    }
}
