//! What must never be true of the world, and what must be true of it at some time: predicates over
//! the world alone. No belief of the operator enters here.
//!
//! Every always-property has sometimes-twins in [`SOMETIMES`], so that none can hold because the
//! case it speaks of never came.

mod origin;
mod sometimes;

pub(crate) use origin::followed_beside;
pub use origin::good_before;
pub use sometimes::{
    ADAPTED, ADOPTED, AFTER_THE_END, BESIDE, CLEARED, CURED, DELETED, DISCARDED, FAILED_BESIDE,
    FIRST_DEPLOYED, FOUND_BY_STATISTICS, KEPT_FOR_ROLLBACK, LOST, NEWER_TORN_DOWN, OLDER_TORN_DOWN,
    RECOVERED, REPLACED, ROLLED_BACK, SCALED_ANEW, SCALED_BACK, SCALED_DOWN, SCALED_UP, SOMETIMES,
    STOPPED_BY_A_PERSON, Sometimes, UPDATED, WITHOUT_STATE,
};

use self::origin::{is_good, origin, predecessor, started};
use crate::world::{
    AppId, Deleter, Deployment, End, Job, JobState, Origin, Pod, Post, Revision, Run, RunId,
    Service, Spec, World,
};

/// An invariant that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// How.
    pub what: String,
}

/// At most one job of an application consumes at a time.
pub const ONE_JOB: &str = "at most one job of an application consumes at a time";
/// No run starts from an older state than the newest one.
pub const NEWEST_STATE: &str = "a run starts from the newest state";
/// No run starts from nothing where there was something.
pub const NOT_EMPTY: &str = "a run does not start from nothing where something was consumed";
/// Only Flink removes savepoints and checkpoints.
pub const FILES_STAY: &str = "the operator removes no savepoint and no checkpoint";
/// What a rollback needs is there until the new version is good.
pub const ROLLBACK_POSSIBLE: &str = "what a rollback needs is kept until the new version is good";

/// No TaskManager that runs tasks is taken away to scale down.
pub const TASKS_STAY: &str = "a cluster is scaled down by TaskManagers that run nothing";
/// The Service by which a cluster's pods find their JobManager stays as long as the cluster.
pub const ADDRESS_STAYS: &str =
    "the Service that a cluster's pods use stays as long as the cluster";
/// The cluster of the version that is good stays until another one is.
pub const CLUSTER_STAYS: &str = "the cluster of the good version stays until another is good";

/// In mode BlueGreen the good version's job runs on while another comes up.
pub const RUNS_ON: &str = "a good version is not stopped for one that comes up beside it";

/// Nothing is submitted to a JobManager that runs a person's job.
pub const NOTHING_BESIDE: &str = "nothing is submitted beside a job that is a person's";

/// A status that says that all is well tells the truth.
pub const TOLD_TRULY: &str = "a status says healthy only where the application is";

/// All of them.
pub const ALWAYS: &[&str] = &[
    ONE_JOB,
    NEWEST_STATE,
    NOT_EMPTY,
    FILES_STAY,
    ROLLBACK_POSSIBLE,
    TASKS_STAY,
    ADDRESS_STAYS,
    CLUSTER_STAYS,
    RUNS_ON,
    NOTHING_BESIDE,
    TOLD_TRULY,
];

/// What a status that says healthy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healthy {
    /// The application's job runs.
    Runs,
    /// It has finished by itself.
    Finished,
}

/// Whether a status that says healthy, and goes on saying so, is wrong: of the jobs that the user was told to
/// be good the last one does not run any more, and nobody wanted that, or one that is not over does not run.
#[must_use]
pub fn mistold(world: &World, app: AppId, told: Healthy) -> Option<Violation> {
    let mine = |run: &Run| run.app == app && is_good(run);
    let good: Vec<usize> = (0..world.runs.len()).filter(|n| mine(&world.runs[*n])).collect();
    let last = good.last().map(|n| &world.runs[*n]);
    let named = world.applications[app.0].spec.tear_down;
    let live: Vec<&usize> = good.iter().filter(|n| world.runs[**n].end.is_none()).collect();
    // Of two the one that is being torn down may stand still.
    let leaves = |n: &usize| live.len() > 1 && named == Some(world.runs[*n].hash);
    let runs = |n: &usize| {
        let job = world.live_job(RunId(*n)).map(|(_, job)| job);
        job.is_some_and(|job| job.state == JobState::Running && job.up)
    };
    let wanted = |run: &Run| {
        let of_itself = matches!(run.end, None | Some(End::Stopped | End::Finished));
        of_itself || named == Some(run.hash)
    };
    let true_so = match told {
        Healthy::Runs => {
            let well = live.iter().all(|n| runs(n) || leaves(n));
            last.is_some_and(wanted) && !live.is_empty() && well
        }
        Healthy::Finished => last.is_some_and(|run| run.end == Some(End::Finished)),
    };
    let what = || format!("it says {told:?}, of {:?}", world.runs);
    (!true_so).then(what).and_then(|what| violation(TOLD_TRULY, what))
}

/// The first invariant that the step from `before` to `after` breaks.
#[must_use]
pub fn broken(before: &World, after: &World) -> Option<Violation> {
    let apps = (0..after.applications.len()).map(AppId);
    started(before, after)
        .find_map(|run| origin(before, after, run))
        .or_else(|| files_stay(after))
        .or_else(|| apps.clone().find_map(|app| one_job(after, app)))
        .or_else(|| apps.clone().find_map(|app| rollback_possible(after, app)))
        .or_else(|| apps.clone().find_map(|app| cluster_stays(before, after, app)))
        .or_else(|| apps.clone().find_map(|app| runs_on(before, after, app)))
        .or_else(|| tasks_stay(before, after))
        .or_else(|| nothing_beside(before, after))
        .or_else(|| apps.clone().find_map(|app| address_stays(before, after, app)))
}

fn violation(invariant: &'static str, what: String) -> Option<Violation> {
    Some(Violation { invariant, what })
}

fn one_job(world: &World, app: AppId) -> Option<Violation> {
    let mut consuming: Vec<RunId> = Vec::new();
    for (_, taskmanager) in world.taskmanagers() {
        let ours = |r: &&RunId| world.run(**r).app == app && world.counts(**r);
        for run in taskmanager.tasks.iter().filter(ours) {
            if !consuming.contains(run) {
                consuming.push(*run);
            }
        }
    }
    let told = || format!("runs {consuming:?} consume at the same time");
    (consuming.len() > 1 && !wanted_beside(world, app, &consuming))
        .then(told)
        .and_then(|what| violation(ONE_JOB, what))
}

/// Of two clusters, at the user's wish, and the older one is good.
fn wanted_beside(world: &World, app: AppId, consuming: &[RunId]) -> bool {
    let [one, other] = consuming else { return false };
    let (one, other) = (world.run(*one), world.run(*other));
    let older = if one.incarnation < other.incarnation { one } else { other };
    let wanted = world.applications[app.0].spec.beside;
    wanted && one.incarnation != other.incarnation && older.announced
}

/// The job of a version that is good is stopped although its successor was to come up beside it.
fn runs_on(before: &World, after: &World, app: AppId) -> Option<Violation> {
    let application = &after.applications[app.0];
    if application.deleting || !application.spec.beside {
        return None;
    }
    let stopped = |n: &usize| {
        let run = &after.runs[*n];
        let was_live = before.runs.get(*n).is_some_and(|run| run.end.is_none());
        let named = application.spec.tear_down == Some(run.hash);
        run.app == app && run.announced && was_live && run.end == Some(End::Stopped) && !named
    };
    let run = (0..after.runs.len()).find(stopped)?;
    violation(RUNS_ON, format!("run {run} was stopped"))
}

fn files_stay(world: &World) -> Option<Violation> {
    let removed = world.files.iter().find(|f| f.deleted == Some(Deleter::Client))?;
    violation(FILES_STAY, format!("{} was removed", removed.path))
}

fn rollback_possible(world: &World, app: AppId) -> Option<Violation> {
    let application = &world.applications[app.0];
    if application.deleting || application.gone {
        return None;
    }
    if application.spec.beside {
        return revisions_beside(world, app);
    }
    let id = predecessor(world, app, RunId(usize::MAX))?;
    let last = world.run(id);
    let before = good_before(world, id)?;
    let Origin::File(file) = last.origin else { return None };
    if last.end == Some(End::Finished) {
        return None;
    }
    if world.files[file.0].deleted.is_some() {
        return violation(ROLLBACK_POSSIBLE, format!("{file:?} is gone"));
    }
    // Of the version: where its cluster was taken away it comes up again under another number.
    let version = |s: &Spec| (s.family, s.parallelism) == (before.hash, before.announced_with);
    let revision = |r: &Revision| r.cluster.app == app && version(&r.spec);
    if !world.revisions.iter().chain(&world.deleted_revisions).any(revision) {
        let Run { hash, announced_with, .. } = before;
        let what =
            format!("no revision of version {hash} with parallelism {announced_with} is left");
        return violation(ROLLBACK_POSSIBLE, what);
    }
    None
}

/// Whatever good version goes on has its revision.
fn revisions_beside(world: &World, app: AppId) -> Option<Violation> {
    let named = world.applications[app.0].spec.tear_down;
    let stays = |r: &&Run| r.app == app && r.end.is_none() && named != Some(r.hash);
    let good = |r: &&Run| r.announced && stays(r);
    let stored = |run: &Run| {
        let mut known = world.revisions.iter().chain(&world.deleted_revisions);
        known.any(|r| r.cluster.app == app && r.spec.family == run.hash)
    };
    let bare = world.runs.iter().filter(good).find(|run| !stored(run))?;
    violation(ROLLBACK_POSSIBLE, format!("no revision of version {} is left", bare.hash))
}

/// Someone deletes a Deployment of the version that the user was told to be good last, though its job
/// runs, or was stopped for a successor that is not good yet. A job that is lost, or does not heed its
/// cancellation, may be ended with its cluster.
fn cluster_stays(before: &World, after: &World, app: AppId) -> Option<Violation> {
    let application = &after.applications[app.0];
    if application.deleting || application.gone || application.spec.alone {
        return None;
    }
    let announced = |r: &Run| r.app == app && r.announced;
    let last = RunId(after.runs.iter().rposition(announced)?);
    // Beside each other every good one stays that goes on.
    let goes_on = |r: &Run| announced(r) && r.end.is_none() && application.spec.beside;
    let others = after.runs.iter().enumerate().filter(|(_, r)| goes_on(r)).map(|(n, _)| RunId(n));
    others.chain([last]).find_map(|good| cluster_of_stays(before, after, good))
}

fn cluster_of_stays(before: &World, after: &World, good: RunId) -> Option<Violation> {
    let run = after.run(good);
    let app = run.app;
    let application = &after.applications[app.0];
    // One that ended by itself is good, too.
    let succeeded = |r: &Run| r.app == app && r.end == Some(End::Finished);
    if after.runs[good.0..].iter().any(succeeded) {
        return None;
    }
    // Without its revision it cannot be made whole again.
    let torn = |r: &Revision| (r.cluster.app, r.cluster.incarnation) == (app, run.incarnation);
    if after.deleted_revisions.iter().any(torn) {
        return None;
    }
    let hangs = after.live_job(good).is_some_and(|(_, job)| job.state == JobState::Cancelling);
    let stopped = matches!(run.end, Some(End::Stopped | End::StoppedByAPerson));
    let needed = (run.end.is_none() || stopped) && !hangs;
    let mine = |d: &&Deployment| {
        (d.cluster.app, d.cluster.incarnation) == (app, run.incarnation) && d.terminating
    };
    let stood =
        |d: &&Deployment| before.deployments.iter().any(|b| b.uid == d.uid && !b.terminating);
    let named = application.spec.tear_down == Some(run.hash);
    let deleted = after.deployments.iter().filter(mine).find(stood).filter(|_| needed && !named)?;
    violation(CLUSTER_STAYS, format!("{:?} of cluster {}", deleted.role, run.incarnation))
}

/// A Deployment asks for fewer pods, and one with tasks is told to end.
fn tasks_stay(before: &World, after: &World) -> Option<Violation> {
    let asks_for_fewer = |d: &&Deployment| {
        let was = before.deployments.iter().find(|b| b.uid == d.uid);
        !d.terminating && was.is_some_and(|b| b.replicas > d.replicas)
    };
    let told = |pod: &Pod| before.pod(pod.uid).is_some_and(|b| !b.terminating) && pod.terminating;
    let scaled: Vec<_> = after.deployments.iter().filter(asks_for_fewer).map(|d| d.uid).collect();
    let taken = after.taskmanagers().find(|(pod, taskmanager)| {
        scaled.contains(&pod.deployment) && told(pod) && !taskmanager.tasks.is_empty()
    });
    let (pod, taskmanager) = taken?;
    violation(TASKS_STAY, format!("pod {} goes with tasks of {:?}", pod.uid.0, taskmanager.tasks))
}

/// A submission of the operator's reaches a JobManager that runs a job which is a person's.
fn nothing_beside(before: &World, after: &World) -> Option<Violation> {
    for (pod, jobmanager) in after.jobmanagers() {
        let was = before.jobmanager(pod.process()).map_or(&[][..], |m| &m.posts);
        let new = |post: &&Post| was.iter().all(|old| old.job != post.job);
        let theirs = |job: &&Job| !job.state.over() && !after.counts(job.run);
        if let Some(post) = jobmanager.posts.iter().find(new)
            && let Some(theirs) = jobmanager.jobs.iter().find(theirs)
        {
            let what = format!("{:?} is submitted beside {:?}", post.job, theirs.run);
            return violation(NOTHING_BESIDE, what);
        }
    }
    None
}

/// A Service is deleted though a Deployment of its cluster that is named alike stays.
fn address_stays(before: &World, after: &World, app: AppId) -> Option<Violation> {
    if after.applications[app.0].deleting || after.applications[app.0].gone {
        return None;
    }
    let is_gone = |s: &&Service| after.services.iter().all(|a| a.uid != s.uid);
    let gone = before.services.iter().filter(|s| s.cluster.app == app).find(is_gone)?;
    let uses =
        |d: &&Deployment| d.cluster == gone.cluster && d.spec.hash == gone.hash && !d.terminating;
    let left = after.deployments.iter().find(uses)?;
    violation(ADDRESS_STAYS, format!("{:?} of cluster {}", left.role, gone.cluster.incarnation))
}
