//! One state of everything: the world, what the API server keeps of the machine's state, what the
//! operator's process has in memory, and how much may still go wrong.

use std::rc::Rc;

use flinkk8soperator_core as machine;
use machine::{Desired, Goal, State, Timestamp};

use super::calls::{self, Call};
use super::cures::Cured;
use super::knobs;
use super::left;
use super::scenario::{Edition, Suite, Wish};
use super::translate;
use crate::world::{AppId, PERSONS_JOB, Process, TriggerId, World};

/// The only application of an exploration.
pub(super) const APP: AppId = AppId(0);

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) world: World,
    /// `status.machine` as the API server has it.
    pub(super) stored: Rc<State>,
    pub(super) operator: Operator,
    /// Flink cannot be reached.
    pub(super) unreachable: bool,
    /// Nothing goes on in the world.
    pub(super) slow: bool,
    /// How many of the user's edits were done.
    pub(super) edits: usize,
    /// Which edition the object has.
    pub(super) edition: usize,
    /// What an operator that has lost its place has sent, and has not arrived yet.
    pub(super) late: Option<Rc<Late>>,
    /// A person has done what the status named.
    pub(super) cured: Option<Rc<Cured>>,
    /// The JobManagers' processes that ran when the application was left ([`Wish::Left`]).
    pub(super) left_with: Vec<Process>,
    /// How many faults may still happen.
    pub(super) faults: u8,
}

/// What a crash of the operator loses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Operator {
    /// It has decided before.
    pub(super) decided: bool,
    /// What it knows of its own POST.
    pub(super) post: Option<(machine::JobId, machine::Post)>,
    /// The id that a JobManager gave to a savepoint of ours: before 1.15 it refuses our own.
    pub(super) triggered: Option<Triggered>,
    /// The newest checkpoint that it was told of, and of which job.
    pub(super) last_seen: Option<(machine::JobId, machine::Checkpoint)>,
    /// Since when which process has not answered it.
    pub(super) silent: Vec<(Process, u64)>,
    /// Its watches stand still: the objects as it sees them.
    pub(super) frozen: Option<Rc<World>>,
}

/// A call on its way, with the content that the object had.
#[derive(Clone, Debug)]
pub(super) struct Late {
    pub(super) call: Call,
    edition: usize,
    /// Of a Deployment that it changes: what its resource version stood for.
    version: Option<u64>,
}

impl Late {
    /// What it changes is as the operator saw it.
    pub(super) fn is_in_time(&self, world: &World) -> bool {
        self.version == calls::version(world, &self.call)
    }
}

/// A savepoint as its JobManager calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Triggered {
    pub(super) process: Process,
    pub(super) ours: machine::TriggerId,
    pub(super) theirs: TriggerId,
}

impl Operator {
    /// What it knows of its POST of a job.
    pub(super) fn post(&self, job: machine::JobId) -> machine::Post {
        let known = self.post.as_ref().filter(|(id, _)| *id == job);
        known.map_or(machine::Post::MaybeSent, |(_, post)| post.clone())
    }
}

impl Node {
    /// The user has just created the application.
    pub(super) fn root(suite: &Suite) -> Node {
        let mut world = World::new(suite.settings);
        // Not at zero: an instant before the first is as good as any other.
        world.wait_until(100 * knobs::UNIT);
        let first = suite.editions.first().map(|e| e.spec.clone());
        world.create_application("app", first.expect("a suite has an edition"));
        Node {
            stored: Rc::new(State::new(Timestamp(world.now))),
            world,
            operator: Operator::default(),
            unreachable: false,
            slow: false,
            edits: 0,
            edition: 0,
            late: None,
            cured: None,
            left_with: Vec::new(),
            faults: suite.faults,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.world.now)
    }

    pub(super) fn gone(&self) -> bool {
        self.world.applications[APP.0].gone
    }

    /// What the user wants, as the operator would parse it.
    pub(super) fn desired(&self, suite: &Suite) -> Desired {
        let application = &self.world.applications[APP.0];
        let edition = self.edition(suite);
        let cured = self.cured.as_ref();
        let edits = self.edits + cured.map_or(0, |cured| cured.times);
        let content = cured.map_or(self.edition, |c| suite.editions.len() + c.times);
        let hash = machine::DeployHash(edition.spec.hash);
        Desired {
            uid: machine::Uid(u128::from(application.uid.0)),
            generation: i64::try_from(edits).unwrap_or(i64::MAX) + 1,
            digest: machine::Digest(content as u64 + 1),
            hash,
            coloured: machine::Coloured { blue: hash, green: hash },
            goal: if application.deleting { Goal::Delete(edition.delete) } else { Goal::Run },
            finalizer: application.finalizer,
            parallelism: edition.spec.parallelism,
            taskmanagers: edition.spec.taskmanagers,
            mode: edition.mode,
            scale_mode: edition.scale,
            savepoint_stop: edition.stop,
            savepoint_disabled: edition.savepoint_disabled,
            fallback_without_state: edition.fallback,
            restore: edition
                .spec
                .restored
                .as_ref()
                .map(|path| machine::Restore { path: path.to_string(), nonce: "cured".to_owned() }),
            recovery: edition.recovery,
            // No checkpoint of an exploration grows too old.
            max_checkpoint_age: std::time::Duration::MAX,
            initial_savepoint: None,
            foreign_job: edition
                .foreign
                .map(|action| machine::ForeignJob { id: machine::JobId(PERSONS_JOB.0), action }),
            force_rollback: edition.force_rollback,
            tear_down: edition.tear_down.map(machine::DeployHash),
            timeouts: knobs::timeouts(),
            confirm_after: knobs::CONFIRM_AFTER,
            obstacles: Vec::new(),
        }
    }

    /// What the object is.
    pub(super) fn edition<'s>(&'s self, suite: &'s Suite) -> &'s Edition {
        self.cured.as_ref().map_or_else(|| &suite.editions[self.edition], |cured| &cured.edition)
    }

    /// The user does the next thing.
    pub(super) fn edit(&mut self, suite: &Suite) {
        match suite.edits[self.edits].what {
            Wish::Edition(n) => {
                self.edition = n;
                self.world.edit_application(APP, suite.editions[n].spec.clone());
            }
            Wish::Deleted => self.world.delete_application(APP),
            Wish::StatusLost => self.stored = Rc::new(State::new(self.now())),
            Wish::StatusUnreadable => {
                let why = "status.machine has an unknown format".to_owned();
                self.stored = Rc::new(State::unreadable(self.now(), why));
            }
            Wish::Left(told) => left::leave(suite, self, told),
        }
        self.edits += 1;
    }

    /// Another operator takes this one's place, whose call is still on its way.
    pub(super) fn loses_its_place(&mut self, call: &Call) {
        let (edition, version) = (self.edition, calls::version(&self.world, call));
        self.late = Some(Rc::new(Late { call: call.clone(), edition, version }));
        self.crash();
    }

    /// The call arrives.
    pub(super) fn arrives(&mut self, suite: &Suite) {
        let Some(late) = self.late.take() else { return };
        if !late.is_in_time(&self.world) {
            return;
        }
        let operator = Operator::default();
        let mut his = Node { operator, edition: late.edition, unreachable: false, ..self.clone() };
        // Nobody hears any more what comes of it.
        _ = calls::perform(suite, &mut his, &late.call);
        if let Call::Submit(submit) = &late.call
            && self.operator.post.as_ref().is_none_or(|(job, _)| *job != submit.job)
        {
            his.world.give_up_waiting(Some(translate::job_back(submit.job)));
        }
        self.world = his.world;
    }

    /// The operator's process ends, another begins.
    pub(super) fn crash(&mut self) {
        self.operator = Operator::default();
        self.world.give_up_waiting(None);
    }

    /// The objects as the operator sees them.
    pub(super) fn watched(&self) -> &World {
        self.operator.frozen.as_deref().unwrap_or(&self.world)
    }
}
