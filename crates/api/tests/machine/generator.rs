//! States of all shapes, the same each time.

use flinkk8soperator_core::*;

/// Builds states of all shapes from a number: each call takes some of it away. (xorshift; the seed
/// is the test's, so that a failure can be repeated.)
pub(crate) struct Generator(pub(crate) u64);

impl Generator {
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    fn small(&mut self) -> u32 {
        self.below(1 << 32) as u32
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.number()) << 64 | u128::from(self.number())
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 0
    }

    fn maybe<T>(&mut self, make: impl Fn(&mut Generator) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn time(&mut self) -> Timestamp {
        match self.below(8) {
            0 => Timestamp(0),
            1 => Timestamp(u64::MAX),
            _ => Timestamp(self.below(2_000_000_000_000)),
        }
    }

    fn text(&mut self) -> String {
        let texts =
            ["", "s3://bucket/sp-1", "image \"a:b\" cannot be pulled\n\tat line 2", "Zürich ∑"];
        texts[self.below(4) as usize].to_owned()
    }

    fn target(&mut self) -> Target {
        Target {
            hash: DeployHash(self.small()),
            incarnation: Incarnation(self.small()),
            generation: self.number() as i64,
            digest: Digest(self.number()),
            parallelism: self.small(),
            mode: self.one_of(Mode::ALL),
            colour: self.maybe(|g| g.one_of(Colour::ALL)),
            taskmanagers: self.small(),
            scaled: self.maybe(|g| Scaled {
                names: DeployHash(g.small()),
                revision: Incarnation(g.small()),
            }),
        }
    }

    fn point(&mut self) -> RestorePoint {
        RestorePoint {
            path: self.text(),
            kind: self.one_of(CheckpointKind::ALL),
            job: JobId(self.wide()),
            checkpoint: self.maybe(Generator::number),
            taken: self.maybe(Generator::time),
            source: self.one_of(Source::ALL),
            at: self.time(),
        }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    fn learnt(&mut self) -> Learnt {
        Learnt { checkpoints: self.flag(), newest: self.maybe(Generator::point), at: self.time() }
    }

    fn origin(&mut self) -> Origin {
        match self.below(3) {
            0 => Origin::Empty,
            1 => Origin::Given(self.text()),
            _ => Origin::Restored(self.point()),
        }
    }

    fn version(&mut self) -> Version {
        let work = match self.below(3) {
            0 => {
                let (id, from) = (JobId(self.wide()), self.origin());
                Work::Live(LiveJob { id, from, learnt: self.maybe(Generator::learnt) })
            }
            1 => Work::Stopped(self.origin()),
            _ => Work::Finished,
        };
        Version { target: self.target(), removed: self.flag(), work }
    }

    fn leaving(&mut self) -> Leaving {
        Leaving {
            incarnation: Incarnation(self.small()),
            hash: DeployHash(self.small()),
            may_run: self.flag(),
        }
    }

    fn obsolete(&mut self) -> Obsolete {
        Obsolete { incarnation: Incarnation(self.small()), hash: DeployHash(self.small()) }
    }

    fn failure(&mut self) -> Failure {
        Failure { kind: self.one_of(FailureKind::ALL), message: self.text() }
    }

    fn stop(&mut self) -> Stop {
        Stop {
            job: JobId(self.wide()),
            trigger: TriggerId(self.wide()),
            process: self.process(),
            baseline: Baseline { checkpoint: self.number(), restored: self.number() },
            attempt: self.small(),
            not_before: self.time(),
            cancel: self.flag(),
        }
    }

    fn submission(&mut self) -> Submission {
        Submission {
            job: JobId(self.wide()),
            process: self.process(),
            from: self.origin(),
            attempt: self.small(),
            not_before: self.time(),
            deadline: self.time(),
            start_deadline: self.maybe(Generator::time),
        }
    }

    fn confirming(&mut self) -> Confirming {
        Confirming {
            since: self.time(),
            restarted_at: self.maybe(Generator::time),
            deadline: self.time(),
        }
    }

    fn rolling_back(&mut self) -> RollingBackJob {
        RollingBackJob {
            failed: self.target(),
            failure: self.failure(),
            revived: self.maybe(|g| Incarnation(g.small())),
            restart: self.restart(),
        }
    }

    fn restart(&mut self) -> Restart {
        Restart {
            submission: self.maybe(Generator::submission),
            aftermath: self.maybe(Generator::aftermath),
            attempt: self.small(),
            trouble: self.maybe(Generator::failure),
        }
    }

    fn recovering(&mut self) -> Recovering {
        let failed = |g: &mut Generator| DeployFailed { failed: g.target(), failure: g.failure() };
        let step = if self.flag() {
            RecoveringStep::Find(Find { cancel: self.flag(), sent: self.maybe(|g| g.process()) })
        } else {
            RecoveringStep::Start(Box::new(self.restart()))
        };
        Recovering {
            purpose: match self.flag() {
                true => Purpose::Deploy(self.target()),
                false => Purpose::Restart(self.maybe(failed)),
            },
            job: JobId(self.wide()),
            why: self.failure(),
            step,
            deadline: self.time(),
        }
    }

    fn aftermath(&mut self) -> Aftermath {
        match self.below(3) {
            0 => Aftermath::Job { job: JobId(self.wide()), until: self.time() },
            1 => Aftermath::JobManager(self.process()),
            _ => Aftermath::TaskManagers((0..self.below(3)).map(|_| Uid(self.wide())).collect()),
        }
    }

    fn deleting_step(&mut self) -> DeletingStep {
        match self.below(5) {
            0 => DeletingStep::Look,
            1 => DeletingStep::Stop(self.stop()),
            2 => DeletingStep::Cancel(JobId(self.wide())),
            3 => DeletingStep::RemoveClusters { why: self.text() },
            _ => DeletingStep::Finalize,
        }
    }

    fn left_version(&mut self) -> LeftVersion {
        let hash = DeployHash(self.small());
        LeftVersion {
            hash,
            job: self.maybe(|g| JobId(g.wide())),
            cluster: self.maybe(|g| Incarnation(g.small())),
        }
    }

    fn process(&mut self) -> Process {
        Process { pod: Uid(self.wide()), restarts: self.small() }
    }

    fn left_step(&mut self) -> LeftStep {
        match self.below(5) {
            0 => LeftStep::Deploying,
            2 => LeftStep::Savepointing(TriggerId(self.wide())),
            3 => LeftStep::RollingBack { since: self.time() },
            1 => LeftStep::Submitting {
                job: self.maybe(|g| JobId(g.wide())),
                since: self.time(),
                failing: self.flag(),
            },
            _ => LeftStep::Deleting,
        }
    }

    fn bounds(&mut self) -> Bounds {
        Bounds { vertex: VertexId(self.wide()), lower: self.small(), upper: self.small() }
    }

    fn rescaling_step(&mut self) -> RescalingStep {
        match self.below(3) {
            0 => RescalingStep::Grow { troubled: self.maybe(Generator::time) },
            1 => RescalingStep::Adapt,
            _ => RescalingStep::Return { failure: self.maybe(Generator::failure) },
        }
    }

    /// One of each phase, for 0 to 13.
    pub(crate) fn phase(&mut self, which: u64) -> Phase {
        let (target, deadline) = (self.target(), self.time());
        match which {
            0 => Phase::New(New { lost: self.flag() }),
            1 => Phase::Updating(Updating { target, deadline }),
            2 => Phase::ClusterStarting(ClusterStarting {
                target,
                deadline,
                troubled: self.maybe(Generator::time),
                attempt: self.small(),
                from: self.maybe(Generator::origin),
            }),
            3 => Phase::Savepointing(Savepointing { target, stop: self.stop(), deadline }),
            4 => Phase::SubmittingJob(SubmittingJob { target, submission: self.submission() }),
            5 => Phase::Running(Running { confirming: self.maybe(Generator::confirming) }),
            6 => Phase::RollingBackJob(self.rolling_back()),
            7 => Phase::DeployFailed(DeployFailed { failed: target, failure: self.failure() }),
            8 => Phase::Deleting(Deleting { step: self.deleting_step(), deadline }),
            9 => Phase::Recovering(self.recovering()),
            10 => {
                let job = JobId(self.wide());
                Phase::Cancelling(Cancelling { target, job, deadline })
            }
            11 => Phase::DualRunning(DualRunning {
                confirming: self.maybe(Generator::confirming),
                teardown: self.maybe(|g| TearDown {
                    incarnation: Incarnation(g.small()),
                    stop: g.maybe(Generator::stop),
                    deadline: g.time(),
                }),
            }),
            12 => {
                let step = self.rescaling_step();
                Phase::Rescaling(Rescaling { target, step, deadline })
            }
            13 => Phase::Left(Left {
                deployed: self.maybe(Generator::left_version),
                beside: self.maybe(Generator::left_version),
                failed: self.maybe(|g| DeployHash(g.small())),
                under_way: self.maybe(Generator::left_step),
                target: self.maybe(|g| DeployHash(g.small())),
            }),
            _ => Phase::Unreadable(Unreadable { why: self.text() }),
        }
    }

    fn state(&mut self, which: u64) -> State {
        let record = Record {
            ids: Ids { epoch: self.number(), issued: self.number() },
            incarnations: self.small(),
            deployed: self.maybe(Generator::version),
            previous: self.maybe(Generator::version),
            leaving: (0..self.below(3)).map(|_| self.leaving()).collect(),
            obsolete: (0..self.below(3)).map(|_| self.obsolete()).collect(),
            settled: self.maybe(|g| Digest(g.number())),
            forced: self.maybe(|g| g.number() as i64),
            restored: self.maybe(Generator::text),
            recovered: self.maybe(|g| Recovered { attempt: g.small(), at: g.time() }),
            surplus: self.flag(),
            dwells_until: self.maybe(Generator::time),
            bounds: (0..self.below(3)).map(|_| self.bounds()).collect(),
            adopted: (0..self.below(3)).map(|_| self.target()).collect(),
        };
        State { record, phase: self.phase(which) }
    }
}

/// Some thousand, of every phase.
pub(crate) fn states() -> Vec<State> {
    let mut generator = Generator(0x9e37_79b9_7f4a_7c15);
    (0..2000).map(|n| generator.state(n % 14)).collect()
}
