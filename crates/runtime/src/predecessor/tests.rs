//! What counts as a reference operator that runs, and what is told and asked meanwhile. The whole, with what is
//! written and when, is in `tests/simulated/predecessor.rs`.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::metrics::Metrics;
use crate::operator::Operator;
use crate::trace::Trace;
use crate::{Ports, Settings, alone};

fn pod(name: &str, phase: Option<&str>) -> Value {
    json!({
        "metadata": { "name": name, "labels": { "app": "flinkoperator" } },
        "status": { "phase": phase },
    })
}

#[test]
fn only_a_final_phase_says_that_a_pod_has_ended() {
    let ended = |mut pod: Value, told_to_end: bool| {
        if told_to_end {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        has_ended(&serde_json::from_value(pod).unwrap())
    };
    for (phase, expected) in [
        (None, false),
        (Some("Pending"), false),
        (Some("Running"), false),
        (Some("Unknown"), false),
        (Some("Succeeded"), true),
        (Some("Failed"), true),
    ] {
        assert_eq!(ended(pod("x", phase), false), expected, "{phase:?}");
        assert_eq!(ended(pod("x", phase), true), expected, "{phase:?}, told to end");
    }
}

#[test]
fn what_is_told_of_a_refusal_names_the_right_that_is_missing() {
    let refused = KubeError::Refused {
        code: 403,
        message: "pods is forbidden".to_owned(),
        retry_after: None,
    };
    let told = words(&refused, "flink-operator");
    assert!(told.starts_with("pods is forbidden"), "{told}");
    assert!(told.contains("list pods in namespace flink-operator"), "{told}");
}

/// What the API server answers to a list of pods: their list, or a refusal.
type Answer = Arc<Mutex<Result<Vec<Value>, u16>>>;

/// An operator in namespace `own`, whose API server answers lists of pods and nothing else, and what it was asked.
fn operator(answer: &Answer) -> (Arc<Operator>, watch::Receiver<bool>, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (answer, paths) = (Arc::clone(answer), Arc::clone(&asked));
    let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let path = request.uri().path().to_owned();
        let of_pods = path == "/api/v1/namespaces/own/pods";
        paths.lock().unwrap().push(path);
        let answer = answer.lock().unwrap().clone();
        async move {
            if !of_pods {
                return Err(tower::BoxError::from("no answer"));
            }
            let (code, body) = match answer {
                Ok(items) => (200, json!({ "metadata": {}, "items": items })),
                Err(code) => (code, json!({ "kind": "Status", "message": "no", "code": code })),
            };
            let body = kube::client::Body::from(body.to_string().into_bytes());
            Ok(http::Response::builder().status(code).body(body)?)
        }
    });
    let client = kube::Client::new(service, "own");
    let ready = watch::Sender::new(false);
    let seen = ready.subscribe();
    let (settings, metrics) = (Settings::default(), Metrics::new("test"));
    let ports = Ports::default();
    let operator = Operator::new(client, settings, ports, metrics, Trace::default(), ready);
    (Arc::new(operator), seen, asked)
}

#[tokio::test(start_paused = true)]
async fn while_one_runs_or_it_is_not_known_nothing_begins_and_it_is_not_ready() {
    for held in [Ok(vec![pod("old", Some("Running"))]), Err(403), Err(503)] {
        let answer = Arc::new(Mutex::new(held.clone()));
        let (operator, ready, asked) = operator(&answer);
        let running = tokio::spawn(alone(operator, CancellationToken::new()));
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert!(!*ready.borrow() && !running.is_finished(), "{held:?}");
        let paths = std::mem::take(&mut *asked.lock().unwrap());
        assert!(paths.iter().all(|path| path == "/api/v1/namespaces/own/pods"), "{paths:?}");
        // What is not answered is asked once more each time.
        let looks = if held == Err(503) { paths.len() / 2 } else { paths.len() };
        assert!((100..=121).contains(&looks), "{held:?}: asked {} times", paths.len());
        *answer.lock().unwrap() = Ok(vec![pod("old", Some("Succeeded"))]);
        tokio::time::sleep(WAITING).await;
        let paths = asked.lock().unwrap().clone();
        assert!(paths.iter().any(|path| path.ends_with("/flinkapplications")), "{paths:?}");
        running.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_ends_when_told_to() {
    let answer = Arc::new(Mutex::new(Ok(vec![pod("old", Some("Running"))])));
    let (operator, _, _) = operator(&answer);
    let stop = CancellationToken::new();
    let running = tokio::spawn(alone(operator, stop.clone()));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!running.is_finished());
    stop.cancel();
    assert!(running.await.unwrap().is_ok());
}
