//! What a plan assumes of pods, jobs and savepoints.

use super::*;
use crate::{
    ChangeClass, Colour, Config, Digest, Leaving, LiveJob, Mode, Origin, Target, Work, plan,
};
use crate::{FlinkRequest, JobId, PlanEnd, Reason, Trouble, TroubleKind};

const NOW: Timestamp = Timestamp(10_000);

fn target(number: u32, colour: Option<Colour>) -> Target {
    Target {
        hash: DeployHash(number),
        incarnation: Incarnation(number),
        generation: i64::from(number),
        digest: Digest(number.into()),
        parallelism: 2,
        taskmanagers: number,
        mode: Mode::Dual,
        colour,
        scaled: None,
    }
}

fn live(number: u32, colour: Option<Colour>) -> Version {
    let job = LiveJob { id: JobId(number.into()), from: Origin::Empty, learnt: None };
    Version { target: target(number, colour), removed: false, work: Work::Live(job) }
}

/// Version 2 runs; `previous` was before it, and cluster 9 is on its way out.
fn state(deployed: Version, previous: Option<Version>) -> State {
    let mut state = State::new(NOW);
    state.record.deployed = Some(deployed);
    state.record.previous = previous;
    let (incarnation, hash) = (Incarnation(9), DeployHash(9));
    state.record.leaving = vec![Leaving { incarnation, hash, may_run: false }];
    state
}

fn at<T>(check: impl FnOnce(&Context<'_>) -> T) -> T {
    let config = Config::default();
    let desired = Desired { finalizer: true, ..Desired::new(Uid(1), 2, DeployHash(2), Digest(2)) };
    check(&Context { config: &config, desired: &desired, now: NOW, resumed: false })
}

fn unseen(state: &State) -> Assumed {
    at(|cx| Assumed::new(cx, state, &Observation::default()))
}

/// Number and size of the clusters that stand.
fn standing(world: &Assumed) -> Vec<(u32, u32)> {
    world.clusters().iter().map(|c| (c.incarnation.0, c.replicas)).collect()
}

fn objects(world: &Assumed) -> &Objects {
    world.objects.known().expect("they are assumed")
}

#[test]
fn where_nobody_looked_the_clusters_stand_that_the_state_speaks_of() {
    let one = || live(1, None);
    let world = unseen(&state(live(2, None), Some(one())));
    assert_eq!(standing(&world), [(1, 1), (2, 2), (9, 1)]);
    // Of two without a colour the Service leads to the deployed one.
    assert_eq!(objects(&world).service, Some(Incarnation(2)));
    assert!(world.runs());

    let removed = Version { removed: true, ..one() };
    let world = unseen(&state(live(2, None), Some(removed)));
    assert_eq!(standing(&world), [(2, 2), (9, 1)]);
    assert_eq!(objects(&world).service, Some(Incarnation(2)));
}

#[test]
fn where_nobody_looked_each_colour_leads_to_its_own() {
    let (blue, green) = (Some(Colour::Blue), Some(Colour::Green));
    let world = unseen(&state(live(2, blue), Some(live(1, green))));
    let of = |colour| objects(&world).service_of(colour);
    assert_eq!((of(blue), of(green)), (Some(Incarnation(2)), Some(Incarnation(1))));
    assert_eq!(of(None), None);

    let removed = Version { removed: true, ..live(1, green) };
    let world = unseen(&state(live(2, blue), Some(removed)));
    assert_eq!(objects(&world).service_of(green), None);
}

#[test]
fn where_somebody_looked_what_was_seen_stands() {
    let (state, objects) = (state(live(2, None), None), Fact::Known(Objects::default()));
    let seen = Observation { objects, ..Observation::default() };
    let world = at(|cx| Assumed::new(cx, &state, &seen));
    assert_eq!(standing(&world), []);
    assert!(!world.runs());
}

#[test]
fn how_the_spec_differs_is_answered_of_the_revision_that_was_seen_only() {
    let mut world = unseen(&state(live(2, None), None));
    let answer = |world: &Assumed, of| {
        world
            .answer(&FactRequest { change: Some(Incarnation(of)), ..FactRequest::default() })
            .change
    };
    let stale = Fact::Unknown { why: Silence::Stale, for_how_long: Duration::ZERO };
    world.change = (Some(Incarnation(1)), Fact::Unasked);
    assert_eq!(answer(&world, 1), stale);
    let known = Fact::Known(Change { class: ChangeClass::Redeploy, fields: Vec::new() });
    world.change.1 = known.clone();
    assert_eq!(answer(&world, 1), known);
    assert_eq!(answer(&world, 2), stale);
}

#[test]
fn a_process_that_is_not_there_is_silent_and_nobody_answers_for_it() {
    let world = unseen(&state(live(2, None), None));
    let process = Process { pod: Uid(77), restarts: 3 };
    let question = FlinkRequest { jobs: true, ..FlinkRequest::to(Incarnation(2), process) };
    let answer = world.answer(&FactRequest { flink: vec![question], ..FactRequest::default() });
    let silent = Flink { process: Some(process), ..Flink::default() };
    assert_eq!(answer.flink.get(&Incarnation(2)), Some(&silent));
}

#[test]
fn a_pod_that_is_made_up_has_a_uid_that_no_real_one_has() {
    let [first, second] = [1, 2].map(|number| pod(Incarnation(1), Role::JobManager, number).uid);
    assert_ne!(first, second);
    // The API server's are random UUIDs: their version, 4, stands in the third group.
    for uid in [first, second] {
        assert_eq!(uid.0 >> 64, u128::from(u64::MAX), "{uid}");
    }
}

/// The pods of version 2's cluster that are `role` and stay.
fn staying(world: &mut Assumed, role: Role) -> impl Iterator<Item = &mut Pod> {
    let cluster = world.cluster_mut(Incarnation(2)).expect("it stands");
    cluster.pods.iter_mut().filter(move |p| p.role == role && !p.terminating)
}

#[test]
fn every_deployment_has_as_many_pods_as_it_wants_and_none_for_another() {
    let mut world = unseen(&state(live(2, None), None));
    let roles = [Role::JobManager, Role::TaskManager];
    assert_eq!(roles.map(|role| staying(&mut world, role).count()), [1, 2]);

    // One on its way out counts for nothing.
    staying(&mut world, Role::TaskManager).for_each(|p| p.terminating = true);
    world.pods_come_up();
    assert_eq!(roles.map(|role| staying(&mut world, role).count()), [1, 2]);
}

#[test]
fn a_pod_that_starts_gets_there_but_not_one_in_trouble_nor_one_on_its_way_out() {
    let mut world = unseen(&state(live(2, None), None));
    let trouble = Trouble { kind: TroubleKind::CrashLoop, message: "it ends".to_owned() };
    let pods = &mut world.cluster_mut(Incarnation(2)).expect("it stands").pods;
    let mut starting = |trouble, terminating| {
        let starts = pod(Incarnation(2), Role::TaskManager, 70 + pods.len() as u128);
        pods.push(Pod { running: false, ready: false, trouble, terminating, ..starts });
        pods.len() - 1
    };
    let named = [starting(None, false), starting(Some(trouble), false), starting(None, true)];
    world.pods_come_up();
    let pods = &world.cluster_mut(Incarnation(2)).expect("it stands").pods;
    let up = named.map(|index| (pods[index].running, pods[index].ready));
    assert_eq!(up, [(true, true), (false, false), (false, false)]);
}

#[test]
fn answers_are_as_old_as_a_cluster_tells_or_as_flinks_default() {
    let state = state(live(2, None), None);
    let default = Duration::from_secs(3);
    assert_eq!(unseen(&state).refresh_interval(), default);
    let refresh_interval = Duration::from_secs(7);
    let cluster = Fact::Known(FlinkCluster { refresh_interval, ..unseen(&state).about });
    let flink = [(Incarnation(2), Flink { cluster, ..Flink::default() })].into();
    let seen = Observation { flink, ..Observation::default() };
    let told = at(|cx| Assumed::new(cx, &state, &seen));
    assert_eq!(told.refresh_interval(), refresh_interval);
}

#[test]
fn a_plan_for_what_runs_is_at_rest_though_nobody_looked() {
    let mut state = state(live(2, None), None);
    state.record.leaving.clear();
    state.phase = crate::Phase::Running(crate::Running { confirming: None });
    let plan = at(|cx| plan(cx, &state, &Observation::default(), 5));
    assert!(plan.steps.iter().all(|step| step.removals().next().is_none()), "{plan:?}");
    assert!(
        matches!(&plan.end, PlanEnd::Rests(verdict) if verdict.reason == Reason::Running),
        "{plan:?}"
    );
}
