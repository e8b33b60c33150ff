//! What the operator logs of a whole life, at the level that says all: each line is one flat object that says
//! what it is about, and nothing that is the application's own is in any.

use std::collections::BTreeSet;
use std::io::{Result, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flinkk8soperator_runtime::config::Logger;
use flinkk8soperator_runtime::telemetry::dispatch;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::http::kubernetes::route::Verb;
use flinkk8soperator_simulate::scene::Scene;
use serde_json::{Map, Value};

use crate::authority::Authority;
use crate::bench::{
    Bench, NAME, NAMESPACE, alone, application, confirmed, failed, gone, with_class, with_image,
};
use crate::flink_rest;
use crate::replay::{SECRET, with_secrets};

/// What was written.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The log, as long as the story lasts.
pub(crate) async fn log_of(json: bool, story: impl Future<Output = ()>) -> String {
    let written = Written::default();
    let writer = written.clone();
    let logger = Logger { level: 6, json, show_source: false, mute: false };
    let (log, _) = dispatch(&logger, move || writer.clone());
    // As long as there is one subscriber only, tracing takes the word of whichever thread comes by first for all
    // of them, and those of other tests have none.
    let _another = dispatch(&logger, std::io::sink);
    let _logging = tracing::dispatcher::set_default(&log);
    story.await;
    written.text()
}

/// A deploy, an update, one that is rolled back, and a deletion.
pub(crate) async fn a_life() {
    let mut bench = Bench::start().await;
    bench.apply(&with_secrets(application(), 1)).await;
    let first = bench.until("it is confirmed", confirmed).await;
    bench.apply(&with_secrets(with_image("1.1.0"), 2)).await;
    let updated = |now: &Scene| confirmed(now) && alone(now) && now.versions() != first.versions();
    bench.until("the update is confirmed and the old cluster is gone", updated).await;
    bench.apply(&with_secrets(with_class("1.2.0", "com.example.NoSuchClass"), 3)).await;
    let back = |s: &Scene| failed(s) && alone(s) && s.running().count() == 1;
    bench.until("the old version runs again", back).await;
    bench.delete().await;
    bench.until("it is gone", gone).await;
    bench.sound();
}

/// A deploy in which the round that makes the cluster panics once.
async fn a_panic() {
    let mut bench = Bench::start().await;
    let once = AtomicBool::new(true);
    bench.session.cluster().server().api().set_faults(move |request: &RequestInfo| {
        let makes = request.verb == Verb::Create && request.resource == "deployments";
        assert!(!makes || !once.swap(false, Ordering::Relaxed), "a planted defect");
        Fault::Pass
    });
    bench.apply(&application()).await;
    bench.until("it is confirmed", confirmed).await;
}

#[tokio::test(start_paused = true)]
async fn the_line_of_a_round_that_panicked_says_what_it_was_about() {
    let log = log_of(true, a_panic()).await;
    let lines = log.lines().map(|line| serde_json::from_str::<Map<String, Value>>(line).unwrap());
    let told = |line: &Map<String, Value>| {
        line["message"].as_str().is_some_and(|message| message.starts_with("a round panicked"))
    };
    let lines: Vec<_> = lines.filter(told).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["namespace"], &lines[0]["name"]), (&NAMESPACE.into(), &NAME.into()));
    assert!(lines[0].contains_key("phase") && lines[0].contains_key("hash"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn every_line_of_a_round_says_what_it_is_about_and_none_tells_a_secret() {
    let log = log_of(true, a_life()).await;
    assert!(!log.contains(SECRET), "a secret is in the log");
    let lines = log.lines().map(|line| serde_json::from_str::<Map<String, Value>>(line).unwrap());
    let lines: Vec<_> = lines.collect();
    let (mut phases, mut hashes, mut levels) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for line in &lines {
        let word = |name: &str| line.get(name).and_then(Value::as_str);
        assert!(word("timestamp").is_some() && word("message").is_some(), "{line:?}");
        assert!(line.values().all(|value| !value.is_object() && !value.is_array()), "{line:?}");
        // What spans say to traces alone.
        assert!(line.keys().all(|key| !key.contains('.')), "{line:?}");
        levels.insert(word("level").unwrap());
        if word("namespace").is_none() {
            // The watches, the start and the end are about no application or several.
            assert!(word("phase").is_none() && word("app").is_none(), "not in its round: {line:?}");
            continue;
        }
        assert_eq!((word("namespace"), word("name")), (Some(NAMESPACE), Some(NAME)), "{line:?}");
        phases.extend(word("phase"));
        hashes.extend(word("hash"));
    }
    assert!(levels.is_superset(&["TRACE", "DEBUG", "INFO"].into()), "{levels:?}");
    let gone_through =
        ["", "Updating", "ClusterStarting", "Savepointing", "SubmittingJob", "Running", "Deleting"];
    assert!(phases.is_superset(&gone_through.into()), "{phases:?}");
    assert_eq!(hashes.len(), 3, "{hashes:?}");
    // A submission is answered after its round: it says the same.
    let answered = lines.iter().filter(|line| line["message"] == "submission answered");
    assert!(answered.clone().count() >= 3);
    assert!(answered.clone().all(|line| line.contains_key("hash")), "{answered:?}");
}

/// A deploy behind TLS and a password, which is wrong for a while.
async fn a_life_behind_a_password() {
    let authority = Authority::new("authority");
    let (mut bench, front) = flink_rest::at_the_pods(&authority).await;
    front.demand(&flink_rest::header("operator", SECRET));
    let user = |password| [("username", "operator"), ("password", password)];
    flink_rest::put(&bench, "rest-tls", &[("ca.crt", &authority.pem())]);
    flink_rest::put(&bench, "rest-auth", &user("wrong"));
    bench.apply(&flink_rest::with_a_user(flink_rest::secured(application()))).await;
    bench.rest(Duration::from_secs(60)).await;
    flink_rest::put(&bench, "rest-auth", &user(SECRET));
    bench.until("it is confirmed", confirmed).await;
}

#[tokio::test(start_paused = true)]
async fn nor_what_the_operator_is_let_in_to_flink_by() {
    let log = log_of(true, a_life_behind_a_password()).await;
    assert!(log.contains("the user of the Secret default/rest-auth is not let in"));
    assert!(log.contains("Flink asked"), "requests are logged");
    let header = flink_rest::header("operator", SECRET);
    let encoded = header.trim_start_matches("Basic ").trim_end_matches('=');
    let stored = BASE64_STANDARD.encode(SECRET);
    for secret in [SECRET, encoded, stored.trim_end_matches('=')] {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}

#[tokio::test(start_paused = true)]
async fn nor_does_the_log_as_text() {
    let log = log_of(false, a_life()).await;
    assert!(!log.contains(SECRET), "a secret is in the log");
    let line = format!("round{{namespace={NAMESPACE} name={NAME} phase=\"Running\" hash=");
    assert!(log.contains(&line), "{line} is in no line");
}
