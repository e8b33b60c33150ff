//! An update to an image that no registry has, and the cure.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use serde_json::json;

use crate::application;
use crate::stage::{DEPLOY, SOON, Stage};
use crate::wait::{not_yet, there, until};

const MISSING: &str = "flinkk8soperator-e2e.invalid/missing:1";
/// From the kubelet's report in the pod to the application's status: one round, and what these tests
/// themselves take to look.
const AT_ONCE: Duration = Duration::from_secs(2);

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let old = stage.counting().await?;
    stage.change(json!({ "image": MISSING })).await?;

    let word = reported_by_kubelet(stage).await?;
    let reported = Instant::now();
    let told =
        stage.until("the pull error is in the status", SOON, |app| words(app, &word)).await?;
    let delay = reported.elapsed();
    ensure!(delay < AT_ONCE, "the status told of {word} only after {delay:?}");
    println!("     told after {:.1} s: {told}", delay.as_secs_f64());

    let failed = |app: &FlinkApplication| {
        let status = app.status.as_ref()?;
        (application::phase(app) == "DeployFailed").then(|| status.failed_deploy_hash.clone())
    };
    let failed = stage.until("the deploy is given up", DEPLOY, failed).await?;
    ensure!(failed.is_some(), "the status does not tell the version that failed");
    println!("     given up after {:.1} s", reported.elapsed().as_secs_f64());
    let still = stage.counting().await?;
    ensure!(still.job == old.job, "the old job was stopped: {old:?}, {still:?}");
    stage.only(&application::deploy_hash(&before)).await?;

    let good = stage.other_image(&before.spec.image);
    stage.change(json!({ "image": good })).await?;
    let cured = stage.confirmed().await?;
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&cured)).await
}

/// Waits until the kubelet reports the trouble in a pod, and gives its word for it.
async fn reported_by_kubelet(stage: &Stage) -> Result<String> {
    let pods = stage.kubernetes.all::<Pod>();
    until("the kubelet reports that the image cannot be pulled", DEPLOY, async || {
        let list = pods.list(&ListParams::default().labels("flink-app")).await?;
        match list.items.iter().find_map(pull_trouble) {
            Some(word) => there(word),
            None => not_yet("no pod waits for its image"),
        }
    })
    .await
    .context("a cluster that knows the image?")
}

/// The kubelet's word where a pod's image cannot be pulled: ErrImagePull or ImagePullBackOff.
fn pull_trouble(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    let reason = status.state.as_ref()?.waiting.as_ref()?.reason.clone()?;
    reason.contains("Pull").then_some(reason)
}

/// What the status says of the trouble: ErrImagePull and ImagePullBackOff alternate.
fn words(app: &FlinkApplication, word: &str) -> Option<String> {
    let error = app.status.as_ref()?.last_error.as_ref()?;
    let reason = error.reason.as_deref().unwrap_or_default();
    let named = [reason, error.message.as_str()].iter().any(|text| {
        text.contains(word) || text.contains("ErrImagePull") || text.contains("ImagePullBackOff")
    });
    named.then(|| format!("{reason} {}", error.message))
}
