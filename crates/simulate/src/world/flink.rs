//! What Flink answered in a recorded world: which jobs its JobManagers know, and what they have written.

use std::cmp::Reverse;

use flinkk8soperator_sim::http::cluster::StandingObjects;
use flinkk8soperator_sim::http::kubernetes::meta::{array, text};
use flinkk8soperator_sim::world::{
    FileKind, FlinkVersion, JobId, JobScheduler, JobState, Retention, Role, Settings, Standing,
    StandingFile, StandingJob, StandingOperation, StandingOutcome, Stop, TriggerId,
};
use serde_json::Value;

use super::member::{Fault, Member, Wrong};
use super::objects::selects;
use super::verdict::Verdict;
use crate::version::flink;

/// Reads the answers behind all Services into what stands; answers with what all clusters have in common.
pub(super) fn read(root: &Member<'_>, objects: &mut StandingObjects) -> Result<Settings, Fault> {
    let verdict = Verdict::of(&objects.application);
    let mut settings = Settings::default();
    let mut jobs: Vec<(u64, StandingJob)> = Vec::new();
    for (jobmanager, answers) in answering(root, objects)? {
        let standing = &mut objects.standing;
        standing.pods[jobmanager].ready = true;
        settings = of_the_cluster(&answers, settings)?;
        register(&answers, jobmanager, (standing, &objects.pods))?;
        let at = At { jobmanager, answers: &answers, verdict: &verdict };
        for job in answers.required("GET /jobs")?.member(&["jobs"])?.items()? {
            jobs.push(at.job(&job, standing)?);
        }
    }
    jobs.sort_by_key(|(began, _)| *began);
    objects.standing.jobs = jobs.into_iter().map(|(_, job)| job).collect();
    Ok(settings)
}

/// The answers of a JobManager, by request.
struct Answers<'v>(Member<'v>);

impl<'v> Answers<'v> {
    /// What was answered; none: it was refused.
    fn get(&self, request: &str) -> Result<Option<Member<'v>>, Fault> {
        let answer = self.0.member(&[request])?;
        let good = answer.member(&["status"])?.number()? == 200;
        good.then(|| answer.member(&["body"])).transpose()
    }

    fn required(&self, request: &str) -> Result<Member<'v>, Fault> {
        let body = self.0.member(&[request, "body"])?;
        Ok(self.get(request)?.unwrap_or(body))
    }

    /// Of two recordings of one cluster the later one counts.
    fn asked_at(&self) -> u64 {
        let entries = self.0.value.as_object().into_iter().flatten();
        let now = entries.filter_map(|(_, answer)| answer.pointer("/body/now")?.as_u64());
        now.max().unwrap_or(0)
    }
}

/// The JobManagers' pods that answered, each with its answers.
fn answering<'v>(
    root: &Member<'v>,
    objects: &StandingObjects,
) -> Result<Vec<(usize, Answers<'v>)>, Fault> {
    let services = root.member(&["services"])?.items()?;
    let mut found: Vec<(usize, Answers<'v>)> = Vec::new();
    for (name, member) in root.member(&["flink"])?.entries()? {
        let named = |service: &&Member<'_>| text(service.value, "/metadata/name") == name;
        let service = services.iter().find(named);
        let service = service.ok_or_else(|| member.fault(Wrong::UnknownService))?;
        let answers = Answers(member);
        if answers.get("GET /overview")?.is_none() {
            continue;
        }
        let pod = jobmanager(service.value, objects);
        let pod = pod.ok_or_else(|| answers.0.fault(Wrong::NoJobManager))?;
        match found.iter_mut().find(|(known, _)| *known == pod) {
            None => found.push((pod, answers)),
            Some((_, known)) if known.asked_at() < answers.asked_at() => *known = answers,
            Some(_) => {}
        }
    }
    Ok(found)
}

/// The JobManager's pod that a Service leads to: one that is ready, where there is one.
fn jobmanager(service: &Value, objects: &StandingObjects) -> Option<usize> {
    let Standing { pods, deployments, .. } = &objects.standing;
    let leads = |n: &usize| {
        let is_jobmanager = deployments[pods[*n].deployment].role == Role::JobManager;
        is_jobmanager
            && pods[*n].running
            && selects(service.pointer("/spec/selector"), &objects.pods[*n])
    };
    (0..pods.len()).filter(leads).min_by_key(|n| (Reverse(pods[*n].ready), pods[*n].terminating))
}

fn of_the_cluster(answers: &Answers<'_>, settings: Settings) -> Result<Settings, Fault> {
    let Some(config) = answers.get("GET /config")? else { return Ok(settings) };
    let version = config.member(&["flink-version"])?;
    let flink =
        flink(version.text()?).ok_or_else(|| version.fault(Wrong::Type("version of Flink")))?;
    let refresh_interval = config.member(&["refresh-interval"])?.number()?;
    let rescales = config.maybe("features").is_some_and(|features| features.is("web-rescale"));
    // `web-rescale` was something else before there was an adaptive scheduler that a client can steer.
    let adapts = rescales && flink >= FlinkVersion(1, 18);
    let scheduler = if adapts { JobScheduler::Adaptive } else { JobScheduler::Default };
    Ok(Settings { flink, refresh_interval, scheduler, ..settings })
}

/// TaskManagers are known by their pods' addresses.
fn register(
    answers: &Answers<'_>,
    jobmanager: usize,
    (standing, pods): (&mut Standing, &[Value]),
) -> Result<(), Fault> {
    let Some(body) = answers.get("GET /taskmanagers")? else { return Ok(()) };
    for taskmanager in body.member(&["taskmanagers"])?.items()? {
        let path = taskmanager.member(&["path"])?.text()?;
        let slots = taskmanager.member(&["slotsNumber"])?.count()?;
        let host = path.split_once('@').and_then(|(_, rest)| rest.rsplit_once(':'));
        let host = host.map_or("", |(host, _)| host);
        let is_here = |pod: &Value| !host.is_empty() && text(pod, "/status/podIP") == host;
        // One without a pod has ended, and its JobManager has not noticed yet.
        if let Some(number) = pods.iter().position(is_here) {
            standing.pods[number].registered = Some(jobmanager);
            standing.pods[number].slots = slots;
        }
    }
    Ok(())
}

/// Where jobs are read.
struct At<'a, 'v> {
    jobmanager: usize,
    answers: &'a Answers<'v>,
    verdict: &'a Verdict,
}

impl At<'_, '_> {
    /// A job, and when it was begun.
    fn job(
        &self,
        listed: &Member<'_>,
        standing: &mut Standing,
    ) -> Result<(u64, StandingJob), Fault> {
        let name = listed.member(&["id"])?.text()?;
        let id = listed.member(&["id"])?.id()?;
        let state = state(&listed.member(&["status"])?)?;
        let details = self.answers.get(&format!("GET /jobs/{name}"))?;
        let statistics = self.answers.get(&format!("GET /jobs/{name}/checkpoints"))?;
        let config = self.answers.get(&format!("GET /jobs/{name}/checkpoints/config"))?;
        let deployment = &standing.deployments[standing.pods[self.jobmanager].deployment];
        let (label, spec) = (deployment.label, &mut standing.clusters[deployment.cluster]);
        if let Some(config) = config {
            spec.retention = retention(&config)?;
        }
        let details = details.map(|details| details.value.clone()).unwrap_or_default();
        let vertices = array(&details, "/vertices");
        let tasks = vertices.iter().filter_map(|vertex| vertex["parallelism"].as_u64()).max();
        let tasks = tasks.and_then(|n| u32::try_from(n).ok()).unwrap_or(spec.parallelism);
        let runs = |vertex: &Value| matches!(text(vertex, "/status"), "RUNNING" | "FINISHED");
        let instant = |path: &str| details.pointer(path).and_then(Value::as_u64);
        let mut job = StandingJob {
            pod: self.jobmanager,
            id: JobId(id),
            state,
            up: !vertices.is_empty() && vertices.iter().all(runs),
            parallelism: tasks,
            announced: self.verdict.is_good(&[label, spec.hash]),
            restored: 0,
            restored_from: None,
            files: Vec::new(),
            newest: 0,
            restarted_at: instant("/timestamps/RESTARTING").filter(|at| *at > 0),
            ended_at: instant("/end-time"),
            operations: Vec::new(),
        };
        if let Some(statistics) = statistics {
            self.statistics(&statistics, &mut job)?;
        }
        self.operations(name, &mut job)?;
        Ok((instant("/start-time").unwrap_or(u64::MAX), job))
    }

    fn statistics(&self, body: &Member<'_>, job: &mut StandingJob) -> Result<(), Fault> {
        job.restored = body.member(&["counts", "restored"])?.count()?;
        let latest = body.member(&["latest"])?;
        if let Some(restored) = latest.maybe("restored") {
            job.restored_from = Some(restored_from(&restored)?);
        }
        let mut listed = body.member(&["history"])?.items()?;
        listed.extend(["completed", "savepoint"].iter().filter_map(|name| latest.maybe(name)));
        for entry in &listed {
            let id = entry.member(&["id"])?.number()?;
            let done = entry.member(&["status"])?.text()? == "COMPLETED";
            let under_way = entry.member(&["status"])?.text()? == "IN_PROGRESS";
            // A checkpoint under way is completed by the world as its next one.
            if !under_way || is_savepoint(entry) {
                job.newest = job.newest.max(id);
            }
            if done && job.files.iter().all(|known| known.id != id) {
                job.files.push(written(entry)?);
            }
            if under_way && is_savepoint(entry) {
                job.operations.push(self.under_way(job.id, id, entry.value));
            }
        }
        let from = job.restored_from.as_ref().map_or(0, |from| from.id);
        job.newest = job.newest.max(from);
        job.files.sort_by_key(|file| file.id);
        Ok(())
    }

    /// A savepoint under way, by an id that nobody has told (yet).
    fn under_way(&self, job: JobId, checkpoint: u64, entry: &Value) -> StandingOperation {
        let sync = text(entry, "/checkpoint_type") == "SYNC_SAVEPOINT";
        StandingOperation {
            trigger: TriggerId(job.0 ^ u128::from(checkpoint)),
            stop: if sync { Stop::Stop } else { self.verdict.stop },
            checkpoint,
            outcome: StandingOutcome::InProgress,
        }
    }

    fn operations(&self, name: &str, job: &mut StandingJob) -> Result<(), Fault> {
        let of_the_job = format!("GET /jobs/{name}/savepoints/");
        for (request, _) in self.answers.0.entries()? {
            let Some(trigger) = request.strip_prefix(&of_the_job) else { continue };
            let answer = self.answers.get(request)?;
            let trigger = u128::from_str_radix(trigger, 16).ok().map(TriggerId);
            let (Some(body), Some(trigger)) = (answer, trigger) else { continue };
            let outcome = outcome(&body)?;
            let open = job.operations.iter_mut().find(|o| o.outcome == outcome);
            match open.filter(|_| outcome == StandingOutcome::InProgress) {
                Some(operation) => operation.trigger = trigger,
                None => {
                    let checkpoint = self.checkpoint(job, &outcome);
                    job.newest = job.newest.max(checkpoint);
                    let stop = self.verdict.stop;
                    job.operations.push(StandingOperation { trigger, stop, checkpoint, outcome });
                }
            }
        }
        Ok(())
    }

    /// The checkpoint id of an operation that the statistics do not tell as under way.
    fn checkpoint(&self, job: &StandingJob, outcome: &StandingOutcome) -> u64 {
        match outcome {
            StandingOutcome::InProgress => job.newest + 1,
            StandingOutcome::Failed(_) => job.newest,
            StandingOutcome::Completed(path) => {
                let file = job.files.iter().find(|file| file.path == *path);
                file.map_or(job.newest, |file| file.id)
            }
        }
    }
}

fn state(member: &Member<'_>) -> Result<JobState, Fault> {
    match member.text()? {
        "INITIALIZING" | "CREATED" | "RECONCILING" | "RUNNING" => Ok(JobState::Running),
        "RESTARTING" | "FAILING" => Ok(JobState::Restarting),
        "CANCELLING" => Ok(JobState::Cancelling),
        "CANCELED" => Ok(JobState::Canceled),
        "FINISHED" => Ok(JobState::Finished),
        "FAILED" => Ok(JobState::Failed),
        other => Err(member.fault(Wrong::State(other.to_owned()))),
    }
}

fn retention(config: &Member<'_>) -> Result<Retention, Fault> {
    let externalization = config.member(&["externalization"])?;
    let deletes = externalization.is("delete_on_cancellation");
    Ok(match (externalization.is("enabled"), deletes) {
        (false, _) => Retention::Unset,
        (true, true) => Retention::DeleteOnCancellation,
        (true, false) => Retention::RetainOnCancellation,
    })
}

fn is_savepoint(entry: &Member<'_>) -> bool {
    entry.is("is_savepoint")
}

fn kind(entry: &Member<'_>) -> FileKind {
    if is_savepoint(entry) { FileKind::Savepoint } else { FileKind::Checkpoint }
}

fn written(entry: &Member<'_>) -> Result<StandingFile, Fault> {
    Ok(StandingFile {
        id: entry.member(&["id"])?.number()?,
        path: entry.member(&["external_path"])?.text()?.to_owned(),
        kind: kind(entry),
        sync: text(entry.value, "/checkpoint_type") == "SYNC_SAVEPOINT",
        discarded: entry.is("discarded"),
        taken: entry.member(&["trigger_timestamp"])?.number()?,
    })
}

fn restored_from(entry: &Member<'_>) -> Result<StandingFile, Fault> {
    Ok(StandingFile {
        id: entry.member(&["id"])?.number()?,
        path: entry.member(&["external_path"])?.text()?.to_owned(),
        kind: kind(entry),
        sync: false,
        discarded: false,
        taken: entry.member(&["restore_timestamp"])?.number()?,
    })
}

fn outcome(body: &Member<'_>) -> Result<StandingOutcome, Fault> {
    if body.member(&["status", "id"])?.text()? != "COMPLETED" {
        return Ok(StandingOutcome::InProgress);
    }
    let operation = body.member(&["operation"])?;
    if let Some(location) = operation.maybe("location") {
        return Ok(StandingOutcome::Completed(location.text()?.to_owned()));
    }
    let trace = operation.member(&["failure-cause", "stack-trace"])?.text()?;
    // What stands behind the last of the exceptions that wrap one another; the world wraps it again.
    let line = trace.lines().next().unwrap_or_default();
    let words = line.rsplit_once("Exception: ").map_or(line, |(_, words)| words);
    Ok(StandingOutcome::Failed(words.to_owned()))
}
