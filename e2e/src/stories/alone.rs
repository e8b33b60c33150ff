//! Mode Single: an update without a second cluster beside the first, and the way back where it fails.

use anyhow::{Result, ensure};
use kube::api::ListParams;
use serde_json::json;

use crate::application::{self, MISSING_CLASS, NAME};
use crate::stage::{DEPLOY, Stage};

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let old = stage.counting().await?;
    let other = stage.other_image(&before.spec.image).to_owned();
    stage.change(json!({ "deploymentMode": "Single", "image": other })).await?;
    let clusters = most_clusters(stage).await?;
    ensure!(clusters == 1, "{clusters} clusters stood side by side");
    let new = stage.took_over(&old).await?;
    let updated = stage.application().await?;
    let hash = application::deploy_hash(&updated);
    ensure!(hash != application::deploy_hash(&before), "the version has the same hash");
    stage.only(&hash).await?;
    println!("     updated in the place of the old cluster, from {} on", new.from);

    // The old cluster is gone when the new job is refused: the version before comes up anew.
    stage.change(json!({ "entryClass": MISSING_CLASS })).await?;
    let deployed = application::deploy_hash(&stage.rolled_back().await?);
    ensure!(deployed == hash, "another version is deployed: {deployed}");
    let back = stage.took_over(&new).await?;
    stage.only(&hash).await?;
    println!("     rolled back to a cluster that came up anew, from {} on", back.from);
    let entry = before.spec.entry_class;
    stage.change(json!({ "entryClass": entry, "deploymentMode": "Dual" })).await?;
    stage.confirmed().await.map(drop)
}

/// Waits until the version is confirmed; gives the most JobManager Deployments seen at one time that
/// were not on their way out.
async fn most_clusters(stage: &mut Stage) -> Result<usize> {
    let deployments = stage.kubernetes.all::<k8s_openapi::api::apps::v1::Deployment>();
    let begun = stage.application().await?.metadata.generation;
    let mut most = 0;
    loop {
        let list = deployments.list_metadata(&ListParams::default()).await?.items;
        let standing = list.iter().filter(|d| {
            let name = d.metadata.name.as_deref().unwrap_or_default();
            name.starts_with(NAME)
                && name.ends_with("-jm")
                && d.metadata.deletion_timestamp.is_none()
        });
        most = most.max(standing.count());
        let looked = stage.until("a look at the application", DEPLOY, |app| {
            let ready = app.status.as_ref()?.observed_generation == begun
                && application::phase(app) == "Running"
                && application::is(app, "Ready");
            Some((ready, application::phase(app) == "DeployFailed"))
        });
        match looked.await? {
            (true, _) => return Ok(most),
            (_, gave_up) => ensure!(!gave_up, "the update was given up"),
        }
    }
}
