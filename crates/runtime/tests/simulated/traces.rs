//! The traces of a whole life, as a collector gets them: each round is one tree, nothing that is the application's own is
//! in any, and the log is as it is without them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flinkk8soperator_runtime::config::Logger;
use flinkk8soperator_runtime::telemetry::traces::{Traces, dispatch};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::bench::{Bench, NAME, NAMESPACE, application, confirmed};
use crate::logs::{Written, a_life};
use crate::replay::SECRET;

/// What came to a collector: the path, and the bytes.
type Came = Arc<Mutex<Vec<(String, Bytes)>>>;

/// A runtime in real time, beside the virtual one of the story: the collector is in it, and it sends the spans.
fn real_time() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A collector, and its address.
fn collector(runtime: &Runtime) -> (Uri, Came) {
    let (came, listener) = (Came::default(), TcpListener::bind("127.0.0.1:0"));
    let listener = runtime.block_on(listener).unwrap();
    let address = listener.local_addr().unwrap();
    let into = Arc::clone(&came);
    runtime.spawn(async move {
        loop {
            let (stream, into) = (listener.accept().await.unwrap().0, Arc::clone(&into));
            let service = service_fn(move |request: Request<Incoming>| {
                let into = Arc::clone(&into);
                async move {
                    let path = request.uri().path().to_owned();
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    into.lock().unwrap().push((path, body));
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (format!("http://{address}/v1/traces").parse().unwrap(), came)
}

/// Plays a story in virtual time with its spans going to `endpoint`, all of them sent at its end; gives the log.
fn log_of(runtime: &Runtime, endpoint: Uri, story: impl Future<Output = ()>) -> String {
    let traces = Traces::to(endpoint, runtime.handle()).unwrap();
    let (written, logger) = (Written::default(), LOGGER);
    let writer = written.clone();
    let (log, _) = dispatch(&logger, move || writer.clone(), &traces);
    // As in `logs.rs`: more than one subscriber, so that none speaks for all threads.
    let _another = dispatch(&logger, std::io::sink, &traces);
    {
        let _logging = tracing::dispatcher::set_default(&log);
        let virtual_time = Builder::new_current_thread().enable_all().start_paused(true).build();
        virtual_time.unwrap().block_on(story);
    }
    drop(traces);
    written.text()
}

const LOGGER: Logger = Logger { level: 6, json: true, show_source: false, mute: false };

fn words(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let word = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(word)) => word.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|one| (one.key.as_str(), word(one.value.as_ref().unwrap()))).collect()
}

/// Spans by their ids, and the names from a span up to its round.
struct Tree(BTreeMap<Vec<u8>, Span>);

impl Tree {
    fn up(&self, span: &Span) -> Vec<String> {
        let mut names = vec![span.name.clone()];
        let mut at = span;
        while !at.parent_span_id.is_empty() {
            let above = self.0.get(&at.parent_span_id).expect("a span's parent came, too");
            assert_eq!(above.trace_id, span.trace_id);
            names.push(above.name.clone());
            at = above;
        }
        names
    }

    fn with_name(&self, name: &str) -> Vec<&Span> {
        self.0.values().filter(|span| span.name == name).collect()
    }
}

#[test]
fn a_life_is_a_tree_for_each_round_and_tells_no_secret() {
    let runtime = real_time();
    let (endpoint, came) = collector(&runtime);
    let log = log_of(&runtime, endpoint, a_life());
    let came = came.lock().unwrap().clone();
    assert!(came.iter().all(|(path, _)| path == "/v1/traces"));
    let holds =
        |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|at| at == word.as_bytes());
    assert!(came.iter().any(|(_, bytes)| holds(bytes, NAME)), "nothing would be found");
    assert!(!came.iter().any(|(_, bytes)| holds(bytes, SECRET)), "a secret is in a span");
    let all: Vec<ResourceSpans> = came
        .iter()
        .flat_map(|(_, bytes)| {
            ExportTraceServiceRequest::decode(bytes.clone()).unwrap().resource_spans
        })
        .collect();
    for of in &all {
        let resource = words(&of.resource.as_ref().unwrap().attributes);
        assert_eq!(resource["service.name"], "flinkk8soperator");
        assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    }
    let spans = all.into_iter().flat_map(|of| of.scope_spans).flat_map(|of| of.spans);
    let tree = Tree(spans.map(|span| (span.span_id.clone(), span)).collect());
    rounds(&tree);
    steps(&tree);
    requests(&tree);
    // What spans say to traces is in no line, and what the round says is in those of its inside.
    for line in log.lines() {
        let line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert!(line.keys().all(|key| !key.contains('.')), "{line:?}");
        if line["message"] == "Flink asked" || line["message"] == "effect" {
            assert!(line.contains_key("namespace") && line.contains_key("phase"), "{line:?}");
        }
    }
    assert!(log.contains("\"Flink asked\"") && log.contains("\"effect\""));
}

fn rounds(tree: &Tree) {
    let (mut phases, mut outcomes) = (BTreeSet::new(), BTreeSet::new());
    for round in tree.0.values().filter(|span| span.parent_span_id.is_empty()) {
        let words = words(&round.attributes);
        assert_eq!(round.name, "round");
        assert_eq!((words["namespace"].as_str(), words["name"].as_str()), (NAMESPACE, NAME));
        phases.extend(words.get("phase").cloned());
        outcomes.insert(words["outcome"].clone());
        assert!(round.events.is_empty(), "lines of the log: {round:?}");
    }
    let expected = ["Updating", "ClusterStarting", "SubmittingJob", "Running", "Deleting"];
    assert!(expected.iter().all(|phase| phases.contains(*phase)), "{phases:?}");
    assert!(outcomes.contains("done") && outcomes.contains("skipped"), "{outcomes:?}");
}

fn steps(tree: &Tree) {
    let mut below = BTreeSet::new();
    for span in tree.0.values() {
        let up = tree.up(span);
        assert_eq!(up.last().unwrap(), "round", "{up:?}");
        if let [step, _] = up.as_slice() {
            below.insert(step.clone());
        }
    }
    // A round reads an application live before its first step, where it has to.
    let steps = ["decide", "execute", "observe", "persist", "publish"].map(str::to_owned);
    assert!(below.is_superset(&steps.into()), "{below:?}");
    assert!(
        below.iter().all(|step| !step.contains('/')),
        "Flink is asked outside a step: {below:?}"
    );
}

fn requests(tree: &Tree) {
    let run = tree.with_name("POST /jars/{jar}/run");
    assert!(run.len() >= 3, "{run:?}");
    let mut statuses = BTreeSet::new();
    for span in run {
        assert_eq!(tree.up(span)[1..], ["submit", "execute", "round"]);
        assert_eq!(span.kind, SpanKind::Client as i32);
        let words = words(&span.attributes);
        assert_eq!(words["http.request.method"], "POST");
        assert_eq!(words["url.template"], "/jars/{jar}/run");
        let (status, code) = (&words["http.response.status_code"], span.status.as_ref());
        let failed = code.is_some_and(|status| status.code == StatusCode::Error as i32);
        assert_eq!(failed, status != "200", "{span:?}");
        assert_eq!(words.get("error.type"), failed.then_some(status));
        statuses.insert(status.clone());
    }
    assert!(statuses.len() > 1, "none was refused: {statuses:?}");
    let written = tree.with_name("update FlinkApplication");
    assert!(written.iter().any(|span| tree.up(span)[1] == "persist"), "{written:?}");
    for span in written {
        let words = words(&span.attributes);
        assert_eq!(
            (words["http.request.method"].as_str(), span.kind),
            ("PUT", SpanKind::Client as i32)
        );
        assert_eq!(words["kubernetes.kind"], "FlinkApplication");
    }
    let listed = tree.with_name("list Pod");
    assert!(!listed.is_empty() && listed.iter().all(|span| tree.up(span)[1] == "observe"));
}

/// A deploy.
async fn a_deploy() {
    let mut bench = Bench::start().await;
    bench.apply(&application()).await;
    bench.until("it is confirmed", confirmed).await;
    bench.sound();
}

#[test]
fn a_collector_that_is_not_there_or_says_nothing_holds_nothing_up() {
    let runtime = real_time();
    let silent = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let nobody = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let addresses = [silent.local_addr().unwrap(), nobody.local_addr().unwrap()];
    drop(nobody);
    for address in addresses {
        let endpoint = format!("http://{address}/v1/traces").parse().unwrap();
        let traces = Traces::to(endpoint, runtime.handle()).unwrap();
        let (log, _) = dispatch(&LOGGER, std::io::sink, &traces);
        tracing::dispatcher::with_default(&log, || {
            let virtual_time =
                Builder::new_current_thread().enable_all().start_paused(true).build();
            virtual_time.unwrap().block_on(a_deploy());
        });
        let began = Instant::now();
        drop(traces);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
