//! Effects on Flink: submit, savepoint, cancel. None is repeated here, and each goes only to a
//! process that has said that it is the cluster it should be.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use flinkk8soperator_core::{
    Bounds, Incarnation, JobId, Post, Process, Requirements, Savepoint, SavepointStop, Submit,
};
use flinkk8soperator_flink_rest::model::Parallelism;
use flinkk8soperator_flink_rest::request::{Run, Savepoint as Order};
use flinkk8soperator_flink_rest::{Cause, Client, Error, Reached, Retry, VertexId};
use flinkk8soperator_resources::RunParameters;
use futures::FutureExt;
use tokio::time::Instant;
use tracing::Instrument;

use super::cluster::revision_of;
use super::{EffectError, Ground};
use crate::flink::{Identity, job_id, trigger_id};
use crate::memory::Trigger;
use crate::metrics::Metrics;
use crate::observe::flink::reach;

/// Sends a job on its way, detached from the round: `main()` runs inside the request. Its outcome is
/// the `submission` fact.
pub(super) async fn submit(ground: &mut Ground<'_>, submit: &Submit) -> Result<(), EffectError> {
    let (client, identity) = identified(ground, submit.incarnation, submit.process).await?;
    let revision = revision_of(ground, submit.revision).await?;
    let run = run(&RunParameters::of(&revision.application), submit);
    let (operator, key) = (ground.operator, ground.app.key.clone());
    if !operator.lease.held() {
        return Err(EffectError::LeaseLost);
    }
    if !operator.posts.begin(&key, submit.job) {
        return Ok(());
    }
    let (job, limit) = (submit.job, ground.desired.timeouts.submit);
    let operator = Arc::clone(operator);
    let sending = async move {
        let call = client.run(&identity.version, &run, limit);
        let call = counted(&operator.metrics, "submit", call);
        // Whatever happens in it: a submission that never ends would be waited for, for ever.
        let outcome = match AssertUnwindSafe(call).catch_unwind().await {
            Ok(answer) => outcome(answer.map(drop)),
            Err(_) => Post::Lost,
        };
        tracing::info!(app = %key, %job, ?outcome, "submission answered");
        operator.posts.end(&key, job, outcome);
        operator.touch(&key);
    };
    // A line has the words of a span that is in no line only through the round that it is within.
    tokio::spawn(sending.in_current_span().instrument(ground.round.clone()));
    Ok(())
}

fn run(parameters: &RunParameters, submit: &Submit) -> Run {
    Run {
        entry_class: parameters.entry_class.clone().unwrap_or_default(),
        parallelism: u32::try_from(parameters.parallelism).unwrap_or_default(),
        arguments: parameters.program_args.clone(),
        savepoint_path: submit.from.path().unwrap_or_default().to_owned(),
        allow_non_restored_state: parameters.allow_non_restored_state,
        ..Run::new(parameters.jar_name.clone(), job_id(submit.job))
    }
}

/// Counts what came of a request under its own name, also where the effect is content with a refusal, and
/// how long it took.
async fn counted<T>(
    metrics: &Metrics,
    name: &'static str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let began = Instant::now();
    let answer = call.await;
    let outcome = match answer.as_ref().map_err(Error::reached) {
        Ok(_) => "accepted",
        Err(Reached::No) => "not_sent",
        Err(Reached::Perhaps) => "lost",
        Err(Reached::Answered) => "refused",
    };
    metrics.flink_request(name, outcome, began.elapsed());
    answer
}

/// Only Flink's own error closes a submission; what may have arrived may still run. That the JobManager has seen the
/// id is no error: another request brought it.
fn outcome(answer: Result<(), Error>) -> Post {
    let Err(error) = answer else { return Post::Accepted };
    if error.cause() == Some(Cause::DuplicateJob) {
        return Post::Accepted;
    }
    match error.reached() {
        Reached::No => Post::NotSent,
        Reached::Perhaps => Post::Lost,
        Reached::Answered => {
            let retriable = error.retry() == Retry::Later;
            Post::Refused { retriable, message: error.to_string(), alone: true }
        }
    }
}

/// Triggers a savepoint that ends the job. A refusal that time does not cure is remembered as the
/// operation's failure: Flink itself keeps no record of it.
pub(super) async fn savepoint(
    ground: &mut Ground<'_>,
    savepoint: &Savepoint,
) -> Result<(), EffectError> {
    let Savepoint { incarnation, process, .. } = *savepoint;
    let (client, identity) = identified(ground, incarnation, process).await?;
    let order = order(savepoint, &identity, &ground.app.key.name);
    let call = async {
        match savepoint.stop {
            Some(SavepointStop::Stop) => client.stop(&identity.version, &order, false).await,
            Some(SavepointStop::Cancel) => client.savepoint(&identity.version, &order, true).await,
            None => client.savepoint(&identity.version, &order, false).await,
        }
    };
    let answer = counted(&ground.operator.metrics, "savepoint", call).await;
    let trigger = match answer {
        Ok(triggered) if triggered.trigger == trigger_id(savepoint.trigger) => return Ok(()),
        Ok(triggered) => Trigger::Named(triggered.trigger),
        Err(error) if final_refusal(&error) => Trigger::Refused(error.to_string()),
        Err(source) => return Err(flink("triggering a savepoint", source)),
    };
    ground.memory.triggers.insert(savepoint.trigger, trigger);
    Ok(())
}

fn order(savepoint: &Savepoint, identity: &Identity, application: &str) -> Order {
    // Without a directory in its configuration Flink refuses, and says so better than we could.
    let own = identity.savepoint_directory.as_deref().filter(|_| savepoint.own_directory);
    let directory = own
        .map(|base| format!("{}/{application}-{}", base.trim_end_matches('/'), savepoint.trigger));
    Order {
        job: job_id(savepoint.job),
        trigger: trigger_id(savepoint.trigger),
        target_directory: directory.unwrap_or_default(),
    }
}

/// Flink itself refused, and asking again does not help.
pub(super) fn final_refusal(error: &Error) -> bool {
    error.reached() == Reached::Answered && error.retry() != Retry::Later
}

/// Cancels a job. One that is over or unknown is cancelled enough: the facts tell.
pub(super) async fn cancel(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
    process: Process,
    job: JobId,
) -> Result<(), EffectError> {
    let (client, _) = identified(ground, incarnation, process).await?;
    let call = client.cancel(job_id(job));
    let answer = counted(&ground.operator.metrics, "cancel", call).await;
    match answer {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.cause(), Some(Cause::JobUnknown | Cause::AlreadyEnded)) => {
            Ok(())
        }
        Err(source) => Err(flink("cancelling a job", source)),
    }
}

/// Changes how many tasks the vertices of a job may have.
pub(super) async fn requirements(
    ground: &mut Ground<'_>,
    wanted: &Requirements,
) -> Result<(), EffectError> {
    let Requirements { incarnation, process, job, ref bounds } = *wanted;
    let (client, identity) = identified(ground, incarnation, process).await?;
    let vertex = |bounds: &Bounds| {
        let Bounds { vertex, lower, upper } = *bounds;
        let parallelism = Parallelism { lower_bound: lower, upper_bound: upper };
        (VertexId(vertex.0.to_be_bytes()), parallelism)
    };
    let all = bounds.iter().map(vertex).collect();
    let call = client.set_resource_requirements(&identity.version, job_id(job), &all);
    let answer = counted(&ground.operator.metrics, "resource-requirements", call).await;
    answer.map(drop).map_err(|source| flink("changing resource requirements", source))
}

async fn identified(
    ground: &mut Ground<'_>,
    incarnation: Incarnation,
    process: Process,
) -> Result<(Client, Arc<Identity>), EffectError> {
    let reached = reach(ground.operator, &ground.app, incarnation, process, ground.memory).await;
    reached.map_err(|why| EffectError::Unidentified { incarnation, why })
}

fn flink(what: &'static str, source: Error) -> EffectError {
    EffectError::Flink { what, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use flinkk8soperator_flink_rest::{Failure, Intermediary, Refusal};
    use http::StatusCode;

    use super::*;

    fn refusal(status: StatusCode, cause: Cause) -> Error {
        Refusal { status, cause, message: "words".to_owned() }.into()
    }

    #[tokio::test(start_paused = true)]
    async fn every_request_is_counted_under_its_own_name_and_outcome() {
        let metrics = Metrics::new("test");
        let second = std::time::Duration::from_secs(1);
        let slow = async {
            tokio::time::advance(second).await;
            Ok(())
        };
        counted(&metrics, "submit", slow).await.unwrap();
        let refused = refusal(StatusCode::BAD_REQUEST, Cause::MainFailed);
        for (call, answer) in [
            ("submit", Err(Failure::Connect("refused".into()).into())),
            ("submit", Err(Failure::Broken("reset".into()).into())),
            ("savepoint", Err(refused)),
            ("savepoint", Ok(())),
        ] {
            let _ = counted(&metrics, call, std::future::ready(answer)).await;
        }
        let text = metrics.encode();
        let counted: Vec<&str> =
            text.lines().filter(|line| line.starts_with("test_flink_requests_total")).collect();
        assert_eq!(counted.len(), 5, "{text}");
        for (call, outcome) in [
            ("submit", "accepted"),
            ("submit", "not_sent"),
            ("submit", "lost"),
            ("savepoint", "refused"),
            ("savepoint", "accepted"),
        ] {
            let line =
                format!("test_flink_requests_total{{call=\"{call}\",outcome=\"{outcome}\"}} 1");
            assert!(counted.contains(&line.as_str()), "{line} is not in\n{text}");
        }
        for line in ["sum{call=\"submit\"} 1.0", "count{call=\"submit\"} 3"] {
            let line = format!("test_flink_request_duration_seconds_{line}");
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_trigger_that_flink_refuses_for_good_is_final_and_no_other() {
        let check = |error: Error, expected: bool| {
            assert_eq!(final_refusal(&error), expected, "{error:?}");
        };
        // Without a savepoint directory; the scheduler cannot do it.
        check(refusal(StatusCode::BAD_REQUEST, Cause::RequestInvalid), true);
        check(refusal(StatusCode::INTERNAL_SERVER_ERROR, Cause::SchedulerUnsuited), true);
        // It may come to know the job; that it is gone is for the facts to say.
        check(refusal(StatusCode::NOT_FOUND, Cause::JobUnknown), false);
        check(refusal(StatusCode::SERVICE_UNAVAILABLE, Cause::NoLeader), false);
        check(refusal(StatusCode::INTERNAL_SERVER_ERROR, Cause::TimedOut), false);
        check(Failure::Broken("reset".into()).into(), false);
    }

    #[test]
    fn only_a_word_of_flink_itself_closes_a_submission() {
        let check = |error: Error, expected: Post| assert_eq!(outcome(Err(error)), expected);
        assert_eq!(outcome(Ok(())), Post::Accepted);
        check(Failure::Connect("refused".into()).into(), Post::NotSent);
        check(Failure::Broken("reset".into()).into(), Post::Lost);
        check(Failure::Timeout(std::time::Duration::from_secs(1)).into(), Post::Lost);
        let (status, message) = (StatusCode::SERVICE_UNAVAILABLE, "no endpoints".to_owned());
        let between = Intermediary { who: "the API server", status, message };
        check(between.into(), Post::Lost);
        let refused = |cause| Refusal { status, cause, message: "words".to_owned() }.into();
        let message = || "words".to_owned();
        let closed = |retriable| Post::Refused { retriable, message: message(), alone: true };
        check(refused(Cause::MainFailed), closed(false));
        check(refused(Cause::NoLeader), closed(true));
        check(refused(Cause::DuplicateJob), Post::Accepted);
        check(refused(Cause::TimedOut), Post::Lost);
    }
}
