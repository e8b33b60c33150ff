//! What every story finds: a cluster, a volume, the operator; and what every story does: change the
//! application and wait until the operator is done with it.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::application::{self, NAME};
use crate::flink::{self, LiveJob};
use crate::journal::{self, Run};
use crate::kubernetes::Kubernetes;
use crate::operator::Operator;
use crate::release::Release;
use crate::volume::Volume;
use crate::wait::{Look, not_yet, there, until};
use crate::{Arguments, account, api_server};

/// For a deploy on a busy machine of two cores.
pub(crate) const DEPLOY: Duration = Duration::from_secs(180);
/// For something that takes a round or two, or a pod's end.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// The stage of all stories.
pub(crate) struct Stage {
    /// The cluster.
    pub(crate) kubernetes: Kubernetes,
    /// What the jobs share.
    pub(crate) volume: Volume,
    /// The operator's process.
    pub(crate) operator: Operator,
    /// Where the next random moment comes from.
    pub(crate) seed: u64,
    /// The two images that updates go back and forth between.
    images: [String; 2],
    manifest: Value,
    arguments: Arguments,
    /// The operator in the cluster, while it is there.
    release: Option<Release>,
}

impl Stage {
    /// Makes everything ready and starts the operator.
    pub(crate) async fn set(arguments: &Arguments) -> Result<Stage> {
        let kubernetes = Kubernetes::prepare(arguments).await?;
        let mut operator = Operator::prepare(arguments, &kubernetes).await?;
        let volume = Volume::open(kubernetes.all(), arguments).await?;
        operator.start(None)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let seed = arguments.seed.unwrap_or(u64::from(now.subsec_nanos())).max(1);
        let manifest = application::manifest(arguments, &volume);
        let images = [arguments.image.clone(), arguments.next_image()];
        let arguments = arguments.clone();
        Ok(Stage { kubernetes, volume, operator, seed, images, manifest, arguments, release: None })
    }

    /// Removes what is left of the application and of the run.
    pub(crate) async fn clear(&mut self) -> Result<()> {
        let applications = application::api(&self.kubernetes);
        if applications.get_opt(NAME).await?.is_some() {
            // A story has failed: what the operator would do first does not matter any more.
            let none = json!({ "metadata": { "finalizers": null } });
            applications.delete(NAME, &Default::default()).await?;
            let end = applications.patch(NAME, &PatchParams::default(), &Patch::Merge(none)).await;
            if let Err(error) = end {
                println!("removing the finalizer: {error}");
            }
        }
        if self.operator.is_started() {
            self.operator.kill()?;
        }
        self.remove_release().await?;
        self.gone().await?;
        self.volume.clear().await?;
        self.kubernetes.clear().await
    }

    /// Has the operator beside the stories, or in the cluster, where that is asked for and does as well.
    pub(crate) async fn set_operator(&mut self, by_process: bool) -> Result<()> {
        if by_process || !self.arguments.installed {
            if self.release.is_some() {
                self.remove_release().await?;
                self.operator.start(None)?;
            }
            return Ok(());
        }
        if self.operator.is_started() {
            self.operator.stop().await?;
        }
        match self.release {
            Some(_) => Ok(()),
            None => self.make_release().await?.upgrade(json!({})).await,
        }
    }

    /// Lets the operator read one Secret.
    pub(crate) async fn allow_secret(&self, secret: &str) -> Result<()> {
        let Some(release) = &self.release else {
            return account::allow_secret(&self.kubernetes, secret).await;
        };
        let secrets = json!([{ "namespace": self.kubernetes.namespace, "names": [secret] }]);
        release.upgrade(json!({ "flinkRest": { "secrets": secrets } })).await
    }

    /// Takes that right from it again.
    pub(crate) async fn forbid_secret(&self, secret: &str) -> Result<()> {
        match &self.release {
            None => account::forbid_secret(&self.kubernetes, secret).await,
            Some(release) => release.upgrade(json!({})).await,
        }
    }

    /// The operator as its chart installs it, not installed yet. It goes with the stage at the latest.
    pub(crate) async fn make_release(&mut self) -> Result<Release> {
        let release = Release::prepare(&self.arguments, &self.kubernetes).await?;
        Ok(self.release.insert(release).clone())
    }

    /// The operator in the cluster, while it is there.
    pub(crate) fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    /// Removes the operator from the cluster, and its namespace.
    pub(crate) async fn remove_release(&mut self) -> Result<()> {
        let Some(release) = self.release.take() else { return Ok(()) };
        release.uninstall().await?;
        release.clear().await
    }

    /// Kills the API server, on this machine, and starts it again after a while.
    pub(crate) async fn restart_api_server(&self, away: Duration) -> Result<()> {
        api_server::restart(&self.arguments.kubeconfig, away).await
    }

    /// The image that an update from `deployed` changes to.
    pub(crate) fn other_image(&self, deployed: &str) -> &str {
        let [first, second] = &self.images;
        if deployed == first { second } else { first }
    }

    /// Whether the Flink of the images is one before 2.0.
    pub(crate) fn is_flink_1(&self) -> bool {
        self.manifest["spec"]["flinkVersion"].as_str().is_some_and(|text| text.starts_with("1."))
    }

    /// Creates the application.
    pub(crate) async fn apply(&self) -> Result<()> {
        self.apply_with(json!({})).await
    }

    /// Creates the application with other members of the spec.
    pub(crate) async fn apply_with(&self, spec: Value) -> Result<()> {
        let mut manifest = self.manifest.clone();
        for (name, value) in spec.as_object().context("members of a spec")? {
            manifest["spec"][name] = value.clone();
        }
        let app: FlinkApplication = serde_json::from_value(manifest)?;
        application::api(&self.kubernetes).create(&PostParams::default(), &app).await?;
        Ok(())
    }

    /// The application as it is now.
    pub(crate) async fn application(&self) -> Result<FlinkApplication> {
        Ok(application::api(&self.kubernetes).get(NAME).await?)
    }

    /// Changes members of the spec.
    pub(crate) async fn change(&self, spec: Value) -> Result<()> {
        let patch = Patch::Merge(json!({ "spec": spec }));
        let applications = application::api(&self.kubernetes);
        applications.patch(NAME, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Waits for something that the status tells. The operator has to run meanwhile.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&FlinkApplication) -> Option<T>,
    ) -> Result<T> {
        let operator = &mut self.operator;
        let applications = application::api(&self.kubernetes);
        until(what, limit, async || {
            operator.check()?;
            let app = applications.get(NAME).await?;
            Ok(match look(&app) {
                Some(value) => Look::There(value),
                None => Look::NotYet(application::glance(&app)),
            })
        })
        .await
    }

    /// Makes sure that the application runs, its version confirmed, for stories that begin there.
    pub(crate) async fn running(&mut self) -> Result<FlinkApplication> {
        if !self.operator.is_started() && self.release.is_none() {
            self.operator.start(None)?;
        }
        if application::api(&self.kubernetes).get_opt(NAME).await?.is_none() {
            self.apply().await?;
        }
        self.confirmed().await
    }

    /// Waits until the present spec runs and is confirmed.
    pub(crate) async fn confirmed(&mut self) -> Result<FlinkApplication> {
        self.until("the version runs and is confirmed", DEPLOY, |app| {
            let well = application::phase(app) == "Running" && application::is(app, "Ready");
            well.then(|| app.clone())
        })
        .await
    }

    /// Waits until the present spec is given up, and the version before it runs again.
    pub(crate) async fn rolled_back(&mut self) -> Result<FlinkApplication> {
        self.until("the deploy is rolled back", DEPLOY, |app| {
            let current = app.status.as_ref()?.observed_generation == app.metadata.generation;
            (current && application::phase(app) == "DeployFailed").then(|| app.clone())
        })
        .await
    }

    /// Waits until nothing is left of the clusters but those of the given version.
    pub(crate) async fn only(&self, hash: &str) -> Result<()> {
        let prefix = format!("{NAME}-{hash}");
        let generic = ["Service", "Ingress"].map(|kind| format!("{kind}/{NAME}"));
        let other = |name: &str| !generic.iter().any(|of| of == name) && !name.contains(&prefix);
        self.none_left("the other clusters are gone", other).await
    }

    /// Waits until nothing is left of a version's cluster.
    pub(crate) async fn vanished(&self, hash: &str) -> Result<()> {
        let prefix = format!("{NAME}-{hash}");
        self.none_left("the version's objects are gone", |name| name.contains(&prefix)).await
    }

    /// Waits until none of the application's objects is left that this is said of, by `Kind/name`.
    pub(crate) async fn none_left(&self, what: &str, of: impl Fn(&str) -> bool) -> Result<()> {
        until(what, SOON, async || {
            let mut left = self.kubernetes.left_of(NAME).await?;
            left.retain(|name| of(name));
            if left.is_empty() { there(()) } else { not_yet(left.join(", ")) }
        })
        .await
    }

    /// Deletes the application if it is there, and waits until the operator is done and nothing is left.
    pub(crate) async fn deleted(&mut self) -> Result<()> {
        let applications = application::api(&self.kubernetes);
        if applications.get_opt(NAME).await?.is_some() {
            applications.delete(NAME, &Default::default()).await?;
        }
        let operator = &mut self.operator;
        until("the application is gone", DEPLOY, async || {
            operator.check()?;
            match applications.get_opt(NAME).await? {
                None => there(()),
                Some(app) => not_yet(application::glance(&app)),
            }
        })
        .await?;
        self.gone().await
    }

    /// Waits until nothing is left of the application.
    pub(crate) async fn gone(&self) -> Result<()> {
        self.none_left("nothing is left of the application", |_| true).await
    }

    /// The one job that runs. More than one is what must never be.
    pub(crate) async fn one_job(&self) -> Result<LiveJob> {
        let mut jobs = flink::live_jobs(&self.kubernetes).await?;
        ensure!(jobs.len() == 1, "not one job runs: {jobs:?}");
        jobs.pop().context("one job")
    }

    /// The latest job by its own account, once it counts on.
    pub(crate) async fn counting(&self) -> Result<Run> {
        let first = self.volume.runs().await?;
        let before = first.last().map_or(0, |run| run.to);
        until("the job counts", SOON, async || {
            let run = self.volume.runs().await?.pop();
            match run {
                Some(run) if run.to > before && !run.ended => there(run),
                other => not_yet(format!("{other:?}")),
            }
        })
        .await
    }

    /// Makes sure that exactly one job took over from `old`, where that one ended, and counts on; and
    /// that Flink knows no other. Gives the new one.
    pub(crate) async fn took_over(&self, old: &Run) -> Result<Run> {
        let new = self.counting().await?;
        let runs = self.volume.runs().await?;
        let place = runs.iter().position(|run| run.job == old.job).context("the old job")?;
        let since = &runs[place..];
        ensure!(since.len() == 2, "not one job after the other: {since:?}");
        journal::continues(&since[0], &since[1])?;
        let job = self.one_job().await?;
        ensure!(job.id == new.job, "another job runs than counts: {job:?}, {new:?}");
        Ok(new)
    }

    /// Makes sure that one job counts on from a checkpoint of `old`: what that one counted since is counted
    /// again, nothing is left out. Gives the new one.
    pub(crate) async fn resumed(&self, old: &Run) -> Result<Run> {
        let new = self.counting().await?;
        let runs = self.volume.runs().await?;
        let ended = runs.iter().find(|run| run.job == old.job).context("the old job")?;
        ensure!(new.job != old.job, "the old job counts on: {new:?}");
        ensure!(new.restored && new.from > 0, "started without state: {new:?}");
        ensure!(new.from <= ended.to, "starts after what was counted: {new:?} after {ended:?}");
        let job = self.one_job().await?;
        ensure!(job.id == new.job, "another job runs than counts: {job:?}, {new:?}");
        Ok(new)
    }
}
