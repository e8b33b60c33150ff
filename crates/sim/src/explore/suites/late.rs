//! With an operator that has lost its place to another: a call of it arrives later, whatever has become of
//! the application in the meantime.

use flinkk8soperator_core::Mode;

use super::{first, in_place, update, version, with_program};
use crate::explore::scenario::{Fault, Suite};
use crate::world::{JobScheduler, Program};

/// All of them.
pub(super) fn suites() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let next = [version(2)];
    let scaled = [in_place::sized(1, 1), in_place::sized(2, 3), in_place::sized(3, 1)];
    let lost = first("a late call in a recovery", &[version(1)]).from_running();
    let all = vec![
        first("a late call in a first deploy", &[version(1)]),
        update("a late call in an update", &next),
        update("a late call in a rollback", &[wrong.clone(), version(3)]),
        update("a late call without savepoints", &next).without_savepoints(),
        update("a late call, then deleted", &next).then_deleted().at_any_time(),
        update("a late call in two updates", &[version(2), version(3)]),
        update("alone: a late call", &next).in_mode(Mode::Single),
        update("alone: a late call in a rollback", &[wrong]).in_mode(Mode::Single),
        update("beside: a late call", &[version(2), version(2)])
            .tearing_down(1)
            .in_mode(Mode::BlueGreen),
        Suite::new("in place: a late call", scaled.to_vec(), 1).from_running().in_place(),
        Suite::new("adaptive: a late call", scaled.to_vec(), 1)
            .from_running()
            .in_place()
            .scheduled(JobScheduler::Adaptive),
    ];
    let alone = all.into_iter().map(|suite| suite.with_faults(1).only(&[Fault::LateCall]));
    alone.chain([lost.with_faults(2).only(&[Fault::JobFails, Fault::LateCall])]).collect()
}
