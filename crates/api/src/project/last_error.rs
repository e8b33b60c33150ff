//! `lastError`: the last thing that went wrong, in the words of the one who said so.
//!
//! What is seen in this round comes first, then what the state remembers, then what was shown before;
//! a version that is confirmed and well has no error.

use flinkk8soperator_core::{
    ClusterObjects, Decision, Failure, FailureKind, Flink, Observation, Operation, Phase, Post,
    State, Timestamp, Trouble, TroubleKind,
};

use super::clipped;
use super::figures::{Figures, KeptOut, KeptOutBy};
use crate::instant;
use crate::v1beta1::{ErrorSource, LastError};

/// The error to show.
pub(super) fn of(
    previous: Option<&LastError>,
    decision: &Decision,
    seen: &Observation,
    figures: &Figures,
    now: Timestamp,
) -> Option<LastError> {
    let kept_out = || figures.kept_out.as_ref().map(kept_out);
    let said = in_the_cluster(&decision.state, seen).or_else(kept_out).or_else(|| by_flink(seen));
    if let Some(said) = said {
        return Some(said.at(now));
    }
    if let Some(failure) = remembered(&decision.state.phase) {
        return Some(told(failure, previous, now));
    }
    let over =
        |old: &LastError| decision.verdict.reason.ready() || was_kept_out(old) && answers(seen);
    previous.filter(|old| !over(old)).cloned()
}

/// What keeps the operator out of a Flink.
fn kept_out(kept_out: &KeptOut) -> Said {
    let KeptOut { by, secret, message } = kept_out;
    let source = match by {
        KeptOutBy::Secret => ErrorSource::Operator,
        KeptOutBy::Tls | KeptOutBy::Password => ErrorSource::Flink,
    };
    let object = secret.as_ref().map(|name| format!("Secret/{name}"));
    Said { source, object, reason: by.as_str().to_owned(), message: message.clone() }
}

fn was_kept_out(old: &LastError) -> bool {
    KeptOutBy::ALL.iter().any(|by| old.reason.as_deref() == Some(by.as_str()))
}

fn answers(seen: &Observation) -> bool {
    let known = |flink: &Flink| flink.cluster.known().is_some() || flink.jobs.known().is_some();
    seen.flink.values().any(known)
}

/// An error without a time.
struct Said {
    source: ErrorSource,
    object: Option<String>,
    reason: String,
    message: String,
}

impl Said {
    fn at(self, now: Timestamp) -> LastError {
        LastError {
            source: self.source,
            object: self.object,
            reason: Some(self.reason),
            message: clipped(&self.message),
            time: instant::seconds(now),
        }
    }
}

/// What pods and Deployments report, of the newest cluster first; what is on its way out is not an
/// error.
fn in_the_cluster(state: &State, seen: &Observation) -> Option<Said> {
    let clusters = seen.objects.known()?.clusters.iter().rev();
    let leaving = &state.record.leaving;
    let staying = |cluster: &&ClusterObjects| {
        leaving.iter().all(|leaving| leaving.incarnation != cluster.incarnation)
    };
    clusters.filter(staying).find_map(|cluster| {
        let pods = cluster.pods.iter().filter(|pod| !pod.terminating);
        let pod = pods.filter_map(|pod| Some((pod, pod.trouble.as_ref()?))).next();
        let pod = pod.map(|(pod, trouble)| {
            troubled(ErrorSource::Pod, Some(format!("Pod/{}", pod.name)), trouble)
        });
        pod.or_else(|| Some(troubled(ErrorSource::Kubernetes, None, cluster.trouble.as_ref()?)))
    })
}

fn troubled(source: ErrorSource, object: Option<String>, trouble: &Trouble) -> Said {
    let reason = word(trouble.kind).to_owned();
    Said { source, object, reason, message: trouble.message.clone() }
}

/// Kubernetes' own word for a sort of trouble.
fn word(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::InvalidImage => "InvalidImageName",
        TroubleKind::ImagePull => "ImagePullBackOff",
        TroubleKind::Unschedulable => "Unschedulable",
        TroubleKind::Forbidden => "FailedCreate",
        TroubleKind::CrashLoop => "CrashLoopBackOff",
        TroubleKind::CannotStart => "CreateContainerError",
        TroubleKind::DoesNotEnd => "Terminating",
    }
}

/// What a JobManager answered, of the newest cluster first.
fn by_flink(seen: &Observation) -> Option<Said> {
    seen.flink.values().rev().find_map(|flink| {
        let (kind, message) = refusal(flink)?;
        let source = ErrorSource::Flink;
        Some(Said {
            source,
            object: None,
            reason: kind.as_str().to_owned(),
            message: message.clone(),
        })
    })
}

fn refusal(flink: &Flink) -> Option<(FailureKind, &String)> {
    if let Some(message) = flink.failure.known().filter(|message| !message.is_empty()) {
        return Some((FailureKind::JobFailed, message));
    }
    if let Some(Post::Refused { message, .. }) = flink.submission.known() {
        return Some((FailureKind::SubmissionRefused, message));
    }
    match flink.operation.known() {
        Some(Operation::Failed { message }) => Some((FailureKind::SavepointFailed, message)),
        _ => None,
    }
}

fn remembered(phase: &Phase) -> Option<&Failure> {
    match phase {
        Phase::RollingBackJob(phase) => phase.restart.trouble.as_ref().or(Some(&phase.failure)),
        Phase::Recovering(phase) => Some(&phase.why),
        Phase::DeployFailed(phase) => Some(&phase.failure),
        _ => None,
    }
}

/// A failure that the state remembers. Where it was shown before, with the object and the word that
/// the state does not keep, that stays; and so does what kept the operator out of a cluster until the time for its
/// start was over.
fn told(failure: &Failure, previous: Option<&LastError>, now: Timestamp) -> LastError {
    let same = |old: &&LastError| {
        let cause = failure.kind == FailureKind::ClusterStartTimeout && was_kept_out(old);
        cause || !old.message.is_empty() && failure.message.contains(&old.message)
    };
    if let Some(old) = previous.filter(same) {
        return old.clone();
    }
    let reason = failure.kind.as_str().to_owned();
    let message = failure.message.clone();
    Said { source: source(failure.kind), object: None, reason, message }.at(now)
}

/// Whose words a failure is told in.
fn source(kind: FailureKind) -> ErrorSource {
    match kind {
        FailureKind::PodTrouble => ErrorSource::Pod,
        FailureKind::NameTaken => ErrorSource::Kubernetes,
        FailureKind::SavepointFailed | FailureKind::SubmissionRefused | FailureKind::JobFailed => {
            ErrorSource::Flink
        }
        FailureKind::ClusterStartTimeout
        | FailureKind::SubmissionTimeout
        | FailureKind::JobManagerLost
        | FailureKind::JobStartTimeout
        | FailureKind::JobCanceled
        | FailureKind::ForcedRollback
        | FailureKind::RestartLoop
        | FailureKind::PutBack
        | FailureKind::GivenUpBefore => ErrorSource::Operator,
    }
}
