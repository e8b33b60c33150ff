//! What becomes of an object that cannot be read.

use flinkk8soperator_core::Silence;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::DynamicObject;
use serde_json::json;
use tokio::sync::watch::Sender;

use super::*;
use crate::Ports;
use crate::config::Settings;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::observe::kube::objects;
use crate::trace::Trace;

/// An operator whose API server answers nothing.
fn operator() -> Operator {
    let service = tower::service_fn(|_: http::Request<kube::client::Body>| async {
        Err::<http::Response<kube::client::Body>, _>(tower::BoxError::from("no answer"))
    });
    let (client, settings) = (kube::Client::new(service, "ns"), Settings::default());
    let metrics = Metrics::new("test");
    Operator::new(client, settings, Ports::default(), metrics, Trace::default(), Sender::new(false))
}

fn service(app: &str, number: u8, broken: bool) -> Service {
    let annotations = broken.then(|| [("broken".to_owned(), String::new())].into());
    let metadata = ObjectMeta {
        name: Some(format!("{app}-{number}")),
        namespace: Some("ns".to_owned()),
        uid: Some(format!("00000000-0000-0000-0000-0000000000{number:02}")),
        labels: Some([(labels::APP.to_owned(), app.to_owned())].into()),
        annotations,
        ..ObjectMeta::default()
    };
    Service { metadata, ..Service::default() }
}

/// As a defect in reading would do it.
fn cut(service: &Service) -> Option<Child> {
    assert!(service.metadata.annotations.is_none(), "a defect");
    Child::service(service)
}

async fn seen(operator: &Operator, app: &str) -> Result<(), Silence> {
    let object = json!({
        "apiVersion": "flink.k8s.io/v1beta1", "kind": "FlinkApplication",
        "metadata": {
            "name": app, "namespace": "ns", "resourceVersion": "1",
            "uid": "01234567-89ab-cdef-0123-456789abcdef",
        },
        "spec": { "image": "x", "parallelism": 1, "jarName": "a.jar" },
    });
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    application(operator, None, Event::Apply(object));
    let app = operator.cache.application(&Key::new("ns", app)).unwrap();
    objects(operator, &app, &Config::default(), &mut Memory::default()).await.map(drop)
}

#[tokio::test]
async fn an_object_whose_reading_panics_leaves_only_its_application_unseen() {
    let operator = operator();
    let sink = child(|watched| &mut watched.services, cut);
    let counted = |n: u32| {
        let text = operator.metrics.encode();
        assert!(text.contains(&format!("test_watch_panics_total {n}")), "{text}");
    };
    sink(&operator, None, Event::Init);
    sink(&operator, None, Event::InitApply(service("a", 1, true)));
    sink(&operator, None, Event::InitApply(service("b", 2, false)));
    sink(&operator, None, Event::InitDone);
    counted(1);
    assert_eq!(seen(&operator, "a").await, Err(Silence::Unreadable), "silence is not absence");
    assert_eq!(seen(&operator, "b").await, Ok(()));

    sink(&operator, None, Event::Apply(service("a", 1, false)));
    assert_eq!(seen(&operator, "a").await, Ok(()), "it can be read again");
    sink(&operator, None, Event::Apply(service("b", 2, true)));
    assert_eq!(seen(&operator, "b").await, Err(Silence::Unreadable), "an older copy was believed");
    sink(&operator, None, Event::Delete(service("b", 2, true)));
    assert_eq!(seen(&operator, "b").await, Ok(()), "it is gone");
    counted(3);

    sink(&operator, None, Event::Apply(service("b", 3, true)));
    sink(&operator, None, Event::Init);
    sink(&operator, None, Event::InitDone);
    assert_eq!(seen(&operator, "b").await, Ok(()), "a new list does not have it");
}

#[tokio::test(start_paused = true)]
async fn who_stands_by_keeps_nothing_of_what_is_gone_and_leaves_the_rest_to_be_looked_at() {
    let operator = operator();
    seen(&operator, "there").await.unwrap();
    let (there, gone) = (Key::new("ns", "there"), Key::new("ns", "gone"));
    operator.touch(&there);
    operator.touch(&gone);
    let minute = Duration::from_secs(60);
    let for_ever = tokio::time::timeout(minute, stand_by(&operator)).await;
    assert!(for_ever.is_err());
    assert_eq!(operator.cache.lock().touched.iter().collect::<Vec<_>>(), [&there]);
    assert_eq!(operator.queue.load(), crate::queue::Load::default(), "nothing waits for a worker");
}

#[test]
fn watches_that_broke_together_do_not_come_back_in_step() {
    let seconds =
        |delays: Delays| -> Vec<f64> { delays.take(10).map(|delay| delay.as_secs_f64()).collect() };
    let plain = seconds(Delays::new(Jitter(false)));
    assert_eq!(plain, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]);
    let one = seconds(Delays::new(Jitter(true)));
    assert!(one.iter().zip(&plain).all(|(a, b)| (*b..=2.0 * b).contains(a)), "{one:?}");
    assert_ne!(one, seconds(Delays::new(Jitter(true))));
}
