//! The deployed job, watched while nothing is under way: what it does, truthfully.

use crate::context::Context;
use crate::cure::Cure;
use crate::ids::{JobId, Process, Role};
use crate::observation::{
    Fact, FactRequest, Flink, FlinkRequest, Job, JobState, Observation, Pod, Silence,
};
use crate::policy::readiness::job_state;
use crate::policy::restore_point::Ended;
use crate::reason::Reason;
use crate::state::{Version, Work};
use crate::time::Timestamp;

/// What the deployed job does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It runs; its details, where known.
    Runs(Option<Job>),
    /// It was stopped by us, and nothing was started since.
    Stopped,
    /// It has finished; whether by itself is told in a moment.
    Ending,
    /// It has finished by itself.
    Finished,
    /// It failed for good: Flink's own words.
    Failed(String),
    /// Someone cancelled it.
    Canceled,
    /// Someone stopped it with a savepoint, which lies there.
    StoppedWith(String),
    /// Its JobManager does not know it.
    Lost,
    /// There is no JobManager to ask, or it does not answer.
    Silent(String),
}

impl Sight {
    /// In one word; none while it runs as it should.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self {
            Sight::Runs(Some(job)) if !job.up() => Some(Reason::JobRestarting),
            Sight::Runs(_) | Sight::Ending => None,
            Sight::Stopped => Some(Reason::RestorePointUnproven),
            Sight::Finished => Some(Reason::JobFinished),
            Sight::Failed(_) => Some(Reason::JobFailed),
            Sight::Canceled | Sight::StoppedWith(_) => Some(Reason::JobCanceledExternally),
            Sight::Lost => Some(Reason::JobLost),
            Sight::Silent(_) => Some(Reason::FlinkUnreachable),
        }
    }

    /// What starts a job again where none runs any more that would be recovered.
    pub(crate) fn cures(&self) -> Vec<Cure> {
        match self {
            Sight::Canceled | Sight::StoppedWith(_) | Sight::Stopped => {
                vec![Cure::NewSpec, Cure::NewRestartNonce]
            }
            Sight::Runs(_)
            | Sight::Ending
            | Sight::Finished
            | Sight::Failed(_)
            | Sight::Lost
            | Sight::Silent(_) => Vec::new(),
        }
    }

    /// When to look again at what is told in a moment.
    pub(crate) fn soon(&self, cx: &Context<'_>) -> Option<Timestamp> {
        (*self == Sight::Ending).then(|| cx.now + cx.config.flink_poll.busy)
    }

    /// In a sentence.
    pub(crate) fn message(&self) -> String {
        match self {
            Sight::Runs(Some(job)) if job.state == JobState::Restarting => {
                "Flink restarts the job".to_owned()
            }
            Sight::Runs(Some(job)) if !job.up() => "not every vertex of the job runs".to_owned(),
            Sight::Runs(_) => "the job runs".to_owned(),
            Sight::Ending => {
                "the job has finished; whether by itself its final statistics tell".to_owned()
            }
            Sight::Stopped => "no job runs".to_owned(),
            Sight::Finished => "the job has finished".to_owned(),
            Sight::Failed(why) if why.is_empty() => "the job failed for good".to_owned(),
            Sight::Failed(why) => format!("the job failed for good: {why}"),
            Sight::Canceled => "the job was cancelled by someone".to_owned(),
            Sight::StoppedWith(path) => {
                format!("the job was stopped by someone, with savepoint {path}")
            }
            Sight::Lost => {
                "the JobManager was restarted and does not know the job any more".to_owned()
            }
            Sight::Silent(why) => why.clone(),
        }
    }
}

/// The objects, then the job at the JobManager found among them; where no job runs, the cluster alone.
pub(crate) fn needs(version: &Version, seen: &Observation, ask: &mut FactRequest) {
    ask.objects = true;
    let job = version.live();
    if let Some(job) = job {
        ask.last_seen = Some(job.id);
    }
    let incarnation = version.target.incarnation;
    let Some(process) = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None)) else {
        return;
    };
    let Some(job) = job else {
        // Nothing is decided from it, but the cluster stands, and how it is goes on being told.
        ask.flink.push(FlinkRequest { cluster: true, ..FlinkRequest::to(incarnation, process) });
        return;
    };
    let known = seen.flink.get(&incarnation);
    let failed = known.and_then(|f| job_state(f, job.id)) == Some(JobState::Failed);
    ask.flink.push(FlinkRequest {
        cluster: true,
        job: Some(job.id),
        statistics: Some(job.id),
        failure: failed.then_some(job.id),
        ..FlinkRequest::to(incarnation, process)
    });
}

/// See [`Sight`]. A short silence changes nothing: the job is taken to run as it did.
pub(crate) fn look(cx: &Context<'_>, version: &Version, seen: &Observation) -> Sight {
    let job = match &version.work {
        Work::Live(job) => job,
        Work::Stopped(_) => return Sight::Stopped,
        Work::Finished => return Sight::Finished,
    };
    let incarnation = version.target.incarnation;
    if seen.objects.known().is_none() {
        return Sight::Runs(None);
    }
    let Some(process) = seen.cluster(incarnation).and_then(|c| c.jobmanager_process(None)) else {
        return Sight::Silent("there is no JobManager pod that runs".to_owned());
    };
    let Some(flink) = seen.flink.get(&incarnation).filter(|f| f.process == Some(process)) else {
        return Sight::Runs(None);
    };
    match &flink.job {
        Fact::Known(None) if another_is_ending(version, process, seen) => {
            Sight::Silent("the JobManager that may know the job is on its way out".to_owned())
        }
        Fact::Known(None) => Sight::Lost,
        Fact::Known(Some(details)) => {
            let state = job_state(flink, job.id).unwrap_or(details.state);
            sight_of(cx, job.id, state, *details, flink)
        }
        Fact::Unknown { why, for_how_long } if *for_how_long >= cx.config.unreachable_grace => {
            Sight::Silent(silence(*why))
        }
        Fact::Unasked | Fact::Unknown { .. } => Sight::Runs(None),
    }
}

/// Another JobManager of the cluster was told to end, and will.
fn another_is_ending(version: &Version, process: Process, seen: &Observation) -> bool {
    let pods = seen.cluster(version.target.incarnation).map_or(&[][..], |c| c.pods.as_slice());
    let other = |pod: &&Pod| pod.role == Role::JobManager && pod.process() != process;
    pods.iter().filter(other).any(|pod| pod.terminating && !pod.hangs())
}

fn sight_of(cx: &Context<'_>, id: JobId, state: JobState, details: Job, flink: &Flink) -> Sight {
    match state {
        JobState::Finished => finished(cx, id, flink),
        JobState::Canceled => Sight::Canceled,
        JobState::Failed => {
            let why = flink.failure.known().cloned();
            Sight::Failed(why.unwrap_or_else(|| "Flink gave no reason".to_owned()))
        }
        JobState::Starting
        | JobState::Running
        | JobState::Restarting
        | JobState::Cancelling
        | JobState::Suspended => Sight::Runs(Some(details)),
    }
}

/// By itself, or because someone stopped it: its final statistics tell.
fn finished(cx: &Context<'_>, id: JobId, flink: &Flink) -> Sight {
    if let Some(ended) = Ended::told(cx.now, flink) {
        return match ended.stopped_with(cx, id) {
            Some(point) => Sight::StoppedWith(point.path),
            None => Sight::Finished,
        };
    }
    let grace = cx.config.unreachable_grace;
    let silent = flink.cluster.silent_for(grace).or(flink.statistics.silent_for(grace));
    silent.map_or(Sight::Ending, |why| Sight::Silent(silence(why)))
}

fn silence(why: Silence) -> String {
    let what = match why {
        Silence::Unreachable => "the JobManager cannot be reached",
        Silence::TimedOut => "the JobManager does not answer in time",
        Silence::NotReady => "the JobManager has no leader yet",
        Silence::NotOurs => "something else answers at the JobManager's address",
        Silence::Stale => "the view of the cluster is not up to date yet",
        Silence::Unreadable => "the JobManager's answer cannot be understood",
        Silence::Failed => "the JobManager failed to answer",
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{JOB, NOW, about, at, cluster, jobs, pod, seen, target, unknown};
    use crate::{
        Checkpoint, CheckpointKind, ClusterObjects, LiveJob, Origin, Statistics, Trouble,
        TroubleKind,
    };

    #[test]
    fn a_job_runs_as_it_should_once_every_vertex_does() {
        let of = |state, vertices_up| {
            let job = Job { state, vertices: 2, vertices_up, ..job() };
            let sight = Sight::Runs(Some(job));
            (sight.reason(), sight.message())
        };
        let restarting = Some(Reason::JobRestarting);
        let rows = [
            (of(JobState::Running, 2), None, "the job runs"),
            (of(JobState::Running, 1), restarting, "not every vertex of the job runs"),
            (of(JobState::Starting, 0), restarting, "not every vertex of the job runs"),
            (of(JobState::Restarting, 0), restarting, "Flink restarts the job"),
        ];
        for ((reason, message), expected, words) in rows {
            assert_eq!((reason, message.as_str()), (expected, words));
        }
    }

    /// What is seen of a job that the JobManager of process 1 does not know, beside another pod.
    fn beside(other: Pod) -> Sight {
        let live = LiveJob { id: JOB, from: Origin::Empty, learnt: None };
        let version = Version { target: target(), removed: false, work: Work::Live(live) };
        let pods = [cluster().pods, vec![other]].concat();
        let flink = Flink { job: Fact::Known(None), jobs: jobs(&[]), ..Flink::default() };
        let seen = seen(vec![ClusterObjects { pods, ..cluster() }], flink);
        at(NOW, |cx| look(cx, &version, &seen))
    }

    /// What is seen of a job that is over.
    fn over(flink: Flink) -> Sight {
        let live = LiveJob { id: JOB, from: Origin::Empty, learnt: None };
        let version = Version { target: target(), removed: false, work: Work::Live(live) };
        let known = Flink {
            cluster: Fact::Known(about()),
            job: crate::policy::fixture::job(JobState::Finished, 2),
            ..flink
        };
        at(NOW, |cx| look(cx, &version, &seen(vec![cluster()], known)))
    }

    fn completed(kind: CheckpointKind) -> Flink {
        let path = Some("s3://last".to_owned());
        let last = Checkpoint { id: 4, kind, path, discarded: false, taken: NOW };
        let statistics = Statistics { completed: vec![last], ..Statistics::default() };
        Flink { statistics: Fact::Known(Some(statistics)), ..Flink::default() }
    }

    #[test]
    fn whether_a_job_finished_by_itself_is_told_by_its_final_statistics() {
        let stopped = Sight::StoppedWith("s3://last".to_owned());
        let silent = |seconds| Flink { statistics: unknown(seconds), ..Flink::default() };
        let rows = [
            (completed(CheckpointKind::SyncSavepoint), stopped),
            // One beside which it went on.
            (completed(CheckpointKind::Savepoint), Sight::Finished),
            (completed(CheckpointKind::Checkpoint), Sight::Finished),
            (Flink { statistics: Fact::Known(None), ..Flink::default() }, Sight::Finished),
            (silent(59), Sight::Ending),
        ];
        for (flink, expected) in rows {
            assert_eq!(over(flink.clone()), expected, "{flink:?}");
        }
        assert!(matches!(over(silent(60)), Sight::Silent(_)), "for how long it did not tell");
    }

    #[test]
    fn a_job_is_not_lost_yet_while_the_jobmanager_that_may_know_it_is_on_its_way_out() {
        let ending = |role| Pod { terminating: true, ..pod(5, role) };
        assert!(matches!(beside(ending(Role::JobManager)), Sight::Silent(_)));
        assert_eq!(beside(ending(Role::TaskManager)), Sight::Lost, "a TaskManager knows none");
        assert_eq!(beside(pod(5, Role::JobManager)), Sight::Lost, "it stays");
        let trouble = Some(Trouble { kind: TroubleKind::DoesNotEnd, message: "hangs".to_owned() });
        let hangs = Pod { trouble, ..ending(Role::JobManager) };
        assert_eq!(beside(hangs), Sight::Lost, "it may stay for ever");
    }

    fn job() -> Job {
        Job {
            state: JobState::Running,
            vertices: 2,
            vertices_up: 2,
            restarted_at: None,
            ended_at: None,
            clock: Timestamp(0),
        }
    }
}
