//! The waits of an exploration: a few units of [`UNIT`] each, so that few instants matter.

use std::time::Duration;

use flinkk8soperator_core as machine;

/// One unit of time in milliseconds. Polls are one unit apart; its size means nothing else.
pub const UNIT: u64 = 1_000;

pub(super) const fn units(n: u64) -> Duration {
    Duration::from_millis(n * UNIT)
}

/// The operator's knobs in the exploration: every wait is a unit or a few.
pub(super) fn config() -> machine::Config {
    machine::Config {
        unreachable_grace: units(1),
        pod_trouble_grace: units(1),
        retries: machine::Retries { savepoint: 2, submit: 2, recovery: 2, rollback: None },
        base_backoff: units(1),
        max_backoff: units(1),
        min_phase: Duration::ZERO,
        flink_poll: machine::FlinkPoll { busy: units(1), running: units(1), max: units(1) },
        record_checkpoints: None,
        savepoint_subdirectory: true,
    }
}

/// An application's waits in the exploration.
pub(super) fn timeouts() -> machine::Timeouts {
    machine::Timeouts {
        cluster_start: units(2),
        savepoint: units(2),
        submit: units(2),
        job_start: units(2),
        confirm: units(3),
        recovery: units(2),
        delete: units(2),
    }
}

/// How long a job runs until its version is confirmed.
pub(super) const CONFIRM_AFTER: Duration = units(1);
