//! In mode BlueGreen.

use flinkk8soperator_core::Mode;

use super::{FEW, foreign, update, version, with_program};
use crate::explore::scenario::{Fault, Suite};
use crate::world::{Program, Spec};

/// All of them.
pub(super) fn suites() -> Vec<Suite> {
    let wrong = with_program(2, Program::ClassNotFound);
    let fails = with_program(2, Program::Fails);
    let all = vec![
        update("beside: update, the older one goes", &[version(2), version(2)]).tearing_down(1),
        update("beside: update, the newer one goes", &[version(2), version(2)])
            .tearing_down(2)
            .only(FEW),
        update("beside: wrong class", &[wrong]),
        update("beside: job fails at once, then cured", &[fails, version(3)]).only(FEW),
        update("beside: job ends by itself", &[with_program(2, Program::Finishes), version(3)])
            .only(&[Fault::JobFails, Fault::PersonSubmits]),
        update("beside: new spec in an update", &[version(2), version(3)]).at_any_time().only(&[
            Fault::CrashAfterCalls,
            Fault::StaleCache,
            Fault::JobFails,
        ]),
        update("beside: put back in an update", &[version(2), version(1)]).at_any_time().only(FEW),
        update("beside: forceRollback", &[version(2), version(2)])
            .at_any_time()
            .forced_back()
            .only(FEW),
        update("beside: deleted", &[version(2)]).then_deleted().at_any_time().only(&[
            Fault::CrashAfterCalls,
            Fault::SavepointFails,
            Fault::JobFails,
            Fault::Outage,
        ]),
        two_updates().with_faults(1).only(&[
            Fault::CrashAfterCalls,
            Fault::StaleCache,
            Fault::JobFails,
        ]),
        update("beside: without savepoints", &[version(2)]).without_savepoints(),
        update("beside: main() sent twice", &[version(2)])
            .with_slow_main()
            .only(&[Fault::RequestTimesOut, Fault::Refused])
            .with_faults(2),
        given_up("beside: savepoint given up, then another", version(3)),
        given_up("beside: savepoint given up, then put back", version(1)),
        foreign::in_a_first_deploy("beside: a person's job"),
    ];
    all.into_iter().map(|suite| suite.in_mode(Mode::BlueGreen)).collect()
}

/// The savepoint for the next version is not complete in time, and goes on nevertheless.
fn given_up(name: &'static str, then: Spec) -> Suite {
    update(name, &[version(2), then]).with_faults(2).only(&[Fault::Slow, Fault::SavepointFails])
}

/// The first version makes way for the second, then the third comes up beside that.
pub(super) fn two_updates() -> Suite {
    update("beside: two updates", &[version(2), version(2), version(3)])
        .with_faults(0)
        .tearing_down_in(2, 1)
}
