//! The persisted state: every state survives being written and read, and what cannot be read is named.

use std::collections::BTreeSet;

use flinkk8soperator_api::machine::{MachineError, adopted, read, write};
use flinkk8soperator_core::*;
use serde_json::{Value, json};

/// Builds states of all shapes from a number: each call takes some of it away. (xorshift; the seed
/// is the test's, so that a failure can be repeated.)
struct Generator(u64);

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
    fn phase(&mut self, which: u64) -> Phase {
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

fn states() -> Vec<State> {
    let mut generator = Generator(0x9e37_79b9_7f4a_7c15);
    (0..2000).map(|n| generator.state(n % 14)).collect()
}

#[test]
fn what_clusters_of_the_reference_operator_have_numbers_is_read_alone() {
    let mut some = 0;
    for state in states() {
        assert_eq!(adopted(&write(&state)), state.record.adopted);
        some += state.record.adopted.len();
    }
    assert!(some > 0);
    for none in [json!({}), json!({ "record": { "adopted": [{ "hash": 5 }] } }), json!("none")] {
        assert_eq!(adopted(&none), [], "{none}");
    }
}

#[test]
fn every_state_survives_being_written_as_text_and_read() {
    for state in states() {
        let text = write(&state).to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read(&value), Ok(state), "{text}");
    }
}

/// All places of members below `value`, as the errors write them.
fn members(value: &Value, found: &mut Vec<Vec<String>>, at: &[String]) {
    let mut visit = |key: String, value: &Value| {
        let at: Vec<String> = at.iter().cloned().chain([key]).collect();
        members(value, found, &at);
        found.push(at);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| visit(key.clone(), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| visit(index.to_string(), value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn pointer(at: &[String]) -> String {
    at.iter().map(|key| format!("/{key}")).collect()
}

fn named(at: &[String]) -> String {
    at.iter().fold("status.machine".to_owned(), |path, key| match key.parse::<u32>() {
        Ok(_) => format!("{path}[{key}]"),
        Err(_) => format!("{path}.{key}"),
    })
}

#[test]
fn a_missing_member_is_an_error_that_names_its_path_or_one_that_may_be_absent() {
    let optional: BTreeSet<&str> = [
        "deployed",
        "previous",
        "settled",
        "forced",
        "checkpoint",
        "startDeadline",
        "aftermath",
        "troubled",
        "confirming",
        "restartedAt",
        "submission",
        "trouble",
        "restored",
        "dwellsUntil",
        "recovered",
        "learnt",
        "newest",
        "taken",
        "revived",
        "failed",
        "colour",
        "from",
        "teardown",
        "stop",
        "failure",
        "scaled",
        "adopted",
        "beside",
        "job",
        "underWay",
        "target",
        "cluster",
        "sent",
    ]
    .into();
    let (mut refused, mut absent) = (BTreeSet::new(), BTreeSet::new());
    for state in states().iter().take(300) {
        let written = write(state);
        let mut all = Vec::new();
        members(&written, &mut all, &[]);
        for at in all {
            let (key, parent) = at.split_last().unwrap();
            let mut cut = written.clone();
            let Some(object) = cut.pointer_mut(&pointer(parent)).unwrap().as_object_mut() else {
                continue;
            };
            object.remove(key);
            match read(&cut) {
                Err(error) => {
                    assert_eq!(error, MachineError::Missing { path: named(&at) });
                    refused.insert(key.clone());
                }
                Ok(read) => {
                    assert_ne!(read, *state, "{} says nothing", named(&at));
                    assert!(optional.contains(key.as_str()), "{} may not be absent", named(&at));
                    absent.insert(key.clone());
                }
            }
        }
    }
    assert_eq!(absent.iter().map(String::as_str).collect::<BTreeSet<_>>(), optional);
    assert!(refused.contains("deadline") && refused.contains("kind") && refused.contains("format"));
}

#[test]
fn a_member_of_the_wrong_kind_is_an_error_that_names_its_path() {
    let mut wrong = 0;
    for state in states().iter().take(100) {
        let written = write(state);
        let mut all = Vec::new();
        members(&written, &mut all, &[]);
        for at in all.iter().filter(|at| at.as_slice() != ["format"]) {
            let mut bent = written.clone();
            *bent.pointer_mut(&pointer(at)).unwrap() = json!(-1.5);
            let Err(MachineError::Wrong { path, found, .. }) = read(&bent) else {
                panic!("{} was read from -1.5", named(at));
            };
            assert_eq!((path, found.as_str()), (named(at), "-1.5"));
            wrong += 1;
        }
    }
    assert!(wrong > 1000);
}

#[test]
fn unknown_members_are_passed_over_wherever_they_are() {
    for state in states().iter().take(300) {
        let mut value = write(state);
        add_unknown(&mut value);
        assert_eq!(read(&value).as_ref(), Ok(state));
    }
}

fn add_unknown(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(add_unknown);
            members.insert("addedLater".to_owned(), json!({ "x": [1] }));
        }
        Value::Array(items) => items.iter_mut().for_each(add_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_form_is_what_a_person_can_read_and_does_not_change() {
    let target = Target {
        hash: DeployHash(0x00c0_ffee),
        incarnation: Incarnation(3),
        generation: 7,
        digest: Digest(0xabc),
        parallelism: 2,
        taskmanagers: 1,
        mode: Mode::Dual,
        colour: None,
        scaled: None,
    };
    let point = RestorePoint {
        path: "s3://bucket/sp".to_owned(),
        kind: CheckpointKind::Savepoint,
        job: JobId(1),
        checkpoint: Some(17),
        taken: None,
        source: Source::Operation,
        at: Timestamp(1_762_000_000_123),
    };
    let mut state = State::new(Timestamp(1_762_000_000_000));
    state.record.incarnations = 3;
    state.record.deployed =
        Some(Version { target, removed: false, work: Work::Stopped(Origin::Restored(point)) });
    let deadline = Timestamp(1_762_000_600_000);
    state.phase = Phase::Updating(Updating { target, deadline });
    let target = json!({ "hash": "00c0ffee", "incarnation": 3, "generation": 7,
        "digest": "0000000000000abc", "parallelism": 2,
        "taskManagers": 1, "mode": "Dual" });
    let expected = json!({
        "format": 1,
        "record": {
            "ids": { "epoch": 1_762_000_000_000_u64, "issued": 0 },
            "incarnations": 3,
            "deployed": {
                "target": target,
                "removed": false,
                "work": {
                    "kind": "Stopped",
                    "next": {
                        "kind": "Restored",
                        "restorePoint": {
                            "path": "s3://bucket/sp",
                            "kind": "Savepoint",
                            "job": "00000000000000000000000000000001",
                            "checkpoint": 17,
                            "source": "Operation",
                            "at": "2025-11-01T12:26:40.123Z",
                        },
                    },
                },
            },
            "leaving": [],
            "obsolete": [],
            "surplus": false,
            "bounds": [],
        },
        "phase": { "name": "Updating", "target": target, "deadline": "2025-11-01T12:36:40.000Z" },
    });
    assert_eq!(write(&state), expected);
}

#[test]
fn another_format_is_refused_by_its_name_whatever_else_is_in_it() {
    for (value, message) in [
        (
            json!({ "format": 2, "new": {} }),
            "status.machine has format 2, this operator reads format 1",
        ),
        (json!({ "format": "1" }), "status.machine has format \"1\", this operator reads format 1"),
        (json!({}), "status.machine.format is missing"),
        (json!([]), "status.machine should be an object, it is []"),
        (json!({ "format": 1 }), "status.machine.record is missing"),
    ] {
        assert_eq!(read(&value).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_word_or_an_id_that_is_none_is_named_with_what_was_found() {
    let mut state = State::new(Timestamp(0));
    state.phase = Generator(5).phase(4);
    let check = |at: &str, value: Value, message: &str| {
        let mut bent = write(&state);
        *bent.pointer_mut(at).unwrap() = value;
        assert_eq!(read(&bent).unwrap_err().to_string(), format!("status.machine{message}"));
    };
    check(
        "/phase/name",
        json!("Resting"),
        ".phase.name should be the name of a phase, it is \"Resting\"",
    );
    check(
        "/phase/target/hash",
        json!("c0ffee"),
        ".phase.target.hash should be 8 hex digits, it is \"c0ffee\"",
    );
    check(
        "/phase/submission/job",
        json!("x"),
        ".phase.submission.job should be 32 hex digits, it is \"x\"",
    );
    check(
        "/phase/submission/from/kind",
        json!("Air"),
        ".phase.submission.from.kind should be Empty, Given or Restored, it is \"Air\"",
    );
    check(
        "/phase/submission/deadline",
        json!("soon"),
        ".phase.submission.deadline should be a time in RFC 3339, it is \"soon\"",
    );
    check(
        "/record/incarnations",
        json!(4_294_967_296_u64),
        ".record.incarnations should be a whole number below 2^32, it is 4294967296",
    );
}
