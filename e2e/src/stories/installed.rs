//! The operator in the cluster, as its chart installs it: two replicas, of which one acts. What kills, an upgrade and the
//! end of it do to the application that it runs: nothing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::update::request_other_image;
use crate::application;
use crate::operator::{moment, timed};
use crate::release::Release;
use crate::stage::{SOON, Stage};
use crate::wait::{not_yet, there, until};

/// In which of an update somebody is killed.
const SPAN: Duration = Duration::from_secs(20);
/// What an orderly hand-over stays below.
const QUICK: Duration = Duration::from_secs(2);
/// For a rolling update of two pods.
const UPGRADE: Duration = Duration::from_secs(180);

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    if stage.operator.is_started() {
        // Not stopped in order: told alone, this story finds it not even listening.
        stage.operator.kill()?;
    }
    let release = stage.make_release().await?;
    println!("     --seed {}", stage.seed);
    crd_stays(stage, &release).await?;
    let (_, took) = timed(release.upgrade(json!({}))).await?;
    println!("     installed, with two ready replicas, after {:.1} s", took.as_secs_f64());
    if application::api(&stage.kubernetes).get_opt(application::NAME).await?.is_none() {
        stage.apply().await?;
    }
    stage.confirmed().await?;
    figures(&release).await?;

    killed(stage, &release, Victims::TheOneThatActs).await?;
    upgraded(stage, &release).await?;
    killed(stage, &release, Victims::All).await?;
    figures(&release).await?;
    uninstalled(stage).await
}

/// The chart of the CRD takes over the one that is there, and leaves it when it goes.
async fn crd_stays(stage: &Stage, release: &Release) -> Result<()> {
    let crds: Api<CustomResourceDefinition> = Api::all(stage.kubernetes.client.clone());
    let name = flinkk8soperator_api::crd().name_any();
    let handed_over = json!({ "metadata": {
        "annotations": {
            "meta.helm.sh/release-name": "flinkk8soperator-crds",
            "meta.helm.sh/release-namespace": release.namespace(),
        },
        "labels": { "app.kubernetes.io/managed-by": "Helm" },
    }});
    crds.patch(&name, &PatchParams::default(), &Patch::Merge(handed_over)).await?;
    let before = crds.get(&name).await?.metadata.uid;
    release.definitions().await?;
    let after = crds.get(&name).await.context("the CRD went with its chart")?;
    ensure!(after.metadata.uid == before && after.metadata.deletion_timestamp.is_none());
    Ok(())
}

/// Memory and CPU of each replica, by its own word.
async fn figures(release: &Release) -> Result<()> {
    let lease = release.lease().await?;
    for pod in release.pods().await?.iter().map(ResourceExt::name_any) {
        let acts = if lease.pod() == Some(&pod) { "acts" } else { "stands by" };
        let memory = release.metric(&pod, "process_resident_memory_bytes").await?;
        let cpu = release.metric(&pod, "process_cpu_seconds_total").await?;
        println!(
            "     {pod} {acts}: {:.1} MiB resident, {cpu:.2} s of CPU so far",
            memory / 1024.0 / 1024.0
        );
    }
    Ok(())
}

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victims {
    TheOneThatActs,
    All,
}

/// An update in which the one that acts, or all, are killed, at a moment that nobody chose.
async fn killed(stage: &mut Stage, release: &Release, victims: Victims) -> Result<()> {
    let old = stage.counting().await?;
    let before = release.lease().await?;
    request_other_image(stage).await?;
    let after = moment(&mut stage.seed, SPAN);
    tokio::time::sleep(after).await;
    let phase = application::phase(&stage.application().await?).to_owned();
    let began = Instant::now();
    for pod in release.pods().await?.iter().map(ResourceExt::name_any) {
        if victims == Victims::All || before.pod() == Some(&pod) {
            release.kill(&pod)?;
        }
    }
    until("another replica acts", SOON, async || {
        let now = release.lease().await?.holder;
        if now.is_empty() || now == before.holder { not_yet(now) } else { there(()) }
    })
    .await?;
    println!(
        "     killed {victims:?} {:.1} s into an update, in phase {phase:?}: the next one acts after {:.1} s",
        after.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    let app = stage.confirmed().await?;
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&app)).await
}

/// An upgrade of the operator in the middle of an update: from rights in the whole cluster to those in one namespace.
async fn upgraded(stage: &mut Stage, release: &Release) -> Result<()> {
    let old = stage.counting().await?;
    let pods = release.pods().await?;
    let before: BTreeSet<String> = pods.iter().map(ResourceExt::name_any).collect();
    request_other_image(stage).await?;
    tokio::time::sleep(moment(&mut stage.seed, SPAN / 4)).await;
    let limited = json!({ "watchNamespaces": [stage.kubernetes.namespace] });
    let ((), gaps) = tokio::try_join!(release.upgrade(limited), handed_over(release, &before))?;
    println!(
        "     upgraded in an update; the Lease stood still before each hand-over for {gaps:.1?}"
    );
    ensure!(gaps.iter().all(|gap| *gap < QUICK), "a hand-over took its time");
    let app = stage.confirmed().await?;
    stage.took_over(&old).await?;
    stage.only(&application::deploy_hash(&app)).await
}

/// Watches the Lease until none of these pods holds it any more: for how long nobody renewed it before each new holder.
async fn handed_over(release: &Release, before: &BTreeSet<String>) -> Result<Vec<Duration>> {
    let (mut last, mut changed, mut gaps) = (release.lease().await?, Instant::now(), Vec::new());
    until("a replica of the new version acts", UPGRADE, async || {
        let now = release.lease().await?;
        if now != last {
            if now.holder != last.holder && !now.holder.is_empty() {
                gaps.push(changed.elapsed());
            }
            (last, changed) = (now, Instant::now());
        }
        let new = last.pod().is_some_and(|pod| !before.contains(pod));
        if new { there(()) } else { not_yet(&last.holder) }
    })
    .await?;
    Ok(gaps)
}

/// The chart goes: the application, its job and the CRD stay, and another operator goes on from there.
async fn uninstalled(stage: &mut Stage) -> Result<()> {
    let run = stage.counting().await?;
    stage.remove_release().await?;
    let still = stage.counting().await?;
    ensure!(still.job == run.job, "another job counts: {still:?} after {run:?}");
    stage.one_job().await?;
    stage.operator.start(None)?;
    stage.confirmed().await?;
    let still = stage.counting().await?;
    ensure!(still.job == run.job, "another job counts: {still:?} after {run:?}");
    Ok(())
}
