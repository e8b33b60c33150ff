//! What is explored: versions of an application, what the user does with them, and what may go
//! wrong on the way.

mod fault;
mod told;

use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{DeleteMode, ForeignJobAction, Mode, Recovery, SavepointStop, ScaleMode};

use super::knobs;
#[cfg(doc)]
use crate::world::PERSONS_JOB;
pub use fault::Fault;
pub use told::Told;

use crate::world::{FlinkVersion, JobScheduler, Settings, Spec};

/// One content of the application object.
#[derive(Clone, Debug)]
pub struct Edition {
    /// What Kubernetes and Flink see of it.
    pub spec: Spec,
    /// `spec.deleteMode`.
    pub delete: DeleteMode,
    /// `spec.savepointStop`.
    pub stop: SavepointStop,
    /// `spec.forceRollback`.
    pub force_rollback: bool,
    /// `spec.tearDownVersionHash`.
    pub tear_down: Option<u32>,
    /// `spec.deploymentMode`.
    pub mode: Mode,
    /// `spec.scaleMode`.
    pub scale: ScaleMode,
    /// `spec.savepointDisabled`.
    pub savepoint_disabled: bool,
    /// `spec.fallbackWithoutState`.
    pub fallback: bool,
    /// `spec.recovery`.
    pub recovery: Recovery,
    /// `spec.foreignJob`, about [`PERSONS_JOB`].
    pub foreign: Option<ForeignJobAction>,
}

impl Edition {
    /// Of a version, with everything else as it is by default.
    #[must_use]
    pub fn of(spec: Spec) -> Edition {
        Edition {
            spec,
            delete: DeleteMode::Savepoint,
            stop: SavepointStop::Stop,
            force_rollback: false,
            tear_down: None,
            mode: Mode::Dual,
            scale: ScaleMode::NewCluster,
            savepoint_disabled: false,
            fallback: false,
            recovery: Recovery::Proven,
            foreign: None,
        }
    }
}

/// Something the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What.
    pub what: Wish,
    /// At any moment; else only when the machine is at rest.
    pub any_time: bool,
}

/// What the user wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The edition with this number.
    Edition(usize),
    /// The application gone.
    Deleted,
    /// `status.machine` gone, as after a restore from a backup.
    StatusLost,
    /// `status.machine` as this operator cannot read it.
    StatusUnreadable,
    /// All as the reference operator would have left it: its clusters without numbers, no revision, and a status of
    /// its own.
    Left(Told),
}

impl Wish {
    /// It befalls the status, also of an application that is being deleted.
    pub(super) fn of_the_status(self) -> bool {
        matches!(self, Wish::StatusLost | Wish::StatusUnreadable | Wish::Left(_))
    }
}

/// A space to explore.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name.
    pub name: &'static str,
    /// The contents that the application object can have; it is created with the first.
    pub editions: Vec<Edition>,
    /// What the user does, in this order.
    pub edits: Vec<Edit>,
    /// The exploration begins once the first edition is confirmed, with the faults after that.
    pub from_running: bool,
    /// How many faults happen at most.
    pub faults: u8,
    /// Which ones.
    pub kinds: &'static [Fault],
    /// Time may pass at any moment, not only when nothing else is about to happen.
    pub free_time: bool,
    /// `main()` takes its time: deadlines pass while it runs.
    pub slow_main: bool,
    /// `minPhaseDuration` is a unit.
    pub dwells: bool,
    /// The clusters that the reference operator has left are ours, which it was given: they have numbers, and
    /// revisions.
    pub given_back: bool,
    /// Someone has changed the Deployments that the reference operator has left: what they were made from is known
    /// only as long as the spec still asks for it.
    pub changed_by_hand: bool,
    /// The laws of the machine are checked in every state, not only the invariants of the world.
    pub laws: bool,
    /// What a status names as a cure is tried, wherever the machine is at rest with one.
    pub cures: bool,
    /// The world's settings.
    pub settings: Settings,
}

impl Suite {
    /// Of these editions, one after the other at rest, with `faults` faults of all kinds.
    #[must_use]
    pub fn new(name: &'static str, specs: Vec<Spec>, faults: u8) -> Suite {
        let edit = |n| Edit { what: Wish::Edition(n), any_time: false };
        Suite {
            name,
            edits: (1..specs.len()).map(edit).collect(),
            editions: specs.into_iter().map(Edition::of).collect(),
            from_running: false,
            faults,
            kinds: Fault::USUAL,
            free_time: false,
            slow_main: false,
            dwells: false,
            given_back: false,
            changed_by_hand: false,
            laws: false,
            cures: false,
            settings: Settings {
                refresh_interval: knobs::UNIT,
                checkpoints: 1,
                in_step: true,
                ..Settings::default()
            },
        }
    }

    /// Begun once the first edition is confirmed.
    #[must_use]
    pub fn from_running(self) -> Suite {
        Suite { from_running: true, ..self }
    }

    /// With the user doing the last thing at any moment.
    #[must_use]
    pub fn at_any_time(mut self) -> Suite {
        if let Some(last) = self.edits.last_mut() {
            last.any_time = true;
        }
        self
    }

    /// With a deletion at the end.
    #[must_use]
    pub fn then_deleted(self) -> Suite {
        self.then(Wish::Deleted)
    }

    /// With the user doing everything at any moment.
    #[must_use]
    pub fn always_at_any_time(mut self) -> Suite {
        self.edits.iter_mut().for_each(|edit| edit.any_time = true);
        self
    }

    /// With something else that the user does at the end.
    #[must_use]
    pub fn then(mut self, what: Wish) -> Suite {
        self.edits.push(Edit { what, any_time: false });
        self
    }

    /// With the laws checked.
    #[must_use]
    pub fn with_laws(self) -> Suite {
        Suite { laws: true, ..self }
    }

    /// With the cures tried.
    #[must_use]
    pub fn with_cures(self) -> Suite {
        Suite { cures: true, ..self }
    }

    /// Whether a person who comes on a quiet day can do what the status names: nothing takes its time, and
    /// there is room for a second cluster; without, nothing that is done to the spec helps.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        !self.slow_main && !self.free_time && self.settings.room == u32::MAX
    }

    /// With time free to pass.
    #[must_use]
    pub fn with_free_time(self) -> Suite {
        Suite { free_time: true, ..self }
    }

    /// With phases that last for a while before they do anything.
    #[must_use]
    pub fn dwelling(self) -> Suite {
        Suite { dwells: true, ..self }
    }

    /// The operator's knobs.
    pub(super) fn config(&self) -> machine::Config {
        let min_phase = if self.dwells { knobs::units(1) } else { Duration::ZERO };
        machine::Config { min_phase, ..knobs::config() }
    }

    /// With a `main()` that takes its time.
    #[must_use]
    pub fn with_slow_main(self) -> Suite {
        Suite { slow_main: true, ..self }
    }

    /// With as many faults.
    #[must_use]
    pub fn with_faults(self, faults: u8) -> Suite {
        Suite { faults, ..self }
    }

    /// With jobs that are cancelled with their savepoint.
    #[must_use]
    pub fn cancelling(mut self) -> Suite {
        self.editions.iter_mut().for_each(|e| e.stop = SavepointStop::Cancel);
        self
    }

    /// With jobs on this scheduler.
    #[must_use]
    pub fn scheduled(mut self, scheduler: JobScheduler) -> Suite {
        self.settings.scheduler = scheduler;
        self
    }

    /// With nodes for as many TaskManagers.
    #[must_use]
    pub fn with_room_for(mut self, taskmanagers: u32) -> Suite {
        self.settings.room = taskmanagers;
        self
    }

    /// On another Flink.
    #[must_use]
    pub fn on_flink(mut self, flink: FlinkVersion) -> Suite {
        self.settings.flink = flink;
        self
    }

    /// With `forceRollback` in the last edition.
    #[must_use]
    pub fn forced_back(mut self) -> Suite {
        if let Some(last) = self.editions.last_mut() {
            last.force_rollback = true;
            last.spec.tear_down = Some(last.spec.hash);
        }
        self
    }

    /// With this way to delete.
    #[must_use]
    pub fn deleting(mut self, mode: DeleteMode) -> Suite {
        self.editions.iter_mut().for_each(|e| e.delete = mode);
        self
    }

    /// In this mode.
    #[must_use]
    pub fn in_mode(mut self, mode: Mode) -> Suite {
        for edition in &mut self.editions {
            edition.mode = mode;
            edition.spec.alone = mode == Mode::Single;
            edition.spec.beside = mode == Mode::BlueGreen;
        }
        self
    }

    /// With `tearDownVersionHash` in the last edition.
    #[must_use]
    pub fn tearing_down(self, hash: u32) -> Suite {
        let last = self.editions.len() - 1;
        self.tearing_down_in(last, hash)
    }

    /// With `tearDownVersionHash` in this edition.
    #[must_use]
    pub fn tearing_down_in(mut self, edition: usize, hash: u32) -> Suite {
        if let Some(edition) = self.editions.get_mut(edition) {
            edition.tear_down = Some(hash);
            edition.spec.tear_down = Some(hash);
        }
        self
    }

    /// With `scaleMode: InPlace`.
    #[must_use]
    pub fn in_place(mut self) -> Suite {
        self.editions.iter_mut().for_each(|e| e.scale = ScaleMode::InPlace);
        self
    }

    /// With the last edition reached by a new cluster, for which the old one may go first.
    #[must_use]
    pub fn then_anew(mut self) -> Suite {
        if let Some(last) = self.editions.last_mut() {
            last.scale = ScaleMode::NewCluster;
            last.spec.alone = true;
        }
        self
    }

    /// With `savepointDisabled`.
    #[must_use]
    pub fn without_savepoints(mut self) -> Suite {
        for edition in &mut self.editions {
            edition.savepoint_disabled = true;
            edition.spec.stateless = true;
        }
        self
    }

    /// With `savepointDisabled` in the last edition.
    #[must_use]
    pub fn without_a_last_savepoint(mut self) -> Suite {
        if let Some(last) = self.editions.last_mut() {
            last.savepoint_disabled = true;
            last.spec.stateless = true;
        }
        self
    }

    /// With `fallbackWithoutState` in the last edition.
    #[must_use]
    pub fn falling_back(mut self) -> Suite {
        if let Some(last) = self.editions.last_mut() {
            last.fallback = true;
            last.spec.stateless = true;
        }
        self
    }

    /// With `recovery: LastSeen` in the last edition.
    #[must_use]
    pub fn from_last_seen(mut self) -> Suite {
        if let Some(last) = self.editions.last_mut() {
            last.recovery = Recovery::LastSeen;
            last.spec.last_seen = true;
        }
        self
    }

    /// With `foreignJob` in the last edition.
    #[must_use]
    pub fn deciding(mut self, action: ForeignJobAction) -> Suite {
        if let Some(last) = self.editions.last_mut() {
            last.foreign = Some(action);
        }
        self
    }

    /// With these sorts of faults only.
    #[must_use]
    pub fn only(self, kinds: &'static [Fault]) -> Suite {
        Suite { kinds, ..self }
    }
}
