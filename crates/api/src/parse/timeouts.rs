//! The limits of an application's waits: its own, else the operator's.

use std::time::Duration;

use flinkk8soperator_core::{Obstacle, Timeouts};

use super::OperatorSettings;
use super::rule::invalid;
use crate::duration;
use crate::v1beta1::FlinkApplicationSpec;

/// Every wait's limit. One that cannot be read is the operator's, and an obstacle.
pub(super) fn of(spec: &FlinkApplicationSpec, operator: &Timeouts) -> Timeouts {
    let own = &spec.timeouts;
    let limit = |text: &Option<String>, default| read(text).and_then(Result::ok).unwrap_or(default);
    Timeouts {
        cluster_start: limit(&own.cluster_start, operator.cluster_start),
        savepoint: limit(&own.savepoint, operator.savepoint),
        submit: limit(&own.submit, operator.submit),
        job_start: limit(&own.job_start, operator.job_start),
        confirm: limit(&own.confirm, operator.confirm),
        recovery: limit(&own.recovery, operator.recovery),
        delete: limit(&own.delete, operator.delete),
    }
}

/// How long the job has to run without a restart.
pub(super) fn confirm_after(spec: &FlinkApplicationSpec, operator: Duration) -> Duration {
    let own = spec.confirm_after_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    own.map_or(operator, Duration::from_secs)
}

/// One limit; `None`: not set.
fn read(text: &Option<String>) -> Option<Result<Duration, String>> {
    let text = text.as_deref().filter(|text| !text.is_empty())?;
    Some(match duration::parse(text) {
        Ok(Duration::ZERO) => Err(format!("{text:?} must be longer than zero")),
        Ok(limit) => Ok(limit),
        Err(error) => Err(error.to_string()),
    })
}

/// Limits that cannot be read.
pub(super) fn readable(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let own = &spec.timeouts;
    let limits = [
        ("clusterStart", &own.cluster_start),
        ("savepoint", &own.savepoint),
        ("submit", &own.submit),
        ("jobStart", &own.job_start),
        ("confirm", &own.confirm),
        ("recovery", &own.recovery),
        ("delete", &own.delete),
    ];
    let wrong = limits.into_iter().filter_map(|(name, text)| {
        Some(invalid(format!("spec.timeouts.{name}"), read(text)?.err()?))
    });
    let negative = spec.confirm_after_seconds.filter(|seconds| *seconds < 0).map(|seconds| {
        invalid("spec.confirmAfterSeconds", format!("is {seconds}; it must be 0 or more"))
    });
    wrong.chain(negative).collect()
}

/// A version that would always be given up before it can be confirmed. Where both values are the
/// operator's, it is not the application's fault.
pub(super) fn confirmable(
    spec: &FlinkApplicationSpec,
    settings: &OperatorSettings,
) -> Vec<Obstacle> {
    let own = (spec.timeouts.confirm.is_some(), spec.confirm_after_seconds.is_some());
    let limit = of(spec, &settings.timeouts).confirm;
    let needed = confirm_after(spec, settings.confirm_after);
    let field = match own {
        (false, false) => return Vec::new(),
        (true, _) => "spec.timeouts.confirm",
        (false, true) => "spec.confirmAfterSeconds",
    };
    if limit >= needed {
        return Vec::new();
    }
    let (limit, needed) = (duration::text(limit), duration::text(needed));
    let message = format!(
        "the limit timeouts.confirm ({limit}) is shorter than the time that a job has to run to be confirmed ({needed}): make it longer"
    );
    vec![invalid(field, message)]
}
