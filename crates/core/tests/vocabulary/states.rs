//! Every phase, in the shapes that decide differently: deadlines passed, near and far, attempts,
//! what the deployed version does, a cluster on its way out.

use std::time::Duration;

use flinkk8soperator_core::*;

use super::{NEW, NOW, OLD, TRIGGER, ago, process, seconds, target};

pub(crate) fn all() -> Vec<State> {
    let live = deployed(Work::Live(job(OLD, Origin::Empty, None)));
    let stopped = deployed(Work::Stopped(Origin::Restored(point())));
    let finished = deployed(Work::Finished);
    let with_old_gone = [empty(), stopped.clone(), finished.clone(), leaving(&stopped, true)];
    let with_any = [&with_old_gone[..], &[live.clone(), leaving(&live, false)]].concat();
    let with_live = [live.clone(), leaving(&live, false)];
    let before = version(1, Work::Stopped(Origin::Restored(point())));
    let watched = [running(None), running(Some(before))];
    let removed = without_cluster(&stopped);
    let lost = State { phase: Phase::New(New { lost: true }), ..State::new(NOW) };
    let mut all = vec![State::new(NOW), lost, State::unreadable(NOW, "format 2".to_owned())];
    all.extend(left());
    all.extend(states(&with_any, &[updating(), starting()].concat()));
    all.extend(states(&with_live, &[stopping(), cancelling()].concat()));
    let dwells = Record { dwells_until: Some(NOW + Duration::from_secs(1)), ..live.clone() };
    all.extend(states(&[dwells], &[starting(), stopping()].concat()));
    all.extend(states(&[learnt()], &finding()));
    all.extend(states(std::slice::from_ref(&stopped), &restarting()));
    all.extend(states(&[removed.clone(), leaving(&removed, true)], &reviving()));
    all.extend(states(&[live.clone(), stopped.clone()], &updating_alone()));
    all.extend(states(&with_old_gone, &submitting()));
    all.extend(states(&[stopped.clone(), leaving(&stopped, true)], &rolling()));
    all.extend(states(&with_any[1..], &resting()));
    all.extend(in_place(&live, &stopped, &finished));
    all.extend(states(&[empty(), live, stopped], &deleting()));
    all.extend(states(&watched, &watching()));
    all.extend(states(&[deployed(Work::Live(job(OLD, Origin::Empty, None)))], &beside()));
    all.extend(states(&[two_running()], &two()));
    all
}

/// As the reference operator has left it: before its clusters have numbers, and after.
fn left() -> Vec<State> {
    let of = |n, job: Option<JobId>| LeftVersion { hash: DeployHash(n), job, cluster: None };
    let old = Some(of(1, Some(OLD)));
    let single = Left { deployed: old, beside: None, failed: None, under_way: None, target: None };
    let target = Some(DeployHash(2));
    let step = |under_way| Left { under_way: Some(under_way), target, ..single };
    let submitting = |job| step(LeftStep::Submitting { job, since: ago(1_000), failing: false });
    let all = [
        single,
        Left { deployed: Some(of(1, None)), ..single },
        Left { failed: target, ..single },
        Left { deployed: Some(of(2, Some(NEW))), beside: old, ..single },
        step(LeftStep::Deploying),
        Left { deployed: None, ..step(LeftStep::Deploying) },
        step(LeftStep::Deleting),
        step(LeftStep::RollingBack { since: ago(1_000) }),
        Left { deployed: None, ..step(LeftStep::RollingBack { since: ago(1_000) }) },
        step(LeftStep::Savepointing(TRIGGER)),
        step(LeftStep::Submitting { job: None, since: ago(1_000), failing: true }),
        submitting(Some(NEW)),
        Left { deployed: None, ..submitting(None) },
    ];
    let state = |left: Left| State::left(NOW, left);
    let numbered = |left: Left| {
        // Two run only in colours.
        let colour = |colour| left.beside.map(|_| colour);
        let [one, two] = [(1, Colour::Green), (2, Colour::Blue)]
            .map(|(n, of)| Target { colour: colour(of), ..super::target(n) });
        let record = Record { incarnations: 3, adopted: vec![one, two], ..empty() };
        State { record, phase: Phase::Left(left) }
    };
    all.into_iter().flat_map(|left| [state(left), numbered(left)]).collect()
}

/// Version 2 is to be, or is, version 1's own cluster scaled in place.
fn in_place(live: &Record, stopped: &Record, finished: &Record) -> Vec<State> {
    let surplus = |record: &Record| Record { surplus: true, ..record.clone() };
    let [live, stopped, finished] = [live, stopped, finished].map(surplus);
    let stood = version(1, Work::Stopped(Origin::Restored(point())));
    let watched = |previous| {
        let job = Work::Live(job(NEW, Origin::Restored(point()), None));
        let deployed = Some(Version { target: scaled(), removed: false, work: job });
        Record { deployed, previous, surplus: true, ..empty() }
    };
    let [up, confirmed] = [watched(Some(stood)), watched(None)];
    let submitting = submissions(1, NEW)
        .into_iter()
        .map(|submission| Phase::SubmittingJob(SubmittingJob { target: scaled(), submission }));
    let bounds = vec![Bounds { vertex: VertexId(5), lower: 1, upper: 2 }];
    let asked = |record: &Record| Record { bounds: bounds.clone(), ..record.clone() };
    let mut all = states(&[asked(&live)], &rescaling());
    let before = version(1, Work::Live(job(NEW, Origin::Empty, None)));
    all.extend(states(&[asked(&watched(Some(before)))], &watching()));
    let on_the_way = [updating(), rescaling(), starting(), stopping(), cancelling()].concat();
    let on_the_way: Vec<Phase> = on_the_way.into_iter().map(to_scaled).collect();
    let (waiting, stopping) = on_the_way.split_at(updating().len() + rescaling().len());
    let (starting, stopping) = stopping.split_at(starting().len());
    let dwells = Record { dwells_until: Some(NOW + Duration::from_secs(1)), ..live.clone() };
    all.extend(states(&[dwells], waiting));
    all.extend(states(std::slice::from_ref(&live), &[waiting, stopping].concat()));
    all.extend(states(&[stopped.clone(), finished], starting));
    all.extend(states(std::slice::from_ref(&stopped), &submitting.collect::<Vec<_>>()));
    all.extend(states(&[stopped], &rolling().into_iter().map(to_scaled).collect::<Vec<_>>()));
    all.extend(states(&[up], &watching()));
    all.extend(states(&[live, confirmed], &resting()));
    all
}

/// Version 2 in cluster 1, under a revision of its own.
fn scaled() -> Target {
    let scaled = Some(Scaled { names: DeployHash(1), revision: Incarnation(2) });
    let (incarnation, parallelism) = (Incarnation(1), 4);
    Target { incarnation, parallelism, taskmanagers: 2, scaled, ..target(2) }
}

fn to_scaled(mut phase: Phase) -> Phase {
    match &mut phase {
        Phase::Updating(phase) => phase.target = scaled(),
        Phase::Rescaling(phase) => phase.target = scaled(),
        Phase::ClusterStarting(phase) => phase.target = scaled(),
        Phase::Savepointing(phase) => phase.target = scaled(),
        Phase::Cancelling(phase) => phase.target = scaled(),
        Phase::RollingBackJob(phase) => phase.failed = scaled(),
        Phase::New(_)
        | Phase::Left(_)
        | Phase::Recovering(_)
        | Phase::SubmittingJob(_)
        | Phase::Running(_)
        | Phase::DualRunning(_)
        | Phase::DeployFailed(_)
        | Phase::Deleting(_)
        | Phase::Unreadable(_) => {}
    }
    phase
}

fn rescaling() -> Vec<Phase> {
    let steps = [
        RescalingStep::Grow { troubled: None },
        RescalingStep::Grow { troubled: Some(ago(90)) },
        RescalingStep::Adapt,
        RescalingStep::Return { failure: None },
        RescalingStep::Return { failure: Some(failure()) },
    ];
    let phases = |(nth, step): (usize, RescalingStep)| {
        deadlines(nth).into_iter().map(move |deadline| {
            Phase::Rescaling(Rescaling { target: scaled(), step: step.clone(), deadline })
        })
    };
    steps.into_iter().enumerate().flat_map(phases).collect()
}

fn states(records: &[Record], phases: &[Phase]) -> Vec<State> {
    let with = |record: &Record| {
        let record = record.clone();
        phases.iter().map(move |phase| State { record: record.clone(), phase: phase.clone() })
    };
    records.iter().flat_map(with).collect()
}

fn empty() -> Record {
    Record { incarnations: 3, ..State::new(NOW).record }
}

/// Version 1 is deployed.
fn deployed(work: Work) -> Record {
    Record { deployed: Some(version(1, work)), ..empty() }
}

/// Cluster 3 is on its way out besides.
fn leaving(record: &Record, may_run: bool) -> Record {
    let leaving = Leaving { incarnation: Incarnation(3), hash: DeployHash(3), may_run };
    let obsolete = Obsolete { incarnation: Incarnation(3), hash: DeployHash(3) };
    Record { leaving: vec![leaving], obsolete: vec![obsolete], ..record.clone() }
}

/// Version 2 is deployed.
fn running(previous: Option<Version>) -> Record {
    let live = Work::Live(job(NEW, Origin::Restored(point()), None));
    Record { deployed: Some(version(2, live)), previous, ..empty() }
}

/// In mode BlueGreen: version 1 runs beside version 2.
fn two_running() -> Record {
    let older = version(1, Work::Live(job(OLD, Origin::Empty, None)));
    let mut record = running(Some(older));
    let newer = record.deployed.as_mut().map(|d| &mut d.target);
    newer.into_iter().for_each(|target| *target = in_green(*target));
    record
}

fn in_green(target: Target) -> Target {
    Target { mode: Mode::BlueGreen, colour: Some(Colour::Green), ..target }
}

fn version(n: u32, work: Work) -> Version {
    Version { target: target(n), removed: false, work }
}

fn job(id: JobId, from: Origin, learnt: Option<Learnt>) -> LiveJob {
    LiveJob { id, from, learnt }
}

/// Version 1's cluster was taken away.
fn without_cluster(record: &Record) -> Record {
    let deployed = record.deployed.clone().map(|d| Version { removed: true, ..d });
    Record { deployed, ..record.clone() }
}

/// Version 1's job was looked at while it ran.
fn learnt() -> Record {
    let newest = Some(RestorePoint { source: Source::Memory, ..point() });
    let learnt = Learnt { checkpoints: true, newest, at: ago(90) };
    deployed(Work::Live(job(OLD, Origin::Empty, Some(learnt))))
}

fn point() -> RestorePoint {
    RestorePoint {
        path: "s3://sp/old".to_owned(),
        kind: CheckpointKind::Savepoint,
        job: OLD,
        checkpoint: Some(7),
        taken: Some(ago(60)),
        source: Source::Statistics,
        at: ago(60),
    }
}

/// Passed long ago, far ahead; and, of the first shape of a phase, just ahead.
fn deadlines(shape: usize) -> Vec<Timestamp> {
    let mut all = vec![ago(3600), NOW + seconds(600)];
    if shape == 0 {
        all.push(Timestamp(NOW.0 + 500));
    }
    all
}

fn updating() -> Vec<Phase> {
    let phase = |deadline| Phase::Updating(Updating { target: target(2), deadline });
    deadlines(0).into_iter().map(phase).collect()
}

/// In mode Single.
fn updating_alone() -> Vec<Phase> {
    let target = Target { mode: Mode::Single, ..target(2) };
    let phase = |deadline| Phase::Updating(Updating { target, deadline });
    deadlines(0).into_iter().map(phase).collect()
}

fn cancelling() -> Vec<Phase> {
    let target = target(2);
    let phase = |deadline| Phase::Cancelling(Cancelling { target, job: OLD, deadline });
    deadlines(0).into_iter().map(phase).collect()
}

fn recovering(purpose: &Purpose, step: &RecoveringStep, deadline: Timestamp) -> Phase {
    let (purpose, step, why) = (purpose.clone(), step.clone(), failure());
    Phase::Recovering(Recovering { purpose, job: OLD, why, step, deadline })
}

fn purposes() -> Vec<Purpose> {
    let failed = DeployFailed { failed: target(2), failure: failure() };
    vec![Purpose::Deploy(target(2)), Purpose::Restart(None), Purpose::Restart(Some(failed))]
}

fn finding() -> Vec<Phase> {
    let mut all = Vec::new();
    for (nth, cancel) in [false, true].into_iter().enumerate() {
        let step = RecoveringStep::Find(Find { cancel, sent: None });
        // What it is for makes a difference to what follows, not to what is found.
        let purposes = purposes().into_iter().take(if nth == 0 { 3 } else { 1 });
        for purpose in purposes {
            let of = |deadline| recovering(&purpose, &step, deadline);
            all.extend(deadlines(nth).into_iter().map(of));
        }
    }
    all
}

/// The old cluster was taken away: it comes up again first, and nothing was sent to it yet.
fn reviving() -> Vec<Phase> {
    vec![rolling().swap_remove(0), starting().swap_remove(0)]
}

fn restarts() -> Vec<Restart> {
    let before = Restart { submission: None, aftermath: None, attempt: 1, trouble: None };
    let failed = Restart { attempt: 6, trouble: Some(failure()), ..before.clone() };
    let sent =
        submissions(1, OLD).into_iter().map(|s| Restart { submission: Some(s), ..before.clone() });
    let sent: Vec<Restart> = sent.collect();
    let left = [
        Aftermath::JobManager(process(1)),
        Aftermath::TaskManagers(vec![Uid(11)]),
        Aftermath::Job { job: OLD, until: NOW + seconds(60) },
        Aftermath::Job { job: OLD, until: ago(60) },
    ];
    let left = left.map(|left| Restart { aftermath: Some(left), ..before.clone() });
    [before, failed].into_iter().chain(sent).chain(left).collect()
}

fn restarting() -> Vec<Phase> {
    let step = |restart| RecoveringStep::Start(Box::new(restart));
    let of = |restart| recovering(&Purpose::Restart(None), &step(restart), NOW + seconds(600));
    restarts().into_iter().map(of).collect()
}

fn starting() -> Vec<Phase> {
    let shapes = [(None, 1), (None, 2), (Some(NOW), 1), (Some(ago(30)), 1), (Some(ago(90)), 1)];
    let phases = |(nth, (troubled, attempt))| {
        deadlines(nth).into_iter().map(move |deadline| {
            let target = target(2);
            let phase = ClusterStarting { target, deadline, troubled, attempt, from: None };
            Phase::ClusterStarting(phase)
        })
    };
    shapes.into_iter().enumerate().flat_map(phases).collect()
}

fn stops() -> Vec<Stop> {
    let first = Stop {
        job: OLD,
        trigger: TRIGGER,
        process: process(1),
        baseline: Baseline { checkpoint: 3, restored: 0 },
        attempt: 1,
        not_before: ago(5),
        cancel: false,
    };
    vec![
        first.clone(),
        Stop { attempt: 5, ..first.clone() },
        Stop { attempt: 2, not_before: NOW + seconds(5), ..first },
    ]
}

fn stopping() -> Vec<Phase> {
    let phases = |(nth, stop): (usize, Stop)| {
        deadlines(nth).into_iter().map(move |deadline| {
            let (target, stop) = (target(2), stop.clone());
            Phase::Savepointing(Savepointing { target, stop, deadline })
        })
    };
    stops().into_iter().enumerate().flat_map(phases).collect()
}

fn failure() -> Failure {
    Failure { kind: FailureKind::ForcedRollback, message: "forced".to_owned() }
}

/// Submissions of `job` to cluster `n`.
fn submissions(n: u32, job: JobId) -> Vec<Submission> {
    let first = Submission {
        job,
        process: process(n),
        from: Origin::Restored(point()),
        attempt: 1,
        not_before: ago(5),
        deadline: NOW + seconds(600),
        start_deadline: None,
    };
    let started = |at| Submission { start_deadline: Some(at), ..first.clone() };
    vec![
        first.clone(),
        Submission { attempt: 3, ..first.clone() },
        Submission { not_before: NOW + seconds(5), ..first.clone() },
        Submission { deadline: ago(60), ..first.clone() },
        started(ago(60)),
        started(NOW + seconds(60)),
    ]
}

fn submitting() -> Vec<Phase> {
    let phase = |submission| SubmittingJob { target: target(2), submission };
    submissions(2, NEW).into_iter().map(|s| Phase::SubmittingJob(phase(s))).collect()
}

fn rolling() -> Vec<Phase> {
    let of = |(revived, restart)| RollingBackJob {
        failed: target(2),
        failure: failure(),
        revived,
        restart,
    };
    let first = restarts()[0].clone();
    let standing = restarts().into_iter().map(|restart| (None, restart));
    let all = standing.chain([(Some(Incarnation(3)), first)]);
    all.map(of).map(Phase::RollingBackJob).collect()
}

fn resting() -> Vec<Phase> {
    let failed = DeployFailed { failed: target(2), failure: failure() };
    vec![Phase::DeployFailed(failed), Phase::Running(Running { confirming: None })]
}

fn watching() -> Vec<Phase> {
    let confirming = |since, restarted_at, deadline| {
        let confirming = Some(Confirming { since, restarted_at, deadline });
        Phase::Running(Running { confirming })
    };
    let far = NOW + seconds(600);
    vec![
        Phase::Running(Running { confirming: None }),
        confirming(NOW, None, far),
        confirming(ago(40), None, far),
        confirming(ago(40), Some(ago(50)), far),
        confirming(ago(10), None, ago(5)),
        confirming(ago(40), None, Timestamp(NOW.0 + 500)),
    ]
}

/// On the way of a deploy in mode BlueGreen.
fn beside() -> Vec<Phase> {
    [stopping(), starting(), submitting()].concat().into_iter().map(in_mode_blue_green).collect()
}

fn in_mode_blue_green(phase: Phase) -> Phase {
    if let Phase::Savepointing(of) = phase {
        return Phase::Savepointing(Savepointing { target: in_green(of.target), ..of });
    }
    if let Phase::ClusterStarting(of) = phase {
        let from = (of.attempt > 1).then_some(Origin::Restored(point()));
        return Phase::ClusterStarting(ClusterStarting { target: in_green(of.target), from, ..of });
    }
    if let Phase::SubmittingJob(of) = phase {
        return Phase::SubmittingJob(SubmittingJob { target: in_green(of.target), ..of });
    }
    phase
}

/// Two versions run: the newer one is watched, or one of them is on its way out.
fn two() -> Vec<Phase> {
    let rests = DualRunning { confirming: None, teardown: None };
    let mut phases = Vec::new();
    for phase in watching() {
        if let Phase::Running(Running { confirming }) = phase {
            phases.push(Phase::DualRunning(DualRunning { confirming, ..rests.clone() }));
        }
    }
    let stops = [None].into_iter().chain(stops().into_iter().map(Some));
    for (nth, stop) in stops.enumerate() {
        for deadline in deadlines(nth) {
            let incarnation = Incarnation(1);
            let teardown = Some(TearDown { incarnation, stop: stop.clone(), deadline });
            phases.push(Phase::DualRunning(DualRunning { teardown, ..rests.clone() }));
        }
    }
    let (incarnation, deadline) = (Incarnation(2), NOW + seconds(600));
    let teardown = Some(TearDown { incarnation, stop: None, deadline });
    phases.push(Phase::DualRunning(DualRunning { teardown, ..rests }));
    phases
}

fn deleting() -> Vec<Phase> {
    let why = "it was lost".to_owned();
    let steps = [DeletingStep::Look, DeletingStep::Finalize, DeletingStep::Cancel(OLD)];
    let stops = stops().into_iter().map(DeletingStep::Stop);
    let steps = steps.into_iter().chain(stops).chain([DeletingStep::RemoveClusters { why }]);
    let phases = |(nth, step): (usize, DeletingStep)| {
        deadlines(nth).into_iter().map(move |deadline| {
            let step = step.clone();
            Phase::Deleting(Deleting { step, deadline })
        })
    };
    steps.enumerate().flat_map(phases).collect()
}
