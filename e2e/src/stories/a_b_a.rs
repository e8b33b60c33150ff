//! From A to B and back to A with high availability on Kubernetes. A version that comes back has the hash
//! of the first time, and Flink recovers by itself whatever job it finds under a cluster's id: one that was
//! not ended properly would run again, from a state of long ago, beside or instead of the newest. So each
//! cluster has an id of its own, and what is kept under it goes with the cluster.

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use serde_json::json;

use crate::application;
use crate::high_availability::{self as ha, cluster_id, job_map};
use crate::journal::{self, Run};
use crate::stage::{DEPLOY, Stage};
use crate::wait::{not_yet, there, until};

/// Longer than the story needs to take a version back before it is confirmed.
const UNCONFIRMED: i64 = 120;

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let a = ha::running(stage).await?;
    let first = Version::of(stage, &a).await?;
    let image_b = stage.other_image(&a.spec.image).to_owned();
    let b = stage.updated(&first, &image_b).await?;
    ensure!(b.hash != first.hash, "B has the hash of A");
    let again = stage.updated(&b, &a.spec.image).await?;
    ensure!(again.hash == first.hash, "A came back as {}, not {}", again.hash, first.hash);
    ensure!(again.cluster != first.cluster, "A came back under its old id {}", first.cluster);
    println!("     A to B from {} on, and to A from {} on", b.run.from, again.run.from);
    ended_properly(stage, &[&first, &b]).await?;

    let (abandoned, again) = forced_back(stage, &again, &image_b).await?;
    println!("     B taken back at {}, A goes on from {}", abandoned.run.to, again.run.from);

    let last = stage.updated(&again, &image_b).await?;
    ensure!(last.hash == abandoned.hash, "B came back as {}, not {}", last.hash, abandoned.hash);
    ensure!(last.run.job != abandoned.run.job, "the job that was taken back runs again");
    println!("     B again, from {} on", last.run.from);
    let left = left_behind(stage, &last).await?;
    ensure!(left.is_empty(), "left of clusters that are gone: {left:?}");
    stage.change(json!({ "confirmAfterSeconds": null })).await?;
    stage.confirmed().await.map(drop)
}

/// A version that runs.
struct Version {
    hash: String,
    /// The id of its cluster.
    cluster: String,
    run: Run,
}

impl Version {
    async fn of(stage: &Stage, app: &FlinkApplication) -> Result<Version> {
        let hash = application::deploy_hash(app);
        let cluster = cluster_id(&stage.kubernetes, &hash).await?;
        let run = stage.counting().await?;
        ha::keeps(&stage.kubernetes, &cluster, &run.job).await?;
        Ok(Version { hash, cluster, run })
    }
}

impl Stage {
    /// Changes the image and waits until that version runs alone: exactly one job took over from the one
    /// before, where that one ended, from a savepoint that it made at its end.
    async fn updated(&mut self, from: &Version, image: &str) -> Result<Version> {
        self.change(json!({ "image": image })).await?;
        let app = self.confirmed().await?;
        self.took_over(&from.run).await?;
        self.only(&application::deploy_hash(&app)).await?;
        let last = app.status.as_ref().and_then(|status| status.deploy_history.first());
        let restored = last.and_then(|deploy| deploy.restored_from.as_ref());
        let restored = restored.context("the history does not tell what the job started from")?;
        ensure!(restored.contains("/savepoints/"), "not from a savepoint: {restored}");
        Version::of(self, &app).await
    }
}

/// Deploys an image and takes it back when its job counts, but is not confirmed. Gives what was taken
/// back, and the version of before, which goes on where it was stopped.
async fn forced_back(stage: &mut Stage, from: &Version, image: &str) -> Result<(Version, Version)> {
    let before = stage.application().await?;
    stage.change(json!({ "image": image, "confirmAfterSeconds": UNCONFIRMED })).await?;
    let waits = |app: &FlinkApplication| {
        let current = app.status.as_ref()?.observed_generation == app.metadata.generation;
        (current && application::phase(app) == "Running").then(|| application::deploy_hash(app))
    };
    let hash = stage.until("the new job runs, not confirmed", DEPLOY, waits).await?;
    let cluster = cluster_id(&stage.kubernetes, &hash).await?;
    let counts = stage.counting().await?;
    ensure!(counts.job != from.run.job, "the old job counts on: {counts:?}");
    ha::keeps(&stage.kubernetes, &cluster, &counts.job).await?;

    stage.change(json!({ "forceRollback": true })).await?;
    stage.rolled_back().await?;
    // Nobody ended that job: its cluster was taken away under it. What is kept of it must not come to life.
    stage.only(&from.hash).await?;
    let back = stage.counting().await?;
    let runs = stage.volume.runs().await?;
    let place = runs.iter().position(|run| run.job == from.run.job).context("the old job")?;
    let [old, abandoned, new] = &runs[place..] else {
        anyhow::bail!("not old, new, old: {:?}", &runs[place..])
    };
    ensure!(abandoned.job == counts.job && new.job == back.job, "{counts:?}, {back:?}: {runs:?}");
    journal::continues(old, abandoned)?;
    journal::continues(old, new)?;
    let job = stage.one_job().await?;
    ensure!(job.id == back.job, "another job runs than counts: {job:?}, {back:?}");

    let spec =
        json!({ "image": before.spec.image, "forceRollback": null, "confirmAfterSeconds": null });
    stage.change(spec).await?;
    let app = stage.confirmed().await?;
    let still = Version::of(stage, &app).await?;
    ensure!(still.run.job == back.job, "A was deployed again: {:?} after {back:?}", still.run);
    Ok((Version { hash, cluster, run: abandoned.clone() }, still))
}

/// Of jobs that were stopped with a savepoint Flink keeps nothing, by which they could come back.
async fn ended_properly(stage: &Stage, versions: &[&Version]) -> Result<()> {
    until("nothing is kept of stopped jobs", DEPLOY, async || {
        let maps = ha::maps(&stage.kubernetes).await?;
        let kept =
            |version: &&&Version| maps.contains(&job_map(&version.cluster, &version.run.job));
        match versions.iter().find(kept) {
            None => there(()),
            Some(version) => not_yet(job_map(&version.cluster, &version.run.job)),
        }
    })
    .await
}

/// ConfigMaps of other clusters than this version's. Flink leaves them.
async fn left_behind(stage: &Stage, version: &Version) -> Result<Vec<String>> {
    let mut maps = ha::maps(&stage.kubernetes).await?;
    maps.retain(|name| !name.starts_with(&format!("{}-", version.cluster)));
    Ok(maps)
}
