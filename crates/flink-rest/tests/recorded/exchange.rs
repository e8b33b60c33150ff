//! The recordings, and how to take an answer apart.

use std::fmt::Debug;
use std::path::Path;

use flinkk8soperator_flink_rest::model::OperationFailure;
use flinkk8soperator_flink_rest::model::{Operation, Submitted, Triggered};
use flinkk8soperator_flink_rest::{Error, FlinkVersion, JobId, Refusal, TriggerId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer;

#[derive(Deserialize)]
pub(crate) struct Recording {
    #[serde(skip)]
    pub(crate) file: String,
    #[serde(rename = "flink_version")]
    pub(crate) version: FlinkVersion,
    pub(crate) scheduler: String,
    pub(crate) exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request: Value,
    pub(crate) status: u16,
    pub(crate) response: Value,
}

impl Recording {
    /// All recordings of the probe, named by their version; what a file with a word before the
    /// version says has a test of its own.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
        let mut all: Vec<Self> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with(|c: char| c.is_ascii_digit())
            })
            .map(|path| Self::read(&path))
            .collect();
        all.sort_by(|a, b| a.file.cmp(&b.file));
        all
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut recording: Self = serde_json::from_str(&text).unwrap();
        recording.file = path.file_stem().unwrap().to_string_lossy().into_owned();
        recording
    }

    pub(crate) fn is_adaptive(&self) -> bool {
        self.scheduler == "adaptive"
    }

    pub(crate) fn exchange(&self, name: &str) -> &Exchange {
        self.exchanges.iter().find(|exchange| exchange.name == name).expect(name)
    }
}

impl Exchange {
    pub(crate) fn parse<A: DeserializeOwned>(&self) -> Result<A, Error> {
        answer::parse(self.status, &self.response)
    }

    pub(crate) fn answer<A: DeserializeOwned>(&self) -> A {
        self.parse().unwrap_or_else(|error| panic!("{}: {error:?}", self.name))
    }

    pub(crate) fn refusal<A: DeserializeOwned + Debug>(&self) -> Refusal {
        match self.parse::<A>() {
            Err(Error::Refused(refusal)) => refusal,
            other => panic!("{}: {other:?}", self.name),
        }
    }

    pub(crate) fn submitted(&self) -> JobId {
        self.answer::<Submitted>().job
    }

    pub(crate) fn triggered(&self) -> TriggerId {
        self.answer::<Triggered>().trigger
    }

    pub(crate) fn failed<T>(&self) -> OperationFailure
    where
        Operation<T>: DeserializeOwned + Debug,
    {
        match self.answer::<Operation<T>>() {
            Operation::Failed(failure) => failure,
            other => panic!("{}: {other:?}", self.name),
        }
    }
}

/// The probe's jobs are numbered `a001` and so on, its triggers `b001`.
pub(crate) fn job(number: u16) -> JobId {
    format!("{number:032x}").parse().unwrap()
}

pub(crate) fn trigger(number: u16) -> TriggerId {
    format!("{number:032x}").parse().unwrap()
}
