//! A round that is written down (feature `serde`) is read back as it was: every state, wish,
//! observation and decision of the vocabulary (`vocabulary/`).

mod common;
mod vocabulary;

use std::collections::BTreeMap;
use std::fmt::Debug;

use common::round;
use flinkk8soperator_core::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{from_str, to_string};
use vocabulary::{NOW, SHORT, each};

/// What was met, by how it is written down.
struct Written<T>(BTreeMap<String, T>);

impl<T: Serialize + DeserializeOwned + PartialEq + Clone + Debug> Written<T> {
    /// Writes `value` down. What is read back from the text is read once.
    fn meet(&mut self, value: &T) {
        let text = to_string(value).expect("it can be written");
        let read = |text: &String| from_str(text).expect("it can be read");
        let back = self.0.entry(text).or_insert_with_key(read);
        assert_eq!(back, value);
    }

    fn count_with(&self, part: &str) -> usize {
        self.0.keys().filter(|text| text.contains(part)).count()
    }
}

#[test]
fn every_round_is_read_back_as_it_was() {
    let (mut states, mut wishes) = (Written(BTreeMap::new()), Written(BTreeMap::new()));
    let (mut seen, mut decisions) = (Written(BTreeMap::new()), Written(BTreeMap::new()));
    each(|case| {
        assert_eq!(case.cx.now, NOW);
        states.meet(case.state);
        wishes.meet(case.cx.desired);
        seen.meet(&case.seen);
        decisions.meet(&round(&case.cx, case.state, |ask| case.facts.answer(ask)));
    });
    // Sometimes: all wishes, every phase and effect, silences and answers.
    assert_eq!(wishes.0.len(), 16);
    let phases = ["New", "Updating", "ClusterStarting", "Savepointing", "SubmittingJob", "Running"];
    let others = [
        "Cancelling",
        "DualRunning",
        "Recovering",
        "Rescaling",
        "RollingBackJob",
        "DeployFailed",
        "Deleting",
        "Unreadable",
    ];
    for phase in phases.iter().chain(&others) {
        assert!(states.count_with(&format!(r#""phase":{{"{phase}":"#)) > 0, "no {phase}");
    }
    for effect in [r#""AddFinalizer""#, r#"{"Submit":"#, r#"{"Savepoint":"#, r#"{"DeletePod":"#] {
        assert!(decisions.count_with(effect) > 0, "no {effect}");
    }
    let silence = format!(r#""for_how_long":"{}s""#, SHORT.as_secs());
    assert!(seen.count_with(&silence) > 0, "no silence");
    assert!(seen.count_with(r#"{"Known":"#) > 1000, "few answers");
}

#[test]
fn it_is_written_as_a_person_knows_it() {
    let mut state = State::new(Timestamp(5));
    let failed = Target {
        hash: DeployHash(0xc0_ffee),
        incarnation: Incarnation(2),
        generation: 3,
        digest: Digest(4),
        parallelism: 1,
        taskmanagers: 1,
        mode: Mode::Dual,
        colour: None,
        scaled: None,
    };
    let failure = Failure { kind: FailureKind::PodTrouble, message: "no image".to_owned() };
    state.phase = Phase::DeployFailed(DeployFailed { failed, failure });
    assert_eq!(
        to_string(&state).expect("it can be written"),
        concat!(
            r#"{"record":{"ids":{"epoch":5,"issued":0},"incarnations":0,"deployed":null,"#,
            r#""previous":null,"leaving":[],"obsolete":[],"settled":null,"forced":null,"#,
            r#""restored":null,"recovered":null,"surplus":false,"dwells_until":null,"bounds":[],"#,
            r#""adopted":[]},"#,
            r#""phase":{"DeployFailed":{"failed":{"hash":"00c0ffee","incarnation":2,"#,
            r#""generation":3,"digest":"0000000000000004","parallelism":1,"taskmanagers":1,"#,
            r#""mode":"Dual","colour":null,"scaled":null},"#,
            r#""failure":{"kind":"PodTrouble","message":"no image"}}}}"#,
        )
    );
    assert_eq!(
        to_string(&Config::default()).expect("it can be written"),
        concat!(
            r#"{"unreachable_grace":"60s","pod_trouble_grace":"60s","#,
            r#""retries":{"savepoint":5,"submit":3,"recovery":5,"rollback":null},"base_backoff":"0.1s","max_backoff":"30s","#,
            r#""min_phase":"0s","flink_poll":{"busy":"1s","running":"10s","max":"30s"},"record_checkpoints":"60s","savepoint_subdirectory":true}"#,
        )
    );
}

#[test]
fn a_fact_that_is_missing_was_not_asked_for_and_a_wrong_id_is_refused() {
    let seen: Observation = from_str(r#"{"flink":{"1":{}}}"#).expect("it can be read");
    let flink = [(Incarnation(1), Flink::default())].into();
    assert_eq!(seen, Observation { flink, ..Observation::default() });
    let wrong = from_str::<JobId>(r#""c0ffee""#).expect_err("it is too short");
    assert!(wrong.to_string().contains(r#"expected 32 hex digits, found "c0ffee""#), "{wrong}");
}
