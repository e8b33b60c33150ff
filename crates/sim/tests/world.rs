//! The simulated world behaves as real clusters were recorded to.

use flinkk8soperator_sim::world::{
    Answer, AppId, Cluster, FlinkVersion, JobId, JobState, Latencies, Mishap, OperationState,
    Process, Program, Retention, Role, RunId, Scheduler, Settings, Spec, Step, Stop, TriggerId,
    World,
};

const JOB: JobId = JobId(7);
const TRIGGER: TriggerId = TriggerId(9);
const CLUSTER: Cluster = Cluster { app: AppId(0), incarnation: 1 };

/// A world with one cluster that is up.
struct Lab {
    world: World,
    scheduler: Scheduler,
}

impl Lab {
    fn new(spec: Spec, flink: FlinkVersion) -> Lab {
        let mut world = World::new(Settings { flink, ..Settings::default() });
        world.create_application("app", spec.clone());
        world.save_revision(CLUSTER, spec).expect("there is none yet");
        for role in [Role::JobManager, Role::TaskManager] {
            world.create_deployment(CLUSTER, role).expect("the name is free");
        }
        let latencies = Latencies { checkpoint: u64::MAX / 2, ..Latencies::default() };
        let mut lab = Lab { world, scheduler: Scheduler::new(latencies) };
        lab.wait(20_000);
        lab
    }

    fn good() -> Lab {
        Lab::new(Spec::good(1), FlinkVersion(1, 20))
    }

    fn wait(&mut self, millis: u64) {
        let until = self.world.now + millis;
        self.scheduler.run_until(&mut self.world, until);
    }

    fn process(&self) -> Process {
        self.world.serving(CLUSTER).expect("a JobManager serves")
    }

    fn submit(&mut self, job: JobId, from: Option<&str>) -> Option<Answer> {
        let process = self.process();
        self.world.submit(process, job, from, 1).expect("it answers");
        self.wait(3_000);
        self.world.take_answer(process, job)
    }

    fn state(&mut self, job: JobId) -> Option<JobState> {
        let process = self.process();
        let jobs = self.world.jobs(process).expect("it answers");
        jobs.into_iter().find(|(id, _)| *id == job).map(|(_, state)| state)
    }

    fn stop(&mut self, how: Stop) {
        let process = self.process();
        self.world.savepoint(process, JOB, TRIGGER, how, "file:///s").expect("it answers");
    }

    fn checkpoint(&mut self) {
        self.world.apply(Step::CheckpointCompletes(RunId(0)));
        assert_eq!(self.world.files.len(), 1, "a checkpoint is written");
    }

    fn checkpoint_exists(&self) -> bool {
        self.world.files[0].deleted.is_none()
    }
}

#[test]
fn a_cluster_comes_up_by_itself_and_runs_a_job() {
    let mut lab = Lab::good();
    let process = lab.process();
    let overview = lab.world.overview(process).expect("it answers");
    assert_eq!((overview.taskmanagers, overview.slots, overview.free), (1, 1, 1));
    assert_eq!(lab.submit(JOB, None), Some(Answer::Accepted));
    assert_eq!(lab.state(JOB), Some(JobState::Running));
    assert!(lab.world.consumes(RunId(0)));
    assert_eq!(lab.world.overview(process).map(|o| o.free), Some(0));
}

#[test]
fn a_finished_stop_shows_in_details_only_when_the_cache_has_aged() {
    let mut lab = Lab::good();
    lab.submit(JOB, None);
    let process = lab.process();
    let state = |lab: &mut Lab| lab.world.job(process, JOB).flatten().map(|d| d.state);
    assert_eq!(state(&mut lab), Some(JobState::Running));
    lab.stop(Stop::Stop);
    lab.wait(1_000);
    let told = lab.world.operation(process, JOB, TRIGGER).flatten();
    assert!(matches!(told, Some(OperationState::Completed(_))), "{told:?}");
    assert_eq!(lab.state(JOB), Some(JobState::Finished), "the list of jobs is not cached");
    assert_eq!(state(&mut lab), Some(JobState::Running));
    lab.wait(2_000);
    assert_eq!(state(&mut lab), Some(JobState::Finished));
    let listed = |lab: &mut Lab| {
        let statistics = lab.world.statistics(process, JOB).flatten().expect("the job is known");
        statistics.completed.len()
    };
    assert_eq!(listed(&mut lab), 0, "the copy of the statistics is younger: of just before it");
    lab.wait(1_000);
    assert_eq!(listed(&mut lab), 1, "the statistics name the savepoint");
}

#[test]
fn cancel_with_savepoint_ends_canceled_with_the_savepoint_in_the_statistics() {
    let mut lab = Lab::good();
    lab.submit(JOB, None);
    lab.stop(Stop::Cancel);
    lab.wait(1_000);
    assert_eq!(lab.state(JOB), Some(JobState::Canceled));
    assert_eq!(lab.world.files.len(), 1);
}

#[test]
fn main_outlives_the_client_that_sent_it() {
    let mut lab = Lab::good();
    let process = lab.process();
    lab.world.submit(process, JOB, None, 1).expect("it answers");
    lab.world.give_up_waiting(Some(JOB));
    assert_eq!(lab.world.job(process, JOB), Some(None), "404 while main() runs");
    lab.wait(3_000);
    assert_eq!(lab.world.take_answer(process, JOB), None);
    assert_eq!(lab.state(JOB), Some(JobState::Running));
}

#[test]
fn an_id_that_ended_is_refused_from_1_15_on_and_by_the_same_process_only() {
    let refused = |answer: Option<Answer>| answer == Some(Answer::Duplicate);
    for (flink, refuses) in [(FlinkVersion(1, 14), false), (FlinkVersion(1, 15), true)] {
        let mut lab = Lab::new(Spec { slots: 2, ..Spec::good(1) }, flink);
        lab.submit(JOB, None);
        assert!(refused(lab.submit(JOB, None)), "refused while it runs, on {flink:?}");
        let process = lab.process();
        lab.world.cancel(process, JOB).expect("it runs");
        lab.wait(1_000);
        assert_eq!(refused(lab.submit(JOB, None)), refuses, "after its end, on {flink:?}");
    }
    let mut lab = Lab::good();
    lab.submit(JOB, None);
    let pod = lab.process().pod;
    lab.world.befall(Mishap::ProcessRestarts(pod));
    lab.wait(60_000);
    assert_eq!(lab.submit(JOB, None), Some(Answer::Accepted), "after a restart");
}

#[test]
fn a_lost_job_manager_leaves_its_tasks_running_until_the_task_manager_notices() {
    let mut lab = Lab::good();
    lab.submit(JOB, None);
    let pod = lab.process().pod;
    lab.world.befall(Mishap::ProcessRestarts(pod));
    lab.wait(10_000);
    assert_eq!(lab.state(JOB), None, "the new process does not know the job");
    assert!(lab.world.consumes(RunId(0)), "its tasks run all the same");
    lab.wait(45_000);
    assert!(!lab.world.consumes(RunId(0)));
}

#[test]
fn a_savepoint_of_an_unknown_job_fails_as_an_operation() {
    let mut lab = Lab::good();
    lab.stop(Stop::Stop);
    let process = lab.process();
    let told = lab.world.operation(process, JOB, TRIGGER).flatten();
    assert!(matches!(told, Some(OperationState::Failed(_))), "{told:?}");
}

#[test]
fn a_restore_from_a_missing_file_is_refused_and_leaves_a_failed_job() {
    let mut lab = Lab::good();
    let answer = lab.submit(JOB, Some("file:///missing"));
    assert!(matches!(answer, Some(Answer::Refused(_))), "{answer:?}");
    assert_eq!(lab.state(JOB), Some(JobState::Failed));
}

#[test]
fn a_wrong_class_and_a_main_that_throws_are_refused_and_leave_no_job() {
    for program in [Program::ClassNotFound, Program::MainThrows] {
        let mut lab = Lab::new(Spec { program, ..Spec::good(1) }, FlinkVersion(1, 20));
        let answer = lab.submit(JOB, None);
        assert!(matches!(answer, Some(Answer::Refused(_))), "{program:?}: {answer:?}");
        assert_eq!(lab.state(JOB), None, "{program:?}");
    }
}

#[test]
fn checkpoints_are_kept_as_recorded() {
    use Retention::{DeleteOnCancellation, RetainOnCancellation, Unset};
    // (retention, after a cancel, after a failure, after a stop, after SIGTERM, after SIGKILL)
    let rows = [
        (Unset, [false, false, false, false, true]),
        (DeleteOnCancellation, [false, true, false, false, true]),
        (RetainOnCancellation, [true, true, false, true, true]),
    ];
    for (retention, expected) in rows {
        let found = std::array::from_fn(|n| {
            let mut lab = Lab::new(Spec { retention, ..Spec::good(1) }, FlinkVersion(1, 20));
            lab.submit(JOB, None);
            lab.checkpoint();
            let process = lab.process();
            match n {
                0 => lab.world.cancel(process, JOB).expect("it runs"),
                1 => lab.world.befall(Mishap::JobFails(RunId(0))),
                2 => lab.stop(Stop::Stop),
                3 => lab.world.delete_pod(process.pod),
                _ => lab.world.befall(Mishap::PodLost(process.pod)),
            }
            lab.wait(5_000);
            lab.checkpoint_exists()
        });
        assert_eq!(found, expected, "{retention:?}");
    }
}

#[test]
fn a_deleted_deployment_stays_until_its_pods_are_gone_and_holds_its_name() {
    let mut lab = Lab::good();
    let uid = lab.world.deployments[0].uid;
    lab.world.delete_deployment(uid);
    assert!(lab.world.deployments.iter().any(|d| d.uid == uid && d.terminating));
    assert!(lab.world.create_deployment(CLUSTER, Role::JobManager).is_err());
    lab.wait(2_000);
    assert!(lab.world.create_deployment(CLUSTER, Role::JobManager).is_ok());
}

#[test]
fn an_application_with_a_finalizer_stays_until_that_goes_and_takes_its_objects_with_it() {
    let mut lab = Lab::good();
    lab.world.add_finalizer(CLUSTER.app);
    lab.world.delete_application(CLUSTER.app);
    assert!(!lab.world.applications[0].gone);
    lab.world.remove_finalizer(CLUSTER.app);
    assert!(lab.world.applications[0].gone);
    lab.wait(2_000);
    assert!(lab.world.pods.is_empty() && lab.world.deployments.is_empty());
}
