//! A decision as text: phase and reason, then what is told, remembered, done and waited for.

use flinkk8soperator_core::*;

use super::world::{World, pod_name};

/// Ids of a story are few.
const IDS: u64 = 40;

/// What was decided, in the words of the story.
pub(crate) fn decision(world: &World, decision: &Decision) -> String {
    let Verdict { reason, message, waiting } = &decision.verdict;
    let mut lines = vec![format!("{}: {}", phase(&decision.state.phase), reason.as_str())];
    let what = waiting.as_ref().map_or("", |w| &w.what);
    if *message != format!("waiting for {what}") && message != what {
        lines.push(format!("  says {message}"));
    }
    for event in &decision.events {
        let kind = if event.warning { "warns" } else { "tells" };
        lines.push(format!("  {kind} {}: {}", event.reason.as_str(), event.message));
    }
    lines.extend(remembered(&world.state.record, &decision.state.record));
    lines.extend(decision.effects.iter().map(|e| format!("  does {}", effect(e))));
    lines.extend(waiting.as_ref().map(wait));
    let wake = decision
        .wake
        .map_or("never".to_owned(), |w| if w == world.now { "now".to_owned() } else { seconds(w) });
    lines.push(format!("  wakes {wake}"));
    shorten(&world.desired, lines.join("\n")) + "\n"
}

/// What would be done, in the machine's own words.
pub(crate) fn plan(world: &World, plan: &Plan) -> String {
    shorten(&world.desired, plan.to_string())
}

/// What is asked for: of Kubernetes, then of each JobManager.
pub(crate) fn questions(world: &World, ask: &FactRequest) -> String {
    let FactRequest { objects, live_pods, revisions, newest_revision, change, last_seen, flink } =
        ask;
    let mut lines = Vec::new();
    lines.extend(objects.then(|| "objects".to_owned()));
    lines.extend(live_pods.then(|| "pods from a LIST".to_owned()));
    lines.extend(revisions.iter().map(|n| format!("whether revision {n} is stored")));
    lines.extend(newest_revision.then(|| "the newest revision".to_owned()));
    lines.extend(change.map(|n| format!("how the spec differs from revision {n}")));
    lines.extend(last_seen.map(|job| format!("the newest checkpoint of {job} ever seen")));
    lines.extend(flink.iter().map(|ask| {
        let of = [
            (ask.job, "job"),
            (ask.statistics, "statistics"),
            (ask.checkpointing, "checkpointing"),
            (ask.operation.map(|(job, _)| job), "operation"),
            (ask.failure, "failure"),
            (ask.submission, "submission"),
            (ask.requirements, "requirements"),
        ];
        let flags = [(ask.cluster, "cluster"), (ask.jobs, "jobs"), (ask.idle, "idle")];
        let flags = flags.into_iter().filter(|(asked, _)| *asked).map(|(_, what)| what.to_owned());
        let of = of.into_iter().filter_map(|(job, what)| Some(format!("{what} of {}", job?)));
        let all: Vec<String> = flags.chain(of).collect();
        format!("{}: {}", name(ask.process), all.join(", "))
    }));
    shorten(&world.desired, lines.join("\n")) + "\n"
}

fn phase(phase: &Phase) -> String {
    let name = phase.name().unwrap_or("(as stored)");
    let name = if name.is_empty() { "New" } else { name };
    match phase {
        Phase::Recovering(Recovering { purpose, step, .. }) => {
            let step = match step {
                RecoveringStep::Find(Find { cancel: true, .. }) => "(cancel)",
                RecoveringStep::Find(_) => "(find)",
                RecoveringStep::Start(_) => "(start)",
            };
            match purpose {
                Purpose::Deploy(target) => format!("{name} {} {step}", version(*target)),
                Purpose::Restart(_) => format!("{name} {step}"),
            }
        }
        Phase::Rescaling(Rescaling { target, step, .. }) => {
            let step = match step {
                RescalingStep::Grow { .. } => "(grow)",
                RescalingStep::Adapt => "(adapt)",
                RescalingStep::Return { .. } => "(return)",
            };
            format!("{name} {} {step}", version(*target))
        }
        Phase::Updating(Updating { target, .. })
        | Phase::ClusterStarting(ClusterStarting { target, .. })
        | Phase::Savepointing(Savepointing { target, .. })
        | Phase::Cancelling(Cancelling { target, .. })
        | Phase::SubmittingJob(SubmittingJob { target, .. })
        | Phase::RollingBackJob(RollingBackJob { failed: target, .. })
        | Phase::DeployFailed(DeployFailed { failed: target, .. }) => {
            format!("{name} {}", version(*target))
        }
        Phase::Deleting(Deleting { step, .. }) => format!("{name} {}", deleting(step)),
        Phase::DualRunning(DualRunning { teardown: Some(teardown), .. }) => {
            format!("{name} (tears down {})", teardown.incarnation)
        }
        Phase::New(New { lost: true }) => format!("{name} (lost)"),
        Phase::Left(_) => "Left".to_owned(),
        Phase::New(_) | Phase::DualRunning(_) | Phase::Running(_) | Phase::Unreadable(_) => {
            name.to_owned()
        }
    }
}

fn deleting(step: &DeletingStep) -> &'static str {
    match step {
        DeletingStep::Look => "(look)",
        DeletingStep::Stop(_) => "(stop)",
        DeletingStep::Cancel(_) => "(cancel)",
        DeletingStep::RemoveClusters { .. } => "(remove clusters)",
        DeletingStep::Finalize => "(finalize)",
    }
}

/// Version and cluster; where that was scaled, the number of the version's own revision besides.
fn version(Target { hash, incarnation, scaled, .. }: Target) -> String {
    let revision = scaled.map(|scaled| format!(":{}", scaled.revision)).unwrap_or_default();
    format!("v{}/{incarnation}{revision}", hash.0)
}

/// What the record has now and had not before, and the other way round.
fn remembered(before: &Record, after: &Record) -> Vec<String> {
    let (before, after) = (record(before), record(after));
    let new = after.iter().filter(|l| !before.contains(l)).map(|l| format!("  keeps {l}"));
    let old = before.iter().filter(|l| !after.contains(l)).map(|l| format!("  forgets {l}"));
    new.chain(old).collect()
}

fn record(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    let versions = [("deployed", &record.deployed), ("previous", &record.previous)];
    for (name, Version { target, removed, work }) in
        versions.into_iter().filter_map(|(n, v)| v.as_ref().map(|v| (n, v)))
    {
        let work = match work {
            Work::Live(LiveJob { id, from, .. }) => format!("runs {id} from {}", origin(from)),
            Work::Stopped(Origin::Empty) => "stopped without state".to_owned(),
            Work::Stopped(from) => format!("stopped at {}", origin(from)),
            Work::Finished => "finished".to_owned(),
        };
        let removed = if *removed { " without a cluster" } else { "" };
        lines.push(format!("{name} {}{removed} {work}", version(*target)));
    }
    lines.extend(record.deployed.as_ref().and_then(learnt));
    for Leaving { incarnation, may_run, .. } in &record.leaving {
        let job = if *may_run { ", a job may run in it" } else { "" };
        lines.push(format!("cluster {incarnation} leaving{job}"));
    }
    let obsolete = record.obsolete.iter();
    lines.extend(obsolete.map(|o| format!("revision {} obsolete", o.incarnation)));
    let bounds = record.bounds.iter();
    lines.extend(bounds.map(|b| format!("that vertex {} had {}-{}", b.vertex.0, b.lower, b.upper)));
    if record.surplus {
        lines.push("that TaskManagers may be to spare".to_owned());
    }
    let begins = record.dwells_until.iter();
    lines.extend(begins.map(|at| format!("that the phase begins at {}", seconds(*at))));
    lines.extend(record.restored.iter().map(|nonce| format!("restore {nonce} used")));
    lines
}

fn learnt(version: &Version) -> Option<String> {
    let Learnt { checkpoints, newest, .. } = version.live()?.learnt.as_ref()?;
    let newest = newest.as_ref().map_or("none", |p| p.path.as_str());
    Some(match checkpoints {
        true => format!("checkpoint seen {newest}"),
        false => "that it makes no checkpoints".to_owned(),
    })
}

fn origin(origin: &Origin) -> String {
    origin.path().unwrap_or("nothing").to_owned()
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::AddFinalizer => "AddFinalizer".to_owned(),
        Effect::SaveRevision(target) => format!("SaveRevision {}", version(*target)),
        Effect::CopyRevision { from, to } => {
            format!("CopyRevision {from} to {}", version(*to))
        }
        Effect::RebuildRevision(target) => format!("RebuildRevision {}", version(*target)),
        Effect::RemoveRevision(Obsolete { incarnation, .. }) => {
            format!("RemoveRevision {incarnation}")
        }
        Effect::CreateCluster(target) => format!("CreateCluster {}", version(*target)),
        Effect::SetRequirements(Requirements { process, job, bounds, .. }) => {
            let vertex = |b: &Bounds| format!(" {}:{}-{}", b.vertex.0, b.lower, b.upper);
            let vertices: String = bounds.iter().map(vertex).collect();
            format!("SetRequirements {job} at {}{vertices}", name(*process))
        }
        Effect::LabelCluster(target) => format!("LabelCluster {}", version(*target)),
        Effect::ScaleTaskManagers { incarnation, replicas, idle } => {
            let first: Vec<String> = idle.iter().map(|pod| pod_name(*pod)).collect();
            let first =
                if first.is_empty() { first } else { [vec!["first".into()], first].concat() };
            format!("ScaleTaskManagers {incarnation} to {replicas} {}", first.join(" "))
                .trim_end()
                .to_owned()
        }
        Effect::PointService { incarnation, colour } => match colour {
            None => format!("PointService {incarnation}"),
            Some(colour) => format!("PointService {} {incarnation}", colour.as_str()),
        },
        Effect::Submit(Submit { process, job, from, .. }) => {
            format!("Submit {job} to {} from {}", name(*process), origin(from))
        }
        Effect::Savepoint(Savepoint { process, job, trigger, stop, .. }) => {
            let stop = stop.map_or("without stopping".to_owned(), |stop| format!("{stop:?}"));
            format!("Savepoint {stop} {job} at {} as {trigger}", name(*process))
        }
        Effect::Cancel { process, job, .. } => format!("Cancel {job} at {}", name(*process)),
        Effect::DeletePod { pod } => format!("DeletePod {}", pod_name(*pod)),
        Effect::RemoveCluster { incarnation } => format!("RemoveCluster {incarnation}"),
        Effect::RemoveFinalizer => "RemoveFinalizer".to_owned(),
    }
}

fn name(process: Process) -> String {
    let pod = pod_name(process.pod);
    if process.restarts == 0 { pod } else { format!("{pod}#{}", process.restarts) }
}

fn wait(waiting: &Waiting) -> String {
    let until = waiting.until.map(|u| format!(", until {}", seconds(u))).unwrap_or_default();
    let cure = &waiting.unblocked_by();
    let cure = if cure.is_empty() { String::new() } else { format!("; cure: {cure}") };
    format!("  waits for {}{until}{cure}", waiting.what)
}

fn seconds(at: Timestamp) -> String {
    format!("{}s", at.0 as f64 / 1000.0)
}

/// Writes ids as the story names them.
fn shorten(desired: &Desired, mut text: String) -> String {
    for (name, id) in names(desired) {
        text = text.replace(&id, &name);
    }
    for hash in 1..10_u32 {
        text = text.replace(&DeployHash(hash).to_string(), &format!("v{hash}"));
    }
    text
}

/// Every id that the story's application can give out, with its name.
pub(crate) fn names(desired: &Desired) -> Vec<(String, String)> {
    let before = |n: u64| Ids { epoch: 0, issued: n - 1 };
    let pair = |n: u64| {
        let (job, trigger) = (before(n).job(desired.uid), before(n).trigger(desired.uid));
        [(format!("job-{n}"), job.to_string()), (format!("trigger-{n}"), trigger.to_string())]
    };
    (1..=IDS).rev().flat_map(pair).collect()
}
