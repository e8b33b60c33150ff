//! What really happened to the data: runs of jobs, and files that hold their state.
//!
//! Offsets stand for what a job has consumed. They only matter by comparison: a file covers
//! everything up to its offset, a run begins at the offset of the file it starts from.

use std::sync::Arc;

use super::{AppId, JobId, World};

/// A run, by its place in [`World::runs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub usize);

/// A file, by its place in [`World::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

/// One run of a job in one JobManager process. A failover inside it is the same run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// Whose.
    pub app: AppId,
    /// Its id. Two runs can have one id: that is for the operator to prevent.
    pub job: JobId,
    /// A person submitted it.
    pub foreign: bool,
    /// What it is made from: its version's [`family`](super::Spec::family).
    pub hash: u32,
    /// How many slots it takes.
    pub parallelism: u32,
    /// How many it was submitted with.
    pub submitted: u32,
    /// In which cluster.
    pub incarnation: u32,
    /// What it started from.
    pub origin: Origin,
    /// The offset it began at.
    pub base: u64,
    /// The offset it has come to.
    pub consumed: u64,
    /// Its tasks ran at least once.
    pub started: bool,
    /// Its JobManager named it to someone who asked.
    pub told: bool,
    /// The user was told that this is the deployed version's job, and good.
    pub announced: bool,
    /// With which parallelism.
    pub announced_with: u32,
    /// How it ended, as the JobManager that ran it knew.
    pub end: Option<End>,
}

/// What a run starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Nothing.
    Empty,
    /// A file.
    File(FileId),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// By itself.
    Finished,
    /// With a savepoint that a client of the world asked for.
    Stopped,
    /// With one that a person asked for.
    StoppedByAPerson,
    /// Cancelled without one.
    Canceled,
    /// Failed for good.
    Failed,
    /// Its JobManager process ended first.
    Lost,
}

/// A savepoint or checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct File {
    /// Where it lies.
    pub path: Arc<str>,
    /// Whose.
    pub app: AppId,
    /// Which run wrote it; none: it was there before.
    pub run: Option<RunId>,
    /// What it is.
    pub kind: FileKind,
    /// What it covers.
    pub offset: u64,
    /// Who removed it.
    pub deleted: Option<Deleter>,
    /// Its path was told as the result of the operation that made it.
    pub told_by_operation: bool,
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Made because someone asked.
    Savepoint,
    /// Made by the job itself.
    Checkpoint,
}

/// Who can remove a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deleter {
    /// Flink, by its rules of retention.
    Flink,
    /// A client of the world.
    Client,
}

impl World {
    /// The run with this number.
    #[must_use]
    pub fn run(&self, run: RunId) -> &Run {
        &self.runs[run.0]
    }

    /// Puts a file there that no run of this world wrote, such as a savepoint of an earlier life.
    pub fn put_file(&mut self, app: AppId, path: &str, offset: u64) -> FileId {
        self.files.push(File {
            path: Arc::from(path),
            app,
            run: None,
            kind: FileKind::Savepoint,
            offset,
            deleted: None,
            told_by_operation: false,
        });
        FileId(self.files.len() - 1)
    }

    /// The file at a path, if it is still there.
    #[must_use]
    pub fn file_at(&self, path: &str) -> Option<FileId> {
        let found = self.files.iter().rposition(|f| &*f.path == path && f.deleted.is_none());
        found.map(FileId)
    }

    /// Removes a file, as a client with access to the storage could.
    pub fn delete_file(&mut self, file: FileId) {
        self.files[file.0].deleted = Some(Deleter::Client);
    }

    /// The newest state that a run has written and that still exists.
    #[must_use]
    pub fn newest_file(&self, run: RunId) -> Option<FileId> {
        let mine = |f: &(usize, &File)| f.1.run == Some(run) && f.1.deleted.is_none();
        let files = self.files.iter().enumerate().filter(mine);
        files.max_by_key(|(i, f)| (f.offset, *i)).map(|(i, _)| FileId(i))
    }

    /// Records that the user was told: this job is the deployed version's, with this parallelism, and good.
    pub fn announce(&mut self, job: JobId, parallelism: u32) {
        for run in self.runs.iter_mut().filter(|r| r.job == job && r.started) {
            run.announced = true;
            run.announced_with = parallelism;
        }
    }

    /// Whether a run counts among its application's: a person's does once the user was told that it is
    /// the application's.
    #[must_use]
    pub fn counts(&self, run: RunId) -> bool {
        let run = self.run(run);
        !run.foreign || run.announced
    }

    /// Whether tasks of a run run now, anywhere.
    #[must_use]
    pub fn consumes(&self, run: RunId) -> bool {
        self.taskmanagers().any(|(_, t)| t.tasks.contains(&run))
    }

    pub(super) fn write_file(
        &mut self,
        run: RunId,
        kind: FileKind,
        offset: u64,
        path: String,
    ) -> FileId {
        let app = self.runs[run.0].app;
        self.files.push(File {
            path: Arc::from(path),
            app,
            run: Some(run),
            kind,
            offset,
            deleted: None,
            told_by_operation: false,
        });
        FileId(self.files.len() - 1)
    }
}
