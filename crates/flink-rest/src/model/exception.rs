//! Why a job failed. Flink 1.x tells it twice (`root-exception` and `exceptionHistory`), 2.x once.

use serde::Deserialize;

use crate::reason::Chain;

/// `/jobs/ID/exceptions`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawExceptions")]
pub struct Exceptions {
    /// Why the job is not running; `None`: it did not fail. In the history, too, mostly: a job that
    /// could not be started has no history in Flink 1.x.
    pub root: Option<JobException>,
    /// The newest failures, newest first.
    pub history: Vec<JobException>,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobException {
    /// What Flink, or the job, says, for a person.
    pub message: String,
    /// When; `None`: not said.
    pub at: Option<u64>,
    /// The task that failed, if it was one.
    pub task: Option<String>,
}

#[derive(Deserialize)]
struct RawExceptions {
    #[serde(rename = "root-exception")]
    root: Option<String>,
    #[serde(default, deserialize_with = "super::positive")]
    timestamp: Option<u64>,
    #[serde(rename = "exceptionHistory", default)]
    history: RawHistory,
}

#[derive(Default, Deserialize)]
struct RawHistory {
    #[serde(default)]
    entries: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry {
    exception_name: String,
    #[serde(default)]
    stacktrace: String,
    #[serde(default, deserialize_with = "super::positive")]
    timestamp: Option<u64>,
    task_name: Option<String>,
}

impl From<RawExceptions> for Exceptions {
    fn from(raw: RawExceptions) -> Self {
        let history: Vec<JobException> = raw.history.entries.into_iter().map(Into::into).collect();
        let root = raw.root.and_then(|text| Chain::read(&text).reason());
        let root = root.map(|message| JobException { message, at: raw.timestamp, task: None });
        Self { root: root.or_else(|| history.first().cloned()), history }
    }
}

impl From<RawEntry> for JobException {
    fn from(raw: RawEntry) -> Self {
        let message = Chain::read(&raw.stacktrace).reason().unwrap_or(raw.exception_name);
        Self { message, at: raw.timestamp, task: raw.task_name }
    }
}
