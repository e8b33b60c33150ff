//! The example's controller on the suite's ground: as it is, or with a defect between the two, or in
//! what it says of its round.

use std::cell::{Cell, RefCell};

use flinkk8soperator_core::*;
use flinkk8soperator_sim::conformance::{self, Adapter, CallError, Ground, Wish};

use crate::streaming_job::controller::Controller;
use crate::streaming_job::outside::{Answer, Done, Failed, Outside, Part};
use crate::streaming_job::resource::{Spec, StreamingJob};
use crate::streaming_job::store::{Kept, NotWritten, Store, Unreadable, Version};

macro_rules! defects {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What an adapter can do wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Defect { $($(#[$doc])* $name),+ }

        impl Defect {
            pub(crate) const ALL: &[Defect] = &[$(Defect::$name),+];
        }
    };
}

defects! {
    /// The store is written at the end of the round.
    WritesAfterwards,
    /// The state comes from a cache.
    ReadsACache,
    /// After a conflict it writes once more, whatever is there.
    ForcesConflicts,
    /// A write without an answer counts as done.
    TakesNoAnswerForWritten,
    /// What comes back from a write is not looked at.
    LooksAtNoReply,
    /// Deletes name no UID.
    DeletesByName,
    /// No answer about a job counts as "no such job".
    TakesSilenceForAbsence,
    /// The slots of a lost job count as free.
    CountsHeldSlotsAsFree,
    /// It does not ask how the wish differs.
    AsksLess,
    /// Jobs that another process may have sent count as unsent.
    CallsEveryJobUnsent,
    /// A silence counts from long ago.
    ExaggeratesASilence,
    /// It takes every round for a later one.
    FiresWhatPassedBefore,
    /// It decides by rules of its own.
    DecidesByItself,
    /// The Service is never pointed anywhere.
    LeavesAnEffectOut,
    /// A failure does not end the round.
    GoesOnAfterAFailure,
    /// After a conflict there is no other round.
    GivesUpAfterAConflict,
    /// The first question about a revision after each edit is put off.
    LooksTooLate,
    /// It reads `stateless` in every wish.
    MistakesTheWish,
}

/// The example, as an adapter.
pub(crate) struct Embedded {
    controller: Controller,
    defect: Option<Defect>,
    gave_up: bool,
    /// The generation that was read last, and the one that was looked at.
    looked: Cell<(i64, i64)>,
}

impl Embedded {
    pub(crate) fn new(config: Config, defect: Option<Defect>) -> Embedded {
        let controller = Controller::new(config);
        Embedded { controller, defect, gave_up: false, looked: Cell::new((0, 0)) }
    }
}

impl Adapter for Embedded {
    type Kept = StreamingJob;

    fn wished(kept: Option<StreamingJob>, uid: Uid, wish: &Wish) -> StreamingJob {
        let spec = Spec {
            image: wish.version.to_string(),
            parallelism: wish.parallelism,
            in_turn: wish.mode == Mode::Single,
            stateless: wish.savepoint_disabled,
            lenient: wish.fallback_without_state,
        };
        let job = kept.unwrap_or_else(|| StreamingJob {
            generation: 0,
            ..StreamingJob::new("clicks", uid, spec.clone())
        });
        StreamingJob { generation: job.generation + 1, spec, deleting: wish.deleted, ..job }
    }

    fn state(kept: &StreamingJob) -> Option<State> {
        kept.machine.clone()
    }

    fn pruned(kept: StreamingJob) -> StreamingJob {
        StreamingJob { machine: None, ..kept }
    }

    fn round(&mut self, ground: &mut Ground<StreamingJob>) -> Option<conformance::Round> {
        if self.gave_up {
            return None;
        }
        let ground = RefCell::new(ground);
        let (defect, looked) = (self.defect, &self.looked);
        let mut store =
            OnGround { ground: &ground, defect, put_off: None, conflict: false, looked };
        let mut outside =
            OnGround { ground: &ground, defect, put_off: None, conflict: false, looked };
        let round = self.controller.round(&mut store, &mut outside)?;
        if let Some((read, job)) = store.put_off.take() {
            // What comes of it, the round does not ask any more.
            let _late = ground.borrow_mut().swap(conformance::Version(read.0), job);
        }
        self.gave_up |= store.conflict && defect == Some(Defect::GivesUpAfterAConflict);
        let mut told = conformance::Round {
            desired: round.desired,
            now: round.now,
            resumed: round.resumed,
            before: round.before,
            seen: round.seen,
            decision: round.decision,
        };
        misreport(defect, &mut told);
        Some(told)
    }
}

/// Defects that lie in what is asked or decided show in what is said of it.
fn misreport(defect: Option<Defect>, round: &mut conformance::Round) {
    let seen = &mut round.seen;
    match defect {
        Some(Defect::FiresWhatPassedBefore) => round.resumed = false,
        Some(Defect::AsksLess) => seen.change = Fact::Unasked,
        Some(Defect::CallsEveryJobUnsent) => {
            let mine = seen.flink.values_mut().filter(|f| f.submission != Fact::Unasked);
            mine.for_each(|f| f.submission = Fact::Known(Post::NotSent));
        }
        Some(Defect::ExaggeratesASilence) => {
            let silent = seen.flink.values_mut().map(|f| &mut f.jobs);
            for fact in silent {
                if let Fact::Unknown { for_how_long, .. } = fact {
                    *for_how_long += Config::default().unreachable_grace * 1_000;
                }
            }
        }
        Some(Defect::DecidesByItself) => round.decision.wake = None,
        _ => {}
    }
}

struct OnGround<'a, 'g> {
    ground: &'a RefCell<&'g mut Ground<StreamingJob>>,
    defect: Option<Defect>,
    /// A write that is made at the end of the round.
    put_off: Option<(Version, Option<StreamingJob>)>,
    conflict: bool,
    looked: &'a Cell<(i64, i64)>,
}

impl OnGround<'_, '_> {
    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn done(&self, outcome: Result<(), CallError>) -> Done {
        match outcome {
            Err(_) if self.has(Defect::GoesOnAfterAFailure) => Ok(()),
            outcome => outcome.map_err(|why| Failed(why.to_string())),
        }
    }

    fn swap_once(
        &self,
        read: Version,
        job: &Option<StreamingJob>,
    ) -> Result<Option<Kept>, NotWritten> {
        let read = conformance::Version(read.0);
        let written = self.ground.borrow_mut().swap(read, job.clone());
        let kept = written.map_err(|why| match why {
            conformance::NotWritten::Conflict => NotWritten::Conflict,
            conformance::NotWritten::Lost => NotWritten::Lost,
        })?;
        Ok(kept.map(|(job, version)| (job, Version(version.0))))
    }
}

impl Store for OnGround<'_, '_> {
    fn read(&mut self) -> Result<Option<Kept>, Unreadable> {
        let mut ground = self.ground.borrow_mut();
        let kept = if self.has(Defect::ReadsACache) { ground.cached() } else { ground.read() };
        let stateless = self.has(Defect::MistakesTheWish);
        Ok(kept.map(|(mut job, version)| {
            job.spec.stateless |= stateless;
            self.looked.set((job.generation, self.looked.get().1));
            (job, Version(version.0))
        }))
    }

    fn swap(
        &mut self,
        read: Version,
        job: Option<StreamingJob>,
    ) -> Result<Option<Kept>, NotWritten> {
        let as_wanted = |version| Ok(job.clone().map(|job| (job, version)));
        if self.has(Defect::WritesAfterwards) {
            self.put_off = Some((read, job.clone()));
            return as_wanted(read);
        }
        match self.swap_once(read, &job) {
            Err(NotWritten::Conflict) if self.has(Defect::ForcesConflicts) => {
                let there = self.read().ok().flatten().map_or(read, |(_, version)| version);
                self.swap_once(there, &job)
            }
            Err(NotWritten::Lost) if self.has(Defect::TakesNoAnswerForWritten) => {
                as_wanted(Version(read.0 + 1))
            }
            Ok(Some((_, version))) if self.has(Defect::LooksAtNoReply) => as_wanted(version),
            Err(NotWritten::Conflict) => {
                self.conflict = true;
                Err(NotWritten::Conflict)
            }
            other => other,
        }
    }
}

fn part(part: Part) -> conformance::Part {
    match part {
        Part::JobManager => conformance::Part::JobManager,
        Part::TaskManager => conformance::Part::TaskManager,
        Part::Service => conformance::Part::Service,
    }
}

fn part_back(part: conformance::Part) -> Part {
    match part {
        conformance::Part::JobManager => Part::JobManager,
        conformance::Part::TaskManager => Part::TaskManager,
        conformance::Part::Service => Part::Service,
    }
}

impl Outside for OnGround<'_, '_> {
    fn now(&self) -> Timestamp {
        self.ground.borrow().now()
    }

    fn objects(&mut self) -> Answer<Objects> {
        self.ground.borrow_mut().objects()
    }

    fn live_pods(&mut self) -> Answer<Vec<Pod>> {
        self.ground.borrow_mut().live_pods()
    }

    fn parts(&mut self, of: Incarnation) -> Answer<Vec<(Part, Uid)>> {
        let parts = self.ground.borrow_mut().parts(of)?;
        Ok(parts.into_iter().map(|(part, uid)| (part_back(part), uid)).collect())
    }

    fn revision(&mut self, of: Incarnation) -> Answer<Option<(Spec, Uid)>> {
        let (read, looked) = self.looked.get();
        self.looked.set((read, read));
        if self.has(Defect::LooksTooLate) && looked != read {
            return Err(Silence::TimedOut);
        }
        let revision = self.ground.borrow_mut().revision(of)?;
        Ok(revision.map(|(version, uid)| {
            let spec = Spec { image: version.to_string(), parallelism: 1, ..Spec::default() };
            (spec, uid)
        }))
    }

    fn newest_revision(&mut self) -> Answer<Option<Incarnation>> {
        self.ground.borrow_mut().newest_revision()
    }

    fn save_revision(&mut self, of: Incarnation, hash: DeployHash, spec: &Spec) -> Done {
        let version = spec.image.parse().map_err(|_| Failed("not a version".to_owned()))?;
        let outcome = self.ground.borrow_mut().save_revision(of, hash, version);
        self.done(outcome)
    }

    fn delete_revision(&mut self, of: Incarnation, uid: Uid) -> Done {
        let outcome = self.ground.borrow_mut().delete_revision(of, Some(uid));
        self.done(outcome)
    }

    fn create(&mut self, of: Incarnation, which: Part) -> Done {
        let outcome = self.ground.borrow_mut().create(of, part(which));
        self.done(outcome)
    }

    fn delete(&mut self, of: Incarnation, which: Part, uid: Uid) -> Done {
        let uid = Some(uid).filter(|_| !self.has(Defect::DeletesByName));
        let outcome = self.ground.borrow_mut().delete(of, part(which), uid);
        self.done(outcome)
    }

    fn delete_pod(&mut self, uid: Uid) -> Done {
        let outcome = self.ground.borrow_mut().delete_pod(uid);
        self.done(outcome)
    }

    fn point_service(&mut self, at: Incarnation) -> Done {
        if self.has(Defect::LeavesAnEffectOut) {
            return Ok(());
        }
        let outcome = self.ground.borrow_mut().point_service(at);
        self.done(outcome)
    }

    fn delete_owner(&mut self) -> Done {
        let outcome = self.ground.borrow_mut().delete_owner();
        self.done(outcome)
    }

    fn overview(&mut self, at: Process) -> Answer<FlinkCluster> {
        let about = self.ground.borrow_mut().overview(at)?;
        let all_free = FlinkCluster { slots_free: about.slots, ..about };
        Ok(if self.has(Defect::CountsHeldSlotsAsFree) { all_free } else { about })
    }

    fn jobs(&mut self, at: Process) -> Answer<Vec<JobSummary>> {
        self.ground.borrow_mut().jobs(at)
    }

    fn job(&mut self, at: Process, job: JobId) -> Answer<Option<Job>> {
        match self.ground.borrow_mut().job(at, job) {
            Err(_) if self.has(Defect::TakesSilenceForAbsence) => Ok(None),
            answer => answer,
        }
    }

    fn statistics(&mut self, at: Process, job: JobId) -> Answer<Option<Statistics>> {
        self.ground.borrow_mut().statistics(at, job)
    }

    fn checkpointing(&mut self, at: Process, job: JobId) -> Answer<Option<Checkpointing>> {
        self.ground.borrow_mut().checkpointing(at, job)
    }

    fn operation(&mut self, at: Process, job: JobId, trigger: TriggerId) -> Answer<Operation> {
        self.ground.borrow_mut().operation(at, job, trigger)
    }

    fn failure(&mut self, at: Process, job: JobId) -> Answer<String> {
        self.ground.borrow_mut().failure(at, job)
    }

    fn submit(&mut self, submit: &Submit) -> Done {
        let outcome = self.ground.borrow_mut().submit(submit);
        outcome.map_err(|why| Failed(why.to_string()))
    }

    fn answer(&mut self, at: Process, job: JobId) -> Option<Post> {
        self.ground.borrow_mut().submitted(at, job)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Done {
        let outcome = self.ground.borrow_mut().savepoint(savepoint);
        self.done(outcome)
    }

    fn cancel(&mut self, at: Process, job: JobId) -> Done {
        let outcome = self.ground.borrow_mut().cancel(at, job);
        self.done(outcome)
    }
}
