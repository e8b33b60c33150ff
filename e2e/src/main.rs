//! End-to-end tests: the operator's binary, a real Kubernetes, a real Flink.
//!
//! Takes a cluster by its kubeconfig, an image of Flink with the job `flinktest.Counter` and the
//! operator's binary, which runs beside it as a process. The stories build on each other and are told
//! in a fixed order; the first one that fails ends the run, and what can be seen of the application,
//! its pods and the operator is printed. Tests that need no cluster are in the crates.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;

mod account;
mod api_server;
mod application;
mod crd;
mod flink;
mod high_availability;
mod journal;
mod kubernetes;
mod operator;
mod reference;
mod release;
mod report;
mod stage;
mod stories;
mod timeline;
mod volume;
mod wait;

/// Runs the operator against a cluster and tells whether applications fare as they should.
#[derive(Clone, Parser)]
#[command(name = "e2e")]
pub(crate) struct Arguments {
    /// How to reach the cluster. Needs the rights to make a namespace and a CRD.
    #[arg(long)]
    kubeconfig: PathBuf,
    /// The operator's binary; for the stories of kills built with the feature crash-points.
    #[arg(long)]
    operator: PathBuf,
    /// The image of the operator, for where it is installed: NAME:TAG, as the nodes have it.
    #[arg(long)]
    operator_image: Option<String>,
    /// Tell the stories by the operator in the cluster, as its chart installs it, where they are not about its process.
    #[arg(long, requires = "operator_image")]
    installed: bool,
    /// The folder with the charts.
    #[arg(long, default_value = "charts")]
    charts: PathBuf,
    /// Helm.
    #[arg(long, env = "HELM", default_value = "helm")]
    helm: PathBuf,
    /// Image of Flink with the test jobs (flink_jobs.jar) in its upload directory.
    #[arg(long)]
    image: String,
    /// The image that updates change to: the same under another name. Default: IMAGE-next.
    #[arg(long)]
    next_image: Option<String>,
    /// Flink's version in the images, e.g. 1.20.
    #[arg(long)]
    flink_version: String,
    /// Only these stories, with commas, as e2e/README.md names them. Default: all.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Namespace to work in; made if it is missing, and then removed at the end.
    #[arg(long, default_value = "flinkk8soperator-e2e")]
    namespace: String,
    /// Directory on the cluster's one node that all pods mount as /state.
    #[arg(long, default_value = "/var/tmp/flinkk8soperator-e2e")]
    state_path: String,
    /// PersistentVolumeClaim to mount as /state instead, for clusters of several nodes (ReadWriteMany).
    #[arg(long)]
    state_claim: Option<String>,
    /// How the operator reaches Flink: `apiServer`, as it does outside a cluster, or `pod`, as inside;
    /// for that this machine has to reach the pods' addresses.
    #[arg(long, default_value = "auto")]
    flink_access: String,
    /// Where the operator's log and its configuration go.
    #[arg(long, default_value_os_t = std::env::temp_dir().join("flinkk8soperator-e2e"))]
    logs: PathBuf,
    /// Port of the operator's metrics on this machine.
    #[arg(long, default_value_t = 10254)]
    port: u16,
    /// Seed of the random moments; printed, so that a run can be repeated.
    #[arg(long)]
    seed: Option<u64>,
}

impl Arguments {
    /// The image that updates change to.
    fn next_image(&self) -> String {
        self.next_image.clone().unwrap_or_else(|| format!("{}-next", self.image))
    }
}

/// No run takes longer: a story that hangs in spite of its own deadlines is ended.
const LIMIT: Duration = Duration::from_secs(40 * 60);

#[tokio::main]
async fn main() -> ExitCode {
    let begun = Instant::now();
    let told = tokio::time::timeout(LIMIT, run(&Arguments::parse())).await;
    match told.context("the run took too long").flatten() {
        Ok(count) => {
            println!("{count} stories passed, 0 failed, {} s", begun.elapsed().as_secs());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("failed after {} s: {error:#}", begun.elapsed().as_secs());
            ExitCode::FAILURE
        }
    }
}

/// Gives the number of stories told.
async fn run(arguments: &Arguments) -> Result<usize> {
    let stories = chosen(arguments)?;
    tell(arguments, &stories).await?;
    Ok(stories.len())
}

fn chosen(arguments: &Arguments) -> Result<Vec<&'static stories::Story>> {
    let names: Vec<&str> = stories::ALL.iter().map(|story| story.name).collect();
    if let Some(unknown) = arguments.only.iter().find(|only| !names.contains(&only.as_str())) {
        bail!("there is no story {unknown}; there are {}", names.join(", "));
    }
    let told = |story: &&stories::Story| {
        arguments.only.is_empty() || arguments.only.iter().any(|only| only == story.name)
    };
    Ok(stories::ALL.iter().filter(told).collect())
}

async fn tell(arguments: &Arguments, stories: &[&stories::Story]) -> Result<()> {
    let mut stage = stage::Stage::set(arguments).await.context("preparing the cluster")?;
    let mut outcome = Ok(());
    for story in stories {
        outcome = one(&mut stage, story).await;
        if let Err(error) = &outcome {
            println!("{error:#}");
            report::print(&stage).await;
            break;
        }
    }
    let cleared = stage.clear().await.context("clearing the cluster");
    outcome.and(cleared)
}

async fn one(stage: &mut stage::Stage, story: &stories::Story) -> Result<()> {
    println!("--- {}: {}", story.name, story.about);
    let begun = Instant::now();
    let outcome = async {
        stage.set_operator(story.by_process).await.context("the operator")?;
        (story.tell)(stage).await
    };
    let outcome = outcome.await;
    let end = if outcome.is_ok() { "ok" } else { "FAILED" };
    println!("--- {}: {end}, {:.1} s", story.name, begun.elapsed().as_secs_f64());
    outcome.with_context(|| format!("story {}", story.name))
}
