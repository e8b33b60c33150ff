//! What of a job's state survives a deletion, as it is told.

use crate::state::{Record, Version, Work};

/// What is known of the newest state when its job cannot be asked for it; of two jobs, of each.
pub(super) fn survivor(record: &Record) -> String {
    match (record.beside(), &record.deployed) {
        (Some(older), Some(newer)) => {
            let of = |v: &Version| format!("version {}: {}", v.target.hash, survives(&v.work));
            format!("{}; {}", of(older), of(newer))
        }
        (None, Some(version)) | (Some(version), None) => survives(&version.work),
        (None, None) => "no job was deployed".to_owned(),
    }
}

pub(super) fn survives(work: &Work) -> String {
    match work {
        Work::Stopped(origin) => match origin.path() {
            Some(path) => format!("the last restore point is {path}"),
            None => "there is no restore point".to_owned(),
        },
        Work::Finished => "the job had finished".to_owned(),
        Work::Live(job) => match job.learnt.as_ref().and_then(|l| l.newest.as_ref()) {
            Some(newest) => format!("the last checkpoint seen is {}", newest.path),
            None => match job.from.path() {
                Some(path) => format!("no checkpoint was seen since it started from {path}"),
                None => "no checkpoint was seen".to_owned(),
            },
        },
    }
}
