//! Rules that several states share, each a small pure function over what it needs.

pub(crate) mod adapt;
pub(crate) mod aftermath;
pub(crate) mod cancel;
pub(crate) mod change;
pub(crate) mod dwell;
pub(crate) mod foreign;
pub(crate) mod hanging;
pub(crate) mod learn;
pub(crate) mod leaving;
pub(crate) mod naming;
pub(crate) mod never_ran;
pub(crate) mod obsolete;
pub(crate) mod readiness;
pub(crate) mod resize;
pub(crate) mod restart;
pub(crate) mod restore_point;
pub(crate) mod resume;
pub(crate) mod snapshot;
pub(crate) mod stop;
pub(crate) mod submission;
pub(crate) mod trouble;
pub(crate) mod upkeep;
pub(crate) mod watch;

/// What the tables of the policies' tests are made of.
#[cfg(test)]
mod fixture {
    use std::time::Duration;

    use crate::*;

    pub(super) const NOW: Timestamp = Timestamp(10_000_000);
    pub(super) const JOB: JobId = JobId(7);
    pub(super) const TRIGGER: TriggerId = TriggerId(8);
    pub(super) const PROCESS: Process = Process { pod: Uid(1), restarts: 0 };

    /// Calls `check` with default settings and a desired version 2.
    pub(super) fn at<T>(now: Timestamp, check: impl FnOnce(&Context<'_>) -> T) -> T {
        let config = Config::default();
        check(&Context { config: &config, desired: &desired(), now, resumed: false })
    }

    pub(super) fn desired() -> Desired {
        Desired {
            finalizer: true,
            parallelism: 2,
            ..Desired::new(Uid(1), 2, DeployHash(2), Digest(2))
        }
    }

    /// Version 1 in cluster 1.
    pub(super) fn target() -> Target {
        Target {
            hash: DeployHash(1),
            incarnation: Incarnation(1),
            generation: 1,
            digest: Digest(1),
            parallelism: 2,
            taskmanagers: 1,
            mode: Mode::Dual,
            colour: None,
            scaled: None,
        }
    }

    pub(super) fn unknown<T>(seconds: u64) -> Fact<T> {
        Fact::Unknown { why: Silence::TimedOut, for_how_long: Duration::from_secs(seconds) }
    }

    pub(super) fn pod(uid: u128, role: Role) -> Pod {
        Pod {
            uid: Uid(uid),
            name: format!("{role}-{uid}"),
            incarnation: Incarnation(1),
            role,
            restarts: 0,
            first: true,
            began: None,
            running: true,
            ready: true,
            terminating: false,
            trouble: None,
        }
    }

    /// Cluster 1: complete, a JobManager and a TaskManager run.
    pub(super) fn cluster() -> ClusterObjects {
        ClusterObjects {
            incarnation: Incarnation(1),
            hash: DeployHash(1),
            label: Some(DeployHash(1)),
            jobmanager: Presence::Present,
            taskmanager: Presence::Present,
            replicas: 1,
            service: Presence::Present,
            aliases: Vec::new(),
            pods: vec![pod(1, Role::JobManager), pod(2, Role::TaskManager)],
            trouble: None,
        }
    }

    /// Flink 1.20 with two free slots of one TaskManager.
    pub(super) fn about() -> FlinkCluster {
        FlinkCluster {
            version: FlinkVersion { major: 1, minor: 20 },
            slots: 2,
            slots_free: 2,
            taskmanagers: 1,
            refresh_interval: Duration::from_secs(3),
            high_availability: false,
        }
    }

    pub(super) fn jobs(list: &[(JobId, JobState)]) -> Fact<Vec<JobSummary>> {
        Fact::Known(list.iter().map(|(id, state)| JobSummary { id: *id, state: *state }).collect())
    }

    /// One that is over has been for as long as copies of its statistics are told.
    pub(super) fn job(state: JobState, vertices_up: u32) -> Fact<Option<Job>> {
        let ended_at = state.over().then_some(Timestamp(NOW.0 - 3_000));
        let (restarted_at, clock) = (None, NOW);
        Fact::Known(Some(Job { state, vertices: 2, vertices_up, restarted_at, ended_at, clock }))
    }

    /// The same JobManager of a job that ended at another instant; none: its details show no end.
    pub(super) fn ended_at(ended_at: Option<Timestamp>, flink: Flink) -> Flink {
        let job = flink.job.known().copied().flatten().expect("a job");
        Flink { job: Fact::Known(Some(Job { ended_at, ..job })), ..flink }
    }

    /// What is seen of cluster 1: these objects, and what its JobManager says.
    pub(super) fn seen(clusters: Vec<ClusterObjects>, flink: Flink) -> Observation {
        Observation {
            objects: Fact::Known(Objects { clusters, ..Objects::default() }),
            flink: [(Incarnation(1), Flink { process: Some(PROCESS), ..flink })].into(),
            ..Observation::default()
        }
    }
}
