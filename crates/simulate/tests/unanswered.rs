//! A takeover beside an API server that does not answer everything at once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[expect(dead_code, reason = "other tests list them, or change them")]
mod recordings;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flinkk8soperator_runtime::config::Settings;
use flinkk8soperator_sim::http::kubernetes::faults::Fault;
use flinkk8soperator_sim::http::kubernetes::kinds::EVENTS;
use flinkk8soperator_sim::http::kubernetes::log::RequestInfo;
use flinkk8soperator_sim::world::Latencies;
use flinkk8soperator_simulate::clock::Clock;
use flinkk8soperator_simulate::session::{Reach, Session, SessionConfig};
use recordings::world;
use serde_json::Value;

/// What the operator told of the application.
fn told(session: &Session) -> Vec<String> {
    let api = session.cluster().server().api();
    let text =
        |event: &Value| event["note"].as_str().or(event["message"].as_str()).unwrap().to_owned();
    api.store().list(&EVENTS, None).iter().map(|event| text(event)).collect()
}

#[tokio::test(start_paused = true)]
async fn deployments_that_could_not_be_read_are_not_said_to_show_nothing() {
    let recorded = world("first-deploy-running");
    let config = SessionConfig {
        settings: Settings::default(),
        latencies: Latencies::default(),
        world: recorded.settings,
        reach: Reach::InProcess,
        clock: Clock::at(recorded.at),
    };
    let session = Session::open(config, Some(&recorded.objects)).await.unwrap();
    let asked = AtomicUsize::new(0);
    // Both are read to be told from others, and again to be kept as a revision: not the first times.
    session.cluster().server().api().set_faults(move |request: &RequestInfo| {
        let read = request.method == "GET" && request.path.contains("/deployments/");
        match read.then(|| asked.fetch_add(1, Ordering::Relaxed)) {
            Some(2..5) => Fault::AnswerWith(503, "{}".to_owned()),
            _ => Fault::Pass,
        }
    });
    let taken_over = |told: &[String]| told.iter().any(|line| line.contains("took over"));
    for _ in 0..600 {
        if taken_over(&told(&session)) {
            break;
        }
        session.changed(Duration::from_secs(1)).await;
    }
    let told = told(&session);
    assert!(taken_over(&told), "{told:#?}");
    assert!(!told.iter().any(|line| line.contains("cannot be read back")), "{told:#?}");
}
