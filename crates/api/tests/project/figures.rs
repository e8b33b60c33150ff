//! Observed numbers and the health that follows from them.

use std::time::Duration;

use flinkk8soperator_api::project::{
    ClusterFigures, Figures, JobFigures, Submitted, differs_beyond_figures,
};
use flinkk8soperator_api::v1beta1::FlinkApplicationStatus;
use flinkk8soperator_core::*;
use serde_json::{Value, json};

use crate::scene::*;

fn deployed() -> State {
    state(Some(live(1, Origin::Empty)), running())
}

fn cluster(number: u32) -> ClusterFigures {
    ClusterFigures {
        job_manager: Some(true),
        overview_url: Some("http://flink/#/overview".into()),
        task_managers: Some(2),
        task_managers_wanted: Some(2),
        healthy_task_managers: Some(2),
        task_slots: Some(4),
        available_task_slots: Some(1),
        ..ClusterFigures::of(Incarnation(number))
    }
}

fn running_job(number: u32) -> JobFigures {
    JobFigures {
        overview_url: Some("http://flink/#/jobs/1".into()),
        state: Some("RUNNING".into()),
        start_time: Some(at(0)),
        observed_at: Some(at(1000)),
        restarts: Some(1),
        completed_checkpoints: Some(70),
        failed_checkpoints: Some(3),
        restore_path: Some("s3://r".into()),
        restore_time: Some(at(5)),
        last_failing_time: Some(at(4)),
        last_checkpoint: Some("s3://c/chk-70".into()),
        last_checkpoint_time: Some(at(990)),
        checkpoint_interval: Some(Duration::from_secs(60)),
        running_tasks: Some(3),
        finished_tasks: Some(1),
        total_tasks: Some(4),
        ..JobFigures::of(job(number))
    }
}

fn submitted(number: u32) -> Submitted {
    Submitted {
        revision: Incarnation(number),
        jar_name: format!("counter-{number}.jar"),
        parallelism: 6,
        entry_class: Some("Counter".into()),
        program_args: Some("--fast yes".into()),
        allow_non_restored_state: true,
    }
}

fn round(
    story: &mut Story,
    seconds: u64,
    state: State,
    reason: Reason,
    figures: &Figures,
) -> Value {
    story.seen(seconds, &decision(state, reason, "so"), &Observation::default(), figures);
    story.json()
}

fn all(number: u32) -> Figures {
    Figures {
        cluster: Some(cluster(number)),
        job: Some(running_job(number)),
        submitted: Some(submitted(number)),
        beside: None,
        kept_out: None,
    }
}

#[test]
fn every_number_stands_where_the_reference_operator_has_it() {
    let status = round(&mut Story::default(), 1000, deployed(), Reason::Running, &all(1));
    assert_eq!(
        status["clusterStatus"],
        json!({
            "clusterOverviewURL": "http://flink/#/overview", "health": "Green", "numberOfTaskManagers": 2,
            "healthyTaskManagers": 2, "numberOfTaskSlots": 4, "availableTaskSlots": 1,
        })
    );
    assert_eq!(
        status["jobStatus"],
        json!({
            "jobOverviewURL": "http://flink/#/jobs/1", "jobID": "00000000000000000000000000000001",
            "health": "Green", "state": "RUNNING", "jarName": "counter-1.jar", "parallelism": 6,
            "entryClass": "Counter", "programArgs": "--fast yes", "allowNonRestoredState": true,
            "startTime": text(0), "jobRestartCount": 1, "completedCheckpointCount": 70,
            "failedCheckpointCount": 3, "restorePath": "s3://r", "restoreTime": text(5),
            "lastFailingTime": text(4), "lastCheckpoint": "s3://c/chk-70",
            "lastCheckpointTime": text(990), "runningTasks": 3, "totalTasks": 4,
        })
    );
}

#[test]
fn what_was_not_asked_for_stays_as_it_was_shown() {
    let mut story = Story::default();
    let before = round(&mut story, 1000, deployed(), Reason::Running, &all(1));
    let after = round(&mut story, 1010, deployed(), Reason::Running, &Figures::default());
    assert_eq!(after["clusterStatus"], before["clusterStatus"]);
    assert_eq!(after["jobStatus"], before["jobStatus"]);
    let one = JobFigures { completed_checkpoints: Some(71), ..JobFigures::of(job(1)) };
    let one = Figures { job: Some(one), ..Figures::default() };
    let mut expected = before["jobStatus"].clone();
    expected["completedCheckpointCount"] = json!(71);
    assert_eq!(round(&mut story, 1020, deployed(), Reason::Running, &one)["jobStatus"], expected);
}

#[test]
fn numbers_of_an_older_job_or_cluster_are_never_shown_for_the_newer_one() {
    let mut story = Story::default();
    round(&mut story, 1000, deployed(), Reason::Running, &all(1));
    let newer = state(Some(live(2, Origin::Empty)), running());
    let status = round(&mut story, 1010, newer, Reason::Running, &all(1));
    assert_eq!(status["clusterStatus"], json!({ "availableTaskSlots": 0 }));
    assert_eq!(
        status["jobStatus"],
        json!({
            "jobID": "00000000000000000000000000000002", "jarName": "", "parallelism": 4,
        })
    );
}

#[test]
fn in_mid_deploy_the_numbers_are_the_new_ones_and_what_was_submitted_the_old_versions() {
    let mut story = Story::default();
    round(&mut story, 1000, deployed(), Reason::Running, &all(1));
    let state = state(Some(stopped(1)), submitting(2, Origin::Restored(point(1)), true));
    let status = round(&mut story, 1010, state, Reason::Deploying, &all(2));
    let job = &status["jobStatus"];
    assert_eq!((&job["jarName"], &job["parallelism"]), (&json!("counter-1.jar"), &json!(6)));
    assert_eq!(
        (&job["jobID"], &job["runningTasks"]),
        (&json!("00000000000000000000000000000002"), &json!(3))
    );
}

fn job_health(reason: Reason, edit: impl Fn(&mut JobFigures)) -> String {
    let mut figures = all(1);
    figures.job.iter_mut().for_each(edit);
    let status = round(&mut Story::default(), 1000, deployed(), reason, &figures);
    status["jobStatus"]["health"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_job_is_red_unless_it_runs_or_finished() {
    let check = |state: &str, expected: &str| {
        assert_eq!(
            job_health(Reason::Running, |job| job.state = Some(state.into())),
            expected,
            "{state}"
        );
    };
    check("RUNNING", "Green");
    check("FINISHED", "Green");
    for state in [
        "INITIALIZING",
        "CREATED",
        "FAILING",
        "FAILED",
        "CANCELLING",
        "CANCELED",
        "RESTARTING",
        "SUSPENDED",
        "RECONCILING",
        "INVENTED",
    ] {
        check(state, "Red");
    }
}

#[test]
fn what_the_verdict_knows_is_never_green() {
    for reason in [
        Reason::JobFailed,
        Reason::JobLost,
        Reason::JobCanceledExternally,
        Reason::FlinkUnreachable,
    ] {
        assert_eq!(job_health(reason, |_| {}), "Red", "{}", reason.as_str());
    }
    assert_eq!(job_health(Reason::JobFinished, |job| job.state = None), "Green");
}

#[test]
fn a_job_is_yellow_while_tasks_are_missing() {
    let tasks = |running, finished, total| {
        job_health(Reason::Running, |job| {
            (job.running_tasks, job.finished_tasks, job.total_tasks) = (running, finished, total);
        })
    };
    assert_eq!(tasks(Some(4), None, Some(4)), "Green");
    assert_eq!(tasks(Some(3), None, Some(4)), "Yellow");
    assert_eq!(tasks(Some(3), Some(1), Some(4)), "Green");
    assert_eq!(tasks(None, None, Some(4)), "Green");
}

#[test]
fn a_job_is_yellow_without_a_checkpoint_for_ten_minutes_or_three_intervals() {
    let check = |interval: Option<u64>, checkpoint: Option<u64>, start: u64, expected: &str| {
        let health = job_health(Reason::Running, |job| {
            job.checkpoint_interval = interval.map(Duration::from_secs);
            job.last_checkpoint_time = checkpoint.map(at);
            job.start_time = Some(at(start));
            job.observed_at = Some(at(10_000));
        });
        assert_eq!(health, expected, "{interval:?} {checkpoint:?} {start}");
    };
    check(Some(60), Some(9400), 0, "Green");
    check(Some(60), Some(9399), 0, "Yellow");
    check(Some(1000), Some(7000), 0, "Green");
    check(Some(1000), Some(6999), 0, "Yellow");
    check(None, Some(0), 0, "Green");
    check(Some(60), None, 9400, "Green");
    check(Some(60), None, 9399, "Yellow");
    check(Some(60), Some(0), 9400, "Green");
}

#[test]
fn without_the_job_managers_clock_our_own_tells_the_age() {
    let health = |seconds: u64| {
        let mut figures = all(1);
        figures.job.as_mut().unwrap().observed_at = None;
        round(&mut Story::default(), seconds, deployed(), Reason::Running, &figures)["jobStatus"]["health"].clone()
    };
    assert_eq!(health(1581), "Green");
    assert_eq!(health(1591), "Yellow");
}

#[test]
fn a_version_whose_job_is_stopped_is_red_and_one_without_a_job_yet_is_nothing() {
    let health = |state: State| {
        round(&mut Story::default(), 0, state, Reason::Deploying, &Figures::default())["jobStatus"]
            ["health"]
            .clone()
    };
    assert_eq!(health(state(Some(stopped(1)), submitting(2, Origin::Empty, false))), "Red");
    assert_eq!(health(state(None, submitting(1, Origin::Empty, false))), Value::Null);
    assert_eq!(health(state(None, updating(1))), Value::Null);
    assert_eq!(health(state(Some(finished(1)), running())), "Green");
}

#[test]
fn a_job_that_ended_by_itself_stays_in_sight() {
    let mut story = Story::default();
    round(&mut story, 1000, deployed(), Reason::Running, &all(1));
    let ended = state(Some(finished(1)), running());
    let mut figures = all(1);
    figures.job.as_mut().unwrap().state = Some("FINISHED".into());
    let status = round(&mut story, 1010, ended.clone(), Reason::JobFinished, &figures);
    let job = &status["jobStatus"];
    assert_eq!((&job["state"], &job["health"]), (&json!("FINISHED"), &json!("Green")));
    assert_eq!(job["jobID"], "00000000000000000000000000000001");
    let later = round(&mut story, 1020, ended, Reason::JobFinished, &Figures::default());
    assert_eq!(later["jobStatus"], *job);
}

#[test]
fn a_lost_job_has_no_state_any_more() {
    let mut story = Story::default();
    round(&mut story, 1000, deployed(), Reason::Running, &all(1));
    let status = round(&mut story, 1010, deployed(), Reason::JobLost, &Figures::default());
    assert_eq!(
        (&status["jobStatus"]["state"], &status["jobStatus"]["health"]),
        (&Value::Null, &json!("Red"))
    );
}

#[test]
fn a_cluster_is_red_without_a_job_manager_and_yellow_with_too_few_task_managers() {
    let check = |reason, edit: fn(&mut ClusterFigures), expected: Value| {
        let mut figures = all(1);
        edit(figures.cluster.as_mut().unwrap());
        let status = round(&mut Story::default(), 1000, deployed(), reason, &figures);
        assert_eq!(status["clusterStatus"]["health"], expected);
    };
    check(Reason::Running, |_| {}, json!("Green"));
    check(Reason::Running, |c| c.healthy_task_managers = Some(3), json!("Green"));
    check(Reason::Running, |c| c.healthy_task_managers = Some(1), json!("Yellow"));
    check(
        Reason::Running,
        |c| (c.healthy_task_managers, c.task_managers_wanted) = (Some(0), Some(0)),
        json!("Yellow"),
    );
    check(Reason::Running, |c| c.job_manager = Some(false), json!("Red"));
    check(Reason::Running, |c| c.healthy_task_managers = None, Value::Null);
    check(Reason::FlinkUnreachable, |_| {}, json!("Red"));
}

fn stored(story: &Story) -> FlinkApplicationStatus {
    story.status.clone().unwrap_or_default()
}

#[test]
fn numbers_can_wait_and_health_cannot() {
    let mut story = Story::default();
    round(&mut story, 1000, deployed(), Reason::Running, &all(1));
    let before = stored(&story);
    let mut check = |edit: fn(&mut Figures), expected: bool| {
        let mut figures = all(1);
        edit(&mut figures);
        story.status = Some(before.clone());
        round(&mut story, 1010, deployed(), Reason::Running, &figures);
        assert_eq!(differs_beyond_figures(&before, &stored(&story)), expected);
        assert_ne!(before, stored(&story));
    };
    check(|f| f.job.as_mut().unwrap().completed_checkpoints = Some(71), false);
    check(|f| f.job.as_mut().unwrap().last_checkpoint = Some("s3://c/chk-71".into()), false);
    check(|f| f.job.as_mut().unwrap().last_checkpoint_time = Some(at(1005)), false);
    check(|f| f.job.as_mut().unwrap().restarts = Some(2), false);
    check(|f| f.cluster.as_mut().unwrap().available_task_slots = Some(2), false);
    check(|f| f.job.as_mut().unwrap().running_tasks = Some(2), true);
    check(|f| f.job.as_mut().unwrap().state = Some("FAILING".into()), true);
    check(|f| f.cluster.as_mut().unwrap().healthy_task_managers = Some(1), true);
}

#[test]
fn while_a_job_starts_its_health_can_wait_too() {
    let starting = || state(None, submitting(1, Origin::Empty, true));
    let mut story = Story::default();
    let mut figures = all(1);
    figures.job.as_mut().unwrap().state = Some("CREATED".into());
    round(&mut story, 0, starting(), Reason::Deploying, &figures);
    let before = stored(&story);
    round(&mut story, 5, starting(), Reason::Deploying, &all(1));
    assert_ne!(before.job_status.health, stored(&story).job_status.health);
    assert!(!differs_beyond_figures(&before, &stored(&story)));
}

#[test]
fn counts_beyond_what_the_reference_operators_client_can_read_are_capped() {
    let mut figures = all(1);
    figures.job.as_mut().unwrap().completed_checkpoints = Some(u64::MAX);
    let status = round(&mut Story::default(), 0, deployed(), Reason::Running, &figures);
    assert_eq!(status["jobStatus"]["completedCheckpointCount"], i32::MAX);
}
