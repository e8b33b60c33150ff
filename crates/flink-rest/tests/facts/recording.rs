//! The recordings: exchanges as in `tests/recorded`, and cases with what a poller saw.

use std::collections::BTreeMap;
use std::fmt::Debug;

use flinkk8soperator_flink_rest::model::{
    CheckpointKind, Exceptions, Job, JobState, Operation, SavepointLocation,
};
use flinkk8soperator_flink_rest::{Error, FlinkVersion};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer;

/// A recording with cases of the shape `C`.
#[derive(Deserialize)]
#[serde(bound(deserialize = "C: Deserialize<'de>"))]
pub(crate) struct Recording<C> {
    #[serde(skip)]
    pub(crate) file: String,
    #[serde(rename = "flink_version")]
    pub(crate) version: FlinkVersion,
    pub(crate) scheduler: String,
    #[serde(default)]
    exchanges: Vec<Exchange>,
    #[serde(default = "Vec::new")]
    pub(crate) cases: Vec<C>,
    #[serde(default)]
    pub(crate) fates: Vec<Fate>,
}

#[derive(Deserialize)]
pub(crate) struct Exchange {
    name: String,
    pub(crate) status: u16,
    response: Value,
}

/// What became of a job's checkpoints.
#[derive(Debug, Deserialize)]
pub(crate) struct Fate {
    pub(crate) retention: String,
    pub(crate) ended_by: String,
    pub(crate) state: JobState,
    pub(crate) checkpoint_files_left: Vec<String>,
    pub(crate) ha_data_left: Vec<String>,
    pub(crate) ha_files_left: Vec<String>,
}

/// An answer that differs from the one before, and when it came.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Seen {
    /// Seconds.
    pub(crate) after: f64,
    /// 0: nobody listened, or no answer came.
    pub(crate) http: u16,
    pub(crate) state: Option<JobState>,
    /// Of the list of jobs, by the last digits of their ids.
    pub(crate) jobs: Option<BTreeMap<String, JobState>>,
    /// Of an operation.
    pub(crate) status: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) failure: Option<String>,
    /// Of the statistics.
    pub(crate) restored_count: Option<u64>,
    pub(crate) restored: Option<Point>,
    pub(crate) savepoint: Option<Point>,
}

/// What a poller saw, by what it asked for.
pub(crate) type Timeline = BTreeMap<String, Vec<Seen>>;

/// A checkpoint or savepoint in the statistics.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Point {
    pub(crate) id: u64,
    pub(crate) is_savepoint: bool,
    #[serde(rename = "checkpoint_type")]
    pub(crate) kind: Option<CheckpointKind>,
    pub(crate) external_path: String,
}

/// What the job's last task wrote from a start to its end or the next start.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) restored: bool,
    pub(crate) first_total: u64,
    pub(crate) last_total: u64,
}

impl<C: DeserializeOwned> Recording<C> {
    /// `tests/recordings/KIND-VERSION.json`.
    pub(crate) fn read(kind: &str, version: &str) -> Self {
        let file = format!("{kind}-{version}");
        let path = format!("{}/tests/recordings/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        println!("{file}");
        Self { file, ..serde_json::from_str(&text).unwrap() }
    }
}

impl<C> Recording<C> {
    pub(crate) fn exchange(&self, name: &str) -> &Exchange {
        let found = self.exchanges.iter().find(|exchange| exchange.name == name);
        found.unwrap_or_else(|| panic!("{}: no exchange {name:?}", self.file))
    }

    pub(crate) fn is_adaptive(&self) -> bool {
        self.scheduler == "adaptive"
    }
}

impl Exchange {
    pub(crate) fn parse<A: DeserializeOwned>(&self) -> Result<A, Error> {
        answer::parse(self.status, &self.response)
    }

    pub(crate) fn answer<A: DeserializeOwned>(&self) -> A {
        self.parse().unwrap_or_else(|error| panic!("{}: {error:?}", self.name))
    }

    pub(crate) fn error<A: DeserializeOwned + Debug>(&self) -> Error {
        self.parse::<A>().unwrap_err()
    }

    pub(crate) fn state(&self) -> JobState {
        self.answer::<Job>().state
    }

    /// Why the job failed, as `/jobs/ID/exceptions` tells it.
    pub(crate) fn root(&self) -> Option<String> {
        self.answer::<Exceptions>().root.map(|root| root.message)
    }

    /// Why an operation failed; `None` if it did not.
    pub(crate) fn failure(&self) -> Option<String> {
        match self.answer::<Operation<SavepointLocation>>() {
            Operation::Failed(failure) => Some(failure.message),
            Operation::Completed(_) | Operation::InProgress => None,
        }
    }
}
