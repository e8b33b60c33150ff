//! What a JobManager is assumed to answer.

use std::time::Duration;

use super::*;
use crate::{Bounds, FlinkVersion, Incarnation, Process, Silence, VertexId};

const JOB: JobId = JobId(7);
const OTHER: JobId = JobId(9);
const TRIGGER: TriggerId = TriggerId(8);
const NOW: Timestamp = Timestamp(5_000);
const PROCESS: Process = Process { pod: Uid(1), restarts: 0 };

fn about(slots: u32, slots_free: u32) -> FlinkCluster {
    FlinkCluster {
        version: FlinkVersion::V1_15,
        slots,
        slots_free,
        taskmanagers: 2,
        refresh_interval: Duration::from_secs(3),
        high_availability: false,
    }
}

/// A question that asks for nothing yet.
fn nothing() -> FlinkRequest {
    FlinkRequest::to(Incarnation(1), PROCESS)
}

/// Asks everything there is about a job.
fn all_about(job: JobId) -> FlinkRequest {
    FlinkRequest {
        cluster: true,
        jobs: true,
        job: Some(job),
        statistics: Some(job),
        checkpointing: Some(job),
        operation: Some((job, TRIGGER)),
        failure: Some(job),
        submission: Some(job),
        idle: true,
        requirements: Some(job),
        ..nothing()
    }
}

fn vertex(upper: u32, running: u32) -> Vertex {
    let bounds = Bounds { vertex: VertexId(u128::from(upper)), lower: 1, upper };
    Vertex { bounds, max_parallelism: None, parallelism: running, running }
}

fn in_state(state: JobState) -> Job {
    let clock = Timestamp(4_000);
    let ended_at = state.over().then_some(clock);
    Job { state, vertices: 2, vertices_up: 1, restarted_at: None, ended_at, clock }
}

/// Everything that there is to tell about a job.
fn told_all(state: JobState) -> Flink {
    Flink {
        process: Some(PROCESS),
        cluster: Fact::Known(about(2, 1)),
        jobs: Fact::Known(vec![JobSummary { id: JOB, state }]),
        job: Fact::Known(Some(in_state(state))),
        statistics: Fact::Known(Some(Statistics { newest_id: 5, ..Statistics::default() })),
        checkpointing: Fact::Known(None),
        operation: Fact::Known(Operation::InProgress),
        failure: Fact::Known("it failed".to_owned()),
        submission: Fact::Known(Post::NotSent),
        idle: Fact::Known(BTreeSet::from([Uid(2)])),
        requirements: Fact::Known(Some(vec![vertex(2, 1)])),
    }
}

fn silent<T>() -> Fact<T> {
    Fact::Unknown { why: Silence::TimedOut, for_how_long: Duration::from_secs(9) }
}

fn silent_about_all() -> Flink {
    Flink {
        process: Some(PROCESS),
        cluster: silent(),
        jobs: silent(),
        job: silent(),
        statistics: silent(),
        checkpointing: silent(),
        operation: silent(),
        failure: silent(),
        submission: silent(),
        idle: silent(),
        requirements: silent(),
    }
}

fn heard(flink: &Flink, question: &FlinkRequest) -> JobManager {
    JobManager::new(about(4, 4), Some((flink, question)), None)
}

/// The answer with the one about idle TaskManagers, of which there are two.
fn answer(jobmanager: &JobManager, question: &FlinkRequest, now: Timestamp) -> Flink {
    let idle = jobmanager.idle([Uid(1), Uid(2)].into_iter());
    Flink { idle, ..jobmanager.answer(question, now) }
}

#[test]
fn what_the_caller_was_told_is_told_again_and_silence_stays_silence() {
    let question = all_about(JOB);
    for flink in [told_all(JobState::Running), silent_about_all()] {
        let early = Timestamp(3_000);
        assert_eq!(answer(&heard(&flink, &question), &question, early), flink);
    }
    // The JobManager's clock goes on.
    let told = answer(&heard(&told_all(JobState::Running), &question), &question, NOW);
    assert_eq!(told.job, Fact::Known(Some(Job { clock: NOW, ..in_state(JobState::Running) })));
}

#[test]
fn what_is_not_asked_is_not_answered() {
    let flink = told_all(JobState::Running);
    let jobmanager = heard(&flink, &all_about(JOB));
    let silent = Flink { process: Some(PROCESS), ..Flink::default() };
    assert_eq!(jobmanager.answer(&nothing(), NOW), silent);
}

#[test]
fn an_answer_belongs_to_the_job_that_was_asked_about() {
    let flink = told_all(JobState::Running);
    let jobmanager = heard(&flink, &all_about(JOB));
    let other = jobmanager.answer(&all_about(OTHER), NOW);
    assert_eq!(other.job, Fact::Known(None));
    assert_eq!(other.statistics, Fact::Known(None));
    assert_eq!(other.operation, Fact::Known(Operation::Unknown));
    assert_eq!(other.failure, Fact::Known(String::new()));
    assert_eq!(other.requirements, Fact::Known(None));
    // A question that was not asked: whatever stands there was not told.
    let unheard = heard(&flink, &FlinkRequest { jobs: true, ..nothing() });
    let told = unheard.answer(&all_about(JOB), NOW);
    assert_eq!(told.statistics, Fact::Known(Some(Statistics::default())));
    assert_eq!(told.operation, Fact::Known(Operation::Unknown));
    assert_eq!(told.requirements, Fact::Known(None));
    assert_eq!(unheard.idle([Uid(1), Uid(2)].into_iter()), Fact::Known([Uid(2)].into()));
}

#[test]
fn the_list_of_jobs_is_newer_than_the_details() {
    let jobs = Fact::Known(vec![JobSummary { id: JOB, state: JobState::Finished }]);
    let flink = Flink { jobs, ..told_all(JobState::Running) };
    let told = heard(&flink, &all_about(JOB)).answer(&all_about(JOB), NOW);
    let state = told.job.known().copied().flatten().map(|job| job.state);
    assert_eq!(state, Some(JobState::Finished));
}

#[test]
fn a_job_is_expected_to_run_only_where_nobody_said_whether_it_does() {
    let question = FlinkRequest { jobs: true, job: Some(JOB), ..nothing() };
    let runs = |told: Option<Flink>| {
        let told = told.as_ref().map(|flink| (flink, &question));
        JobManager::new(about(4, 4), told, Some(JOB)).runs()
    };
    let (jobs, job) = (Fact::Known(Vec::new()), Fact::Known(None));
    assert!(runs(None));
    assert!(runs(Some(Flink::default())));
    assert!(!runs(Some(Flink { jobs: jobs.clone(), ..Flink::default() })));
    assert!(!runs(Some(Flink { job, ..Flink::default() })));
    assert!(!runs(Some(Flink { jobs, job: Fact::Known(None), ..Flink::default() })));
    assert!(!JobManager::new(about(4, 4), None, None).runs());
}

#[test]
fn a_job_runs_with_all_its_vertices() {
    let up = |state, vertices_up| {
        let job = Fact::Known(Some(Job { vertices_up, ..in_state(state) }));
        let flink = Flink { job, jobs: Fact::Unasked, ..told_all(state) };
        heard(&flink, &all_about(JOB)).runs()
    };
    assert!(up(JobState::Running, 2));
    assert!(!up(JobState::Running, 1));
    // It counts as up in the machine's eyes, but it does not run.
    assert!(!up(JobState::Finished, 2));
}

#[test]
fn who_is_idle_is_known_as_long_as_nothing_came_or_went() {
    let flink = Flink { idle: Fact::Known([Uid(1)].into()), ..told_all(JobState::Running) };
    let mut jobmanager = heard(&flink, &all_about(JOB));
    let idle = |of: &JobManager| of.idle([Uid(1), Uid(2)].into_iter());
    jobmanager.registers(2);
    assert_eq!(idle(&jobmanager), Fact::Known([Uid(1)].into()));
    jobmanager.registers(3);
    // One of them has all the work.
    assert_eq!(idle(&jobmanager), Fact::Known([Uid(2)].into()));
    assert_eq!(
        answer(&jobmanager, &all_about(JOB), NOW).cluster.known().map(|c| c.taskmanagers),
        Some(3)
    );
}

#[test]
fn a_job_that_is_rescaled_runs_what_it_may() {
    let requirements = Fact::Known(Some(vec![vertex(2, 2), vertex(3, 3)]));
    let flink = Flink { requirements, ..told_all(JobState::Running) };
    let question = all_about(JOB);
    let mut jobmanager = heard(&flink, &question);
    let wider = Bounds { upper: 4, ..vertex(2, 2).bounds };
    let wanted = |job| Requirements {
        incarnation: Incarnation(1),
        process: PROCESS,
        job,
        bounds: vec![wider],
    };
    jobmanager.rescale(&wanted(OTHER));
    assert_eq!(answer(&jobmanager, &question, Timestamp(0)), flink);
    jobmanager.rescale(&wanted(JOB));
    let first = Vertex { bounds: wider, parallelism: 4, running: 4, ..vertex(2, 2) };
    let told = answer(&jobmanager, &question, NOW);
    assert_eq!(told.requirements, Fact::Known(Some(vec![first, vertex(3, 3)])));
}

#[test]
fn a_savepoint_is_found_by_its_operation_and_in_the_statistics_and_ends_the_job_as_it_says() {
    let rows = [
        (None, JobState::Running, CheckpointKind::Savepoint),
        (Some(SavepointStop::Stop), JobState::Finished, CheckpointKind::SyncSavepoint),
        (Some(SavepointStop::Cancel), JobState::Canceled, CheckpointKind::Savepoint),
    ];
    for (stop, state, kind) in rows {
        let operation = Fact::Known(Operation::Unknown);
        let flink = Flink { operation, ..told_all(JobState::Running) };
        let mut jobmanager = heard(&flink, &all_about(JOB));
        let incarnation = Incarnation(1);
        let savepoint = |job, trigger| Savepoint {
            incarnation,
            process: PROCESS,
            job,
            trigger,
            stop,
            own_directory: true,
        };
        assert_eq!(jobmanager.stop(&savepoint(OTHER, TRIGGER), NOW), None);
        let path = jobmanager.stop(&savepoint(JOB, TRIGGER), NOW).expect("it knows the job");
        assert!(path.contains(&TRIGGER.to_string()), "{path}");
        let told = answer(&jobmanager, &all_about(JOB), NOW);
        assert_eq!(told.operation, Fact::Known(Operation::Completed { path: path.clone() }));
        assert_eq!(told.jobs, Fact::Known(vec![JobSummary { id: JOB, state }]));
        let listed = Checkpoint { id: 6, kind, path: Some(path), discarded: false, taken: NOW };
        let statistics = told.statistics.known().cloned().flatten().expect("there are some");
        assert_eq!((statistics.newest_id, statistics.completed), (6, vec![listed]));
    }
}

#[test]
fn a_job_that_is_over_cannot_be_cancelled() {
    let after = |state| {
        let mut jobmanager = heard(&told_all(state), &all_about(JOB));
        jobmanager.cancel(JOB);
        let told = jobmanager.answer(&all_about(JOB), NOW);
        told.jobs.known().and_then(|jobs| Some(jobs.first()?.state))
    };
    assert_eq!(after(JobState::Running), Some(JobState::Canceled));
    assert_eq!(after(JobState::Failed), Some(JobState::Failed));
}

#[test]
fn what_is_under_way_gets_there() {
    use JobState::{
        Canceled, Cancelling, Failed, Finished, Restarting, Running, Starting, Suspended,
    };
    let rows = [
        (Starting, Running, 2),
        (Running, Running, 2),
        (Restarting, Running, 2),
        (Cancelling, Canceled, 1),
        (Finished, Finished, 1),
        (Canceled, Canceled, 1),
        (Failed, Failed, 1),
        (Suspended, Suspended, 1),
    ];
    for (before, after, up) in rows {
        let operation = Fact::Known(Operation::Unknown);
        let mut jobmanager = heard(&Flink { operation, ..told_all(before) }, &all_about(JOB));
        assert_eq!(jobmanager.goes_on(NOW, None, about(4, 4)), Vec::<String>::new());
        let told = jobmanager.answer(&all_about(JOB), NOW);
        let job = told.job.known().copied().flatten().expect("it knows the job");
        assert_eq!((job.state, job.vertices_up), (after, up), "{before:?}");
        let tasks = told.requirements.known().and_then(|of| Some(of.as_ref()?.first()?.running));
        assert_eq!(tasks, Some(up), "{before:?}");
        // Slots come up; they are free where no job is left.
        let free = if after.over() { 4 } else { 1 };
        assert_eq!(told.cluster, Fact::Known(about(4, free)), "{before:?}");
    }
}

#[test]
fn a_savepoint_under_way_is_taken_and_the_job_ends_with_it() {
    let mut jobmanager = heard(&told_all(JobState::Running), &all_about(JOB));
    let paths = jobmanager.goes_on(NOW, Some(SavepointStop::Stop), about(4, 4));
    assert_eq!(paths.len(), 1);
    let told = jobmanager.answer(&all_about(JOB), NOW);
    assert_eq!(told.operation, Fact::Known(Operation::Completed { path: paths[0].clone() }));
    let finished = JobSummary { id: JOB, state: JobState::Finished };
    assert_eq!(told.jobs, Fact::Known(vec![finished]));
}

#[test]
fn a_submission_arrives_unless_it_was_not_sent_or_was_refused() {
    let refused = Post::Refused { retriable: true, message: String::new(), alone: true };
    let rows = [
        (Post::InFlight { alone: true }, true),
        (Post::Accepted, true),
        (Post::MaybeSent, true),
        (Post::Lost, true),
        (Post::NotSent, false),
        (refused, false),
    ];
    let question = FlinkRequest { jobs: true, submission: Some(JOB), ..nothing() };
    for (post, arrives) in rows {
        let (jobs, submission) = (Fact::Known(Vec::new()), Fact::Known(post.clone()));
        let flink = Flink { jobs, submission, ..Flink::default() };
        let mut jobmanager = heard(&flink, &question);
        jobmanager.goes_on(NOW, None, about(4, 4));
        assert_eq!(jobmanager.runs(), arrives, "{post:?}");
        let after = if arrives { Post::Accepted } else { post };
        assert_eq!(jobmanager.answer(&question, NOW).submission, Fact::Known(after));
    }
}
