//! Rounds of the machine, one after the other, on facts that need not fit each other.

use std::collections::BTreeSet;

use flinkk8soperator_api::machine;
use flinkk8soperator_core::{
    Coloured, Config, Context, DeleteMode, DeployHash, Desired, Digest, Effect, ForeignJob,
    ForeignJobAction, Goal, Mode, Observation, Phase, Recovery, Restore, SavepointStop, ScaleMode,
    State, Timestamp, Uid, decide as step, needs,
};

use crate::bytes::Bytes;
use crate::facts::{FOREIGN, Ids, observation};

/// Steps of time: longer than every deadline, than a grace, none, less and more than a cache's age.
const STEPS: [u64; 5] = [4_000_000, 120_000, 0, 500, 4_000];

/// Plays rounds as long as there is input, and checks each.
///
/// # Panics
/// Where a round does not hold what all must hold.
pub fn decide(data: &[u8]) {
    drop(play(data));
}

/// As [`decide`]; gives the last state, and the phases that it came through.
pub(crate) fn play(data: &[u8]) -> (State, BTreeSet<&'static str>) {
    let mut bytes = Bytes::new(data);
    let config = Config::default();
    let mut now = Timestamp(1_000_000);
    let mut desired = first();
    let mut state = State::new(now);
    let mut ids = Ids::default();
    let mut phases = BTreeSet::new();
    while bytes.begin().is_some() {
        now = Timestamp(now.0 + STEPS[bytes.below(STEPS.len())]);
        change(&mut desired, &mut bytes);
        // Mostly it is a new application: one whose status was lost waits for a person.
        let new = matches!(state.phase, Phase::New(_));
        desired.finalizer &= !new || bytes.once_in(8);
        let resumed = bytes.below(8) == 0;
        let cx = Context { config: &config, desired: &desired, now, resumed };
        let seen = observation(&state, &ids, &mut bytes);
        state = round(&cx, &state, &seen, &mut ids);
        phases.extend(state.phase.name().filter(|name| !name.is_empty()));
    }
    (state, phases)
}

fn round(cx: &Context<'_>, state: &State, seen: &Observation, ids: &mut Ids) -> State {
    let decision = step(cx, state, seen);
    assert_eq!(decision, step(cx, state, seen), "two decisions on the same facts");
    let stored = machine::read(&machine::write(&decision.state));
    assert!(stored.is_ok_and(|stored| stored == decision.state), "changed by being persisted");
    let submissions = decision.effects.iter().filter(|e| matches!(e, Effect::Submit(_))).count();
    assert!(submissions <= 1, "two jobs submitted in one round: {:?}", decision.effects);
    // Nothing was seen: nothing may be ended by that, and no job sent.
    let blind = step(cx, state, &Observation::default());
    let harm = blind.effects.iter().find(|effect| ends_or_starts(effect));
    assert!(harm.is_none(), "decided without a fact: {harm:?} in {state:?}");
    // What is needed can be told in any state.
    drop(needs(cx, &decision.state, seen));
    ids.learn(&decision.effects);
    decision.state
}

fn ends_or_starts(effect: &Effect) -> bool {
    match effect {
        Effect::Submit(_)
        | Effect::Savepoint(_)
        | Effect::Cancel { .. }
        | Effect::DeletePod { .. }
        | Effect::ScaleTaskManagers { .. }
        | Effect::RemoveCluster { .. }
        | Effect::RemoveRevision(_) => true,
        Effect::AddFinalizer
        | Effect::SaveRevision(_)
        | Effect::CopyRevision { .. }
        | Effect::RebuildRevision(_)
        | Effect::CreateCluster(_)
        | Effect::LabelCluster(_)
        | Effect::SetRequirements(_)
        | Effect::PointService { .. }
        | Effect::RemoveFinalizer => false,
    }
}

fn first() -> Desired {
    Desired { parallelism: 2, ..Desired::new(Uid(1), 1, DeployHash(1), Digest(1)) }
}

/// What a user, or the API server, changes between two rounds; mostly nothing.
fn change(desired: &mut Desired, bytes: &mut Bytes<'_>) {
    desired.finalizer = !bytes.once_in(8);
    if bytes.by_chance(12) {
        desired.generation += 1;
        let version = 1 + bytes.below(3) as u32;
        desired.hash = DeployHash(version);
        desired.coloured = Coloured { blue: desired.hash, green: desired.hash };
        desired.tear_down = bytes.by_chance(6).then(|| DeployHash(1 + bytes.below(3) as u32));
        desired.digest = Digest(desired.generation as u64);
        desired.force_rollback = bytes.by_chance(6);
        let stops = [SavepointStop::Cancel, SavepointStop::Stop];
        desired.savepoint_stop = bytes.one(&stops).unwrap_or(SavepointStop::Stop);
        desired.mode = bytes.one(Mode::ALL).unwrap_or(Mode::Dual);
        let scales = [ScaleMode::NewCluster, ScaleMode::InPlace];
        desired.scale_mode = bytes.one(&scales).unwrap_or(ScaleMode::NewCluster);
        desired.parallelism = if bytes.by_chance(4) { 3 } else { 2 };
        desired.taskmanagers = desired.parallelism.div_ceil(2);
        desired.savepoint_disabled = bytes.by_chance(8);
        desired.fallback_without_state = bytes.by_chance(8);
        let named = Restore { path: "file:/n".to_owned(), nonce: version.to_string() };
        desired.restore = bytes.by_chance(8).then_some(named);
        let recoveries = [Recovery::LastSeen, Recovery::Proven];
        desired.recovery = bytes.one(&recoveries).unwrap_or(Recovery::Proven);
        let actions = [ForeignJobAction::Adopt, ForeignJobAction::Cancel];
        let action = if bytes.by_chance(8) { bytes.one(&actions) } else { None };
        desired.foreign_job = action.map(|action| ForeignJob { id: FOREIGN, action });
    }
    if bytes.by_chance(80) {
        let modes = [DeleteMode::None, DeleteMode::ForceCancel, DeleteMode::Savepoint];
        desired.goal = Goal::Delete(modes[bytes.below(modes.len())]);
    }
}
