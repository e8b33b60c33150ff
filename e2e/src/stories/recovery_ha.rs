//! A JobManager that dies, with high availability on Kubernetes: Flink brings the job back under its id,
//! and the operator must not start a second one meanwhile.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};

use crate::application::{self, NAME};
use crate::high_availability::{self as ha, cluster_id};
use crate::stage::{DEPLOY, SOON, Stage};
use crate::wait::{not_yet, there, until};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let app = ha::running(stage).await?;
    let old = stage.counting().await?;
    let cluster = cluster_id(&stage.kubernetes, &application::deploy_hash(&app)).await?;
    ha::keeps(&stage.kubernetes, &cluster, &old.job).await?;
    kill_jobmanager(stage).await?;

    let mut phases = BTreeSet::new();
    let noticed = |app: &FlinkApplication| {
        phases.insert(application::phase(app).to_owned());
        (!application::is(app, "Ready")).then(|| application::glance(app))
    };
    let told = stage.until("the operator says that something is wrong", SOON, noticed).await?;
    println!("     told: {told}");
    let operator = &mut stage.operator;
    let volume = &stage.volume;
    until("Flink brings the job back", DEPLOY, async || {
        operator.check()?;
        let runs = volume.runs().await?;
        match runs.last() {
            Some(run) if run.job == old.job && run.starts > old.starts => there(()),
            other => not_yet(format!("{other:?}")),
        }
    })
    .await?;
    let healthy = |app: &FlinkApplication| {
        phases.insert(application::phase(app).to_owned());
        let job = &app.status.as_ref()?.job_status;
        let green = job.health.as_ref().is_some_and(|health| health.as_str() == "Green");
        (green && application::is(app, "Ready")).then(|| job.job_id.clone())
    };
    let job = stage.until("the status says that the job runs", DEPLOY, healthy).await?;
    ensure!(job.as_deref() == Some(&*old.job), "the status names job {job:?}, not {}", old.job);
    ensure!(phases.len() == 1 && phases.contains("Running"), "something was deployed: {phases:?}");

    let new = stage.counting().await?;
    ensure!(new.job == old.job, "another job counts: {new:?} after {old:?}");
    let live = stage.one_job().await?;
    ensure!(live.id == old.job, "another job runs: {live:?}");
    println!("     job {} came back with the JobManager, and counts on at {}", new.job, new.to);
    Ok(())
}

/// Ends the JobManager's pod as a node's failure would.
pub(crate) async fn kill_jobmanager(stage: &Stage) -> Result<()> {
    let pods = stage.kubernetes.all::<Pod>();
    let labels = format!("flink-app={NAME},flink-deployment-type=jobmanager");
    let mut found = pods.list_metadata(&ListParams::default().labels(&labels)).await?.items;
    found.retain(|pod| pod.metadata.deletion_timestamp.is_none());
    let names: Vec<String> = found.iter().map(ResourceExt::name_any).collect();
    let [name] = &names[..] else { anyhow::bail!("not one JobManager: {names:?}") };
    pods.delete(name, &DeleteParams::default().grace_period(0)).await?;
    Ok(())
}
