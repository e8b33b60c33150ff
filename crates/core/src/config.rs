//! The operator's knobs as far as the machine decides by them. Every wait and every limit is here:
//! none is a constant in the code.

use std::time::Duration;

/// Limits of one application's waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timeouts {
    /// From the creation of a cluster until it is up and its slots are registered.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub cluster_start: Duration,
    /// From the savepoint's first trigger until its outcome.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub savepoint: Duration,
    /// From the submission until the JobManager names the job: `main()` runs in between.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub submit: Duration,
    /// From the job's first appearance until every vertex runs.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub job_start: Duration,
    /// From Running until the version is confirmed.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub confirm: Duration,
    /// From the loss of a job until it runs again: beyond it a person is told that help is needed.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub recovery: Duration,
    /// From the request to delete until the cluster is taken away without a savepoint.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub delete: Duration,
}

/// How often something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Retries {
    /// Savepoints of one deploy.
    pub savepoint: u32,
    /// Submissions of one deploy whose failure was not the user's.
    pub submit: u32,
    /// Recoveries of one version's job that did not lead to a job that stays.
    pub recovery: u32,
    /// Attempts to go back to the version before; none: without a limit.
    pub rollback: Option<u32>,
}

/// How often Flink is asked while nothing else tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlinkPoll {
    /// While something is under way in Flink.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub busy: Duration,
    /// While a job runs and nothing is under way.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub running: Duration,
    /// While a person is waited for: what cures comes with an event.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub max: Duration,
}

/// The operator's settings (section `operator:` of its configuration file).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// How long a silent peer is given before a deadline may fire without having been answered.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub unreachable_grace: Duration,
    /// How long a trouble that the pods report is waited out, where waiting can cure it.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub pod_trouble_grace: Duration,
    /// Retry limits.
    pub retries: Retries,
    /// First delay between two attempts; it doubles.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub base_backoff: Duration,
    /// Longest delay between two attempts.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub max_backoff: Duration,
    /// How long Savepointing, ClusterStarting and Rescaling last at least, for who asks for the phase now and
    /// then: spent before they do anything. None of it is spent in a rollback or a deletion.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::duration"))]
    pub min_phase: Duration,
    /// Polling of Flink.
    pub flink_poll: FlinkPoll,
    /// How often the newest checkpoint of a job that runs is written down at most, for a recovery
    /// without anybody to ask; none: only with other changes. It is written down at once when the
    /// JobManager falls silent.
    #[cfg_attr(feature = "serde", serde(with = "crate::text_form::optional_duration"))]
    pub record_checkpoints: Option<Duration>,
    /// Whether each savepoint gets a directory of its own, named by its trigger id.
    pub savepoint_subdirectory: bool,
}

impl Config {
    /// The delay before attempt `attempt` (the first one, 1, has none).
    #[must_use]
    pub fn backoff(&self, attempt: u32) -> Duration {
        let Some(doublings) = attempt.checked_sub(2) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.base_backoff.saturating_mul(factor).min(self.max_backoff)
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            unreachable_grace: Duration::from_secs(60),
            pod_trouble_grace: Duration::from_secs(60),
            retries: Retries { savepoint: 5, submit: 3, recovery: 5, rollback: None },
            base_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(30),
            min_phase: Duration::ZERO,
            flink_poll: FlinkPoll {
                busy: Duration::from_secs(1),
                running: Duration::from_secs(10),
                max: Duration::from_secs(30),
            },
            record_checkpoints: Some(Duration::from_secs(60)),
            savepoint_subdirectory: true,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Timeouts {
            cluster_start: minutes(10),
            savepoint: minutes(30),
            submit: minutes(5),
            job_start: minutes(3),
            confirm: minutes(10),
            recovery: minutes(15),
            delete: minutes(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_from_the_second_attempt_on_up_to_the_longest() {
        let config = Config::default();
        let millis: Vec<u128> = (1..=4).map(|n| config.backoff(n).as_millis()).collect();
        assert_eq!(millis, [0, 100, 200, 400]);
        assert_eq!(config.backoff(40), config.max_backoff);
    }
}
