//! With `scaleMode: InPlace`.

use super::{FEW, version};
use crate::explore::scenario::{Fault, Suite};
use crate::world::{JobScheduler, Program, Spec};

/// With `scaleMode: InPlace`, first of all from one TaskManager to two and back.
pub(super) fn suites() -> Vec<Suite> {
    let one = |hash| sized(hash, 1);
    let two = |hash| sized(hash, 3);
    let scaled = |name, specs: &[Spec]| Suite::new(name, specs.to_vec(), 1).from_running();
    let fragile = |spec: Spec| Spec { program: Program::OneTaskOnly, ..spec };
    let other = Spec { family: 3, ..two(3) };
    let up = [one(1), two(2)];
    let gone: &[Fault] =
        &[Fault::CrashAfterCalls, Fault::StaleCache, Fault::ProcessRestarts, Fault::JobFails];
    let all = vec![
        scaled("in place: up", &up),
        scaled("in place: down", &[two(1), one(2)]),
        scaled("in place: up and back", &[one(1), two(2), one(1)])
            .only(&[Fault::OperationForgotten]),
        scaled("in place: main() sent twice", &[two(1), one(2), two(1)])
            .with_slow_main()
            .only(&[Fault::RequestTimesOut, Fault::Refused])
            .with_faults(2),
        scaled("in place: a person's job", &up)
            .only(&[Fault::JobFails, Fault::PersonSubmits])
            .with_faults(2),
        scaled("in place: job fails", &[fragile(one(1)), fragile(two(2))]),
        scaled("in place: no room", &up).with_room_for(1),
        scaled("in place: put back", &[one(1), two(2), one(1)]).at_any_time().only(FEW),
        scaled("in place: another version on the way", &[one(1), two(2), other.clone()])
            .at_any_time()
            .only(&[Fault::CrashAfterCalls, Fault::StaleCache]),
        scaled("in place: then another version", &[one(1), two(2), other]).only(gone),
        scaled("in place: then back by a new cluster", &[one(1), two(2), one(1)])
            .then_anew()
            .only(gone),
        scaled("in place: forceRollback", &[one(1), two(2), two(2)])
            .at_any_time()
            .forced_back()
            .only(&[Fault::CrashAfterCalls, Fault::StaleCache, Fault::JobFails]),
        scaled("in place: forceRollback, main() taking its time", &[one(1), two(2), two(2)])
            .at_any_time()
            .forced_back()
            .with_slow_main()
            .only(&[Fault::CrashAfterCalls, Fault::RequestTimesOut]),
        scaled("in place: down, each phase for a while", &[two(1), one(2)]).dwelling().only(FEW),
        scaled("in place: deleted", &up).then_deleted().at_any_time().only(FEW),
        scaled("in place: without savepoints", &up).without_savepoints().only(FEW),
    ];
    all.into_iter().map(Suite::in_place).chain(adaptive()).collect()
}

/// The same with jobs on the adaptive scheduler.
fn adaptive() -> Vec<Suite> {
    let (one, two) = (|hash| sized(hash, 1), |hash| sized(hash, 3));
    let scaled = |name, specs: &[Spec]| Suite::new(name, specs.to_vec(), 1).from_running();
    let fragile = |spec: Spec| Spec { program: Program::OneTaskOnly, ..spec };
    let up = [one(1), two(2)];
    let (works, in_vain) = (JobScheduler::Adaptive, JobScheduler::AdaptiveInVain);
    let all = vec![
        scaled("adaptive: up", &up).scheduled(works),
        scaled("adaptive: down", &[two(1), one(2)]).scheduled(works),
        scaled("adaptive: up and back", &[one(1), two(2), one(1)]).scheduled(works).with_faults(0),
        scaled("adaptive: in vain", &up).scheduled(in_vain),
        scaled("adaptive: job fails", &[fragile(one(1)), fragile(two(2))])
            .scheduled(works)
            .only(FEW),
        scaled("adaptive: forceRollback", &[one(1), two(2), two(2)])
            .scheduled(works)
            .at_any_time()
            .forced_back()
            .only(FEW),
        scaled("adaptive: deleted", &up).scheduled(works).then_deleted().at_any_time().only(FEW),
    ];
    all.into_iter().map(Suite::in_place).collect()
}

/// Of one family, and of as many TaskManagers of two slots as it takes.
pub(super) fn sized(hash: u32, parallelism: u32) -> Spec {
    let taskmanagers = parallelism.div_ceil(2);
    Spec { family: 1, parallelism, taskmanagers, ..version(hash) }
}
