//! Every invariant can be broken: worlds in which each is.

use flinkk8soperator_sim::invariants::{
    FILES_STAY, NEWEST_STATE, NOT_EMPTY, ONE_JOB, ROLLBACK_POSSIBLE, broken,
};
use flinkk8soperator_sim::world::{
    AppId, Cluster, JobId, Mishap, Process, Role, RunId, Settings, Spec, Step, World,
};

const APP: AppId = AppId(0);

fn cluster(incarnation: u32) -> Cluster {
    Cluster { app: APP, incarnation }
}

/// Every urgent step, until there is none left.
fn settle(world: &mut World) {
    while let Some(step) = world.steps().into_iter().find(|s| s.urgent()) {
        world.apply(step);
    }
}

/// A world with the clusters of two versions, and a job of the first that runs and was announced.
fn two_clusters() -> (World, [Process; 2]) {
    let mut world = World::new(Settings::default());
    world.create_application("app", Spec::good(1));
    for n in [1, 2] {
        world.save_revision(cluster(n), Spec::good(n)).expect("there is none yet");
        for role in [Role::JobManager, Role::TaskManager] {
            world.create_deployment(cluster(n), role).expect("the name is free");
        }
    }
    settle(&mut world);
    let processes = [1, 2].map(|n| world.serving(cluster(n)).expect("it serves"));
    run(&mut world, processes[0], 1, None);
    world.jobs(processes[0]).expect("it answers");
    world.announce(JobId(1), 1);
    (world, processes)
}

fn run(world: &mut World, process: Process, job: u128, from: Option<&str>) {
    world.submit(process, JobId(job), from, 1).expect("it answers");
    world.apply(Step::MainReturns(process, JobId(job)));
    settle(world);
}

/// What is broken between two worlds, in which the second has what `change` does to the first.
fn check(mut world: World, change: impl FnOnce(&mut World)) -> Option<&'static str> {
    let before = world.clone();
    change(&mut world);
    broken(&before, &world).map(|v| v.invariant)
}

/// The first version's job failed after a checkpoint.
fn failed_after_a_checkpoint() -> (World, [Process; 2], String) {
    let (mut world, processes) = two_clusters();
    world.apply(Step::CheckpointCompletes(RunId(0)));
    world.befall(Mishap::JobFails(RunId(0)));
    let path = world.files[0].path.to_string();
    (world, processes, path)
}

#[test]
fn two_jobs_that_consume_at_the_same_time_are_noticed() {
    let (mut world, [_, second]) = two_clusters();
    run(&mut world, second, 2, None);
    assert_eq!(check(world.clone(), |_| {}), Some(ONE_JOB));
    world.befall(Mishap::JobFails(RunId(0)));
    assert_eq!(check(world, |_| {}), None);
}

#[test]
fn a_run_from_nothing_after_another_is_noticed_and_one_from_its_newest_state_is_right() {
    let (world, [_, second], path) = failed_after_a_checkpoint();
    assert_eq!(check(world.clone(), |w| run(w, second, 2, None)), Some(NOT_EMPTY));
    assert_eq!(check(world, |w| run(w, second, 2, Some(&path))), None);
}

#[test]
fn a_run_from_an_older_state_is_noticed_unless_its_predecessor_was_never_announced() {
    let (mut world, [first, second], path) = failed_after_a_checkpoint();
    run(&mut world, second, 2, Some(&path));
    world.jobs(second).expect("it answers");
    world.apply(Step::CheckpointCompletes(RunId(1)));
    world.befall(Mishap::JobFails(RunId(1)));
    let again = |w: &mut World| run(w, first, 3, Some(&path));
    assert_eq!(check(world.clone(), again), None, "a rollback");
    world.announce(JobId(2), 1);
    assert_eq!(check(world, again), Some(NEWEST_STATE));
}

#[test]
fn a_file_that_a_client_removes_is_noticed() {
    let (world, _, path) = failed_after_a_checkpoint();
    let found = check(world, |w| {
        let file = w.file_at(&path).expect("it is there");
        w.delete_file(file);
    });
    assert_eq!(found, Some(FILES_STAY));
}

#[test]
fn a_revision_that_a_rollback_needs_is_missed_until_the_new_version_is_announced() {
    let (mut world, [_, second], path) = failed_after_a_checkpoint();
    run(&mut world, second, 2, Some(&path));
    world.jobs(second).expect("it answers");
    let remove = |w: &mut World| w.delete_revision(cluster(1));
    assert_eq!(check(world.clone(), remove), Some(ROLLBACK_POSSIBLE));
    world.announce(JobId(2), 1);
    assert_eq!(check(world, remove), None);
}
