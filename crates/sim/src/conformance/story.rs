//! The stories that are told to an adapter: what the user wishes, one thing after the other, and how
//! each has to end.

use flinkk8soperator_core::{Mode, Reason, Recovery};

use super::Wish;
use crate::world::{Program, Spec};

/// A story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) stages: Vec<Stage>,
    /// The user takes what there is where the newest state cannot be proven.
    pub(super) lenient: bool,
}

/// Something the user wishes, and how it ends undisturbed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    pub(super) wish: Wish,
    /// Its job cannot be started.
    pub(super) refused: bool,
    pub(super) ends: Reason,
}

/// All of them.
pub(super) fn all() -> Vec<Story> {
    let gone = |version| Stage { wish: Wish { deleted: true, ..wish(version) }, ..stage(version) };
    let in_turn =
        |version| Stage { wish: Wish { mode: Mode::Single, ..wish(version) }, ..stage(version) };
    let stateless = |version| Stage {
        wish: Wish { savepoint_disabled: true, ..wish(version) },
        ..stage(version)
    };
    let refused = |version| Stage { refused: true, ends: Reason::DeployFailed, ..stage(version) };
    let updates = vec![stage(1), stage(2), in_turn(3), gone(3)];
    let story = |name, stages| Story { name, stages, lenient: false };
    vec![
        story("updates", updates.clone()),
        story("a version that is refused", vec![stage(1), refused(2), stage(3), gone(3)]),
        story("an update without state", vec![stage(1), stateless(2), gone(2)]),
        story("deleted in a first deploy that is refused", vec![refused(1), gone(1)]),
        Story { lenient: true, ..story("updates, leniently", updates) }.made_lenient(),
    ]
}

impl Story {
    fn made_lenient(mut self) -> Story {
        for stage in &mut self.stages {
            stage.wish.fallback_without_state = true;
            stage.wish.recovery = Recovery::LastSeen;
        }
        self
    }
}

fn wish(version: u32) -> Wish {
    Wish {
        version,
        parallelism: 1,
        mode: Mode::Dual,
        savepoint_disabled: false,
        fallback_without_state: false,
        recovery: Recovery::Proven,
        deleted: false,
    }
}

fn stage(version: u32) -> Stage {
    Stage { wish: wish(version), refused: false, ends: Reason::Running }
}

impl Stage {
    /// What Kubernetes and Flink see of it, under this hash.
    pub(super) fn spec(&self, hash: u32) -> Spec {
        let Wish { savepoint_disabled, fallback_without_state, mode, .. } = self.wish;
        Spec {
            // One more than the job needs: a second job by mistake would run, and show.
            slots: 2,
            program: if self.refused { Program::ClassNotFound } else { Program::Runs },
            stateless: savepoint_disabled || fallback_without_state,
            alone: mode == Mode::Single,
            ..Spec::good(hash)
        }
    }
}
