//! How long a first deploy takes, and who takes it: Kubernetes, Flink, or the operator.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;

use crate::application::{self, PARALLELISM};
use crate::flink;
use crate::kubernetes::Kubernetes;
use crate::stage::{DEPLOY, Stage};

/// How often everything is looked at; the times are right up to this.
const PERIOD: Duration = Duration::from_millis(25);

/// Times from the creation of the application on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// The Deployments exist.
    objects: Duration,
    /// All slots are registered at the JobManager.
    slots: Duration,
    /// The status says that the job is being submitted.
    submitting: Duration,
    /// All tasks run, says Flink.
    tasks: Duration,
    /// The status says Running.
    running: Duration,
}

impl Timeline {
    /// Watches a deploy from its beginning.
    ///
    /// # Errors
    /// Where the deploy does not come to Running in time.
    pub(crate) async fn watch(stage: &mut Stage, begun: Instant) -> Result<Timeline> {
        let kubernetes = stage.kubernetes.clone();
        // Side by side: a JobManager that starts keeps a question waiting for seconds.
        let world = async {
            let objects = first(begun, async || deployed(&kubernetes).await).await?;
            let slots = first(begun, async || registered(&kubernetes).await).await?;
            let tasks = first(begun, async || all_run(&kubernetes).await).await?;
            anyhow::Ok((objects, slots, tasks))
        };
        let status = async {
            let submitting =
                first(begun, async || shows(stage, &["SubmittingJob", "Running"]).await);
            let submitting = submitting.await?;
            let running = first(begun, async || shows(stage, &["Running"]).await).await?;
            anyhow::Ok((submitting, running))
        };
        let ((objects, slots, tasks), (submitting, running)) = tokio::try_join!(world, status)?;
        Ok(Timeline { objects, slots, submitting, tasks, running })
    }

    /// What passed between a change in the world and the operator's answer to it.
    fn operator(&self) -> Duration {
        let submitting = self.submitting.saturating_sub(self.slots);
        self.objects + submitting + self.running.saturating_sub(self.tasks)
    }

    /// The times in words.
    pub(crate) fn print(&self) {
        let since = |from: Duration, to: Duration| to.saturating_sub(from).as_secs_f64();
        println!("     from apply to Running {:.2} s, of which", self.running.as_secs_f64());
        println!("     {:5.2} s operator, until the objects existed", self.objects.as_secs_f64());
        println!(
            "     {:5.2} s Kubernetes and Flink, until the slots were there",
            since(self.objects, self.slots)
        );
        println!(
            "     {:5.2} s operator, until it submitted the job",
            since(self.slots, self.submitting)
        );
        println!(
            "     {:5.2} s Flink, main() and the start of the tasks",
            since(self.submitting, self.tasks)
        );
        println!(
            "     {:5.2} s operator, until the status said Running",
            since(self.tasks, self.running)
        );
        println!("     {:5.2} s operator in all", self.operator().as_secs_f64());
    }
}

/// When something is there for the first time.
async fn first(begun: Instant, mut look: impl AsyncFnMut() -> Result<bool>) -> Result<Duration> {
    while !look().await? {
        ensure!(begun.elapsed() < DEPLOY, "not Running in time");
        tokio::time::sleep(PERIOD).await;
    }
    Ok(begun.elapsed())
}

async fn deployed(kubernetes: &Kubernetes) -> Result<bool> {
    let ours = ListParams::default().labels("flink-app");
    Ok(kubernetes.all::<Deployment>().list_metadata(&ours).await?.items.len() >= 2)
}

async fn registered(kubernetes: &Kubernetes) -> Result<bool> {
    let wanted = u64::try_from(PARALLELISM)?;
    Ok(flink::slots(kubernetes).await?.is_some_and(|(_, total)| total >= wanted))
}

async fn all_run(kubernetes: &Kubernetes) -> Result<bool> {
    let jobs = flink::live_jobs(kubernetes).await?;
    Ok(jobs.iter().any(|job| job.tasks.1 > 0 && job.tasks.0 == job.tasks.1))
}

async fn shows(stage: &mut Stage, phases: &[&str]) -> Result<bool> {
    stage.operator.check()?;
    Ok(phases.contains(&application::phase(&stage.application().await?)))
}
