//! What can be seen when a story has failed. Prints; what cannot be read is passed over with a word.

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, ListParams, LogParams};

use crate::application;
use crate::flink;
use crate::stage::Stage;

/// Lines of a log that are worth reading.
const LINES: i64 = 60;

/// Prints the application, its objects, events, jobs, and the ends of the logs.
pub(crate) async fn print(stage: &Stage) {
    let application = stage.application().await;
    let shown = application.and_then(|app| {
        let glance = application::glance(&app);
        Ok(format!("{glance}\n{}", serde_json::to_string_pretty(&app.status)?))
    });
    section("application", shown);
    section("objects", stage.kubernetes.left_of(application::NAME).await.map(|o| o.join("\n")));
    section("events", stage.kubernetes.events().await.map(|events| events.join("\n")));
    section("jobs", flink::live_jobs(&stage.kubernetes).await.map(|jobs| format!("{jobs:#?}")));
    section("journal", stage.volume.runs().await.map(|runs| format!("{runs:#?}")));
    section("pods", pods(&stage.kubernetes.all(), "flink-app").await);
    if let Some(release) = stage.release() {
        section("the operator's pods", pods(&release.all_pods(), "app.kubernetes.io/name").await);
    }
    let tail = stage.operator.log_tail(usize::try_from(LINES).unwrap_or(usize::MAX));
    section(&format!("operator, {}", stage.operator.log().display()), tail);
}

/// Those with a label: each with its status, and the end of its log.
async fn pods(pods: &Api<Pod>, label: &str) -> Result<String> {
    let mut text = String::new();
    for pod in pods.list(&ListParams::default().labels(label)).await?.items {
        let status = serde_json::to_string(&pod.status)?;
        let last = LogParams { tail_lines: Some(LINES), ..LogParams::default() };
        let log = pods.logs(&pod.name_any(), &last).await.unwrap_or_else(|error| error.to_string());
        text += &format!("{} {status}\n{log}\n", pod.name_any());
    }
    Ok(text)
}

fn section(name: &str, text: Result<String>) {
    println!("=== {name}");
    match text {
        Ok(text) => println!("{text}"),
        Err(error) => println!("cannot be read: {error:#}"),
    }
}
