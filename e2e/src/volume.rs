//! The volume that all versions of the job share, seen through pods, so that it may lie on any cluster:
//! one pod makes the job's folder and repeats the job's file as its own log, others run one command.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, LogParams, PostParams};
use serde_json::{Value, json};

use crate::wait::{not_yet, there, until};
use crate::{Arguments, journal};

/// The folder of this run's files.
const FOLDER: &str = "/state/e2e";
/// The job's file, see [`journal`].
pub(crate) const JOURNAL: &str = "/state/e2e/counted";
/// Where the job is told to fail.
pub(crate) const CONTROL: &str = "/state/e2e/control";
/// Makes the job's folder and repeats its file; the job runs as another user.
const READER: &str = "rm -rf /state/e2e && mkdir -p /state/e2e /state/checkpoints /state/savepoints \
    && chmod 777 /state /state/e2e /state/checkpoints /state/savepoints \
    && touch /state/e2e/counted && chmod 666 /state/e2e/counted && exec tail -n +1 -F /state/e2e/counted";
/// Long enough for a node to unpack an image.
const LIMIT: Duration = Duration::from_secs(120);

/// The volume of this run.
pub(crate) struct Volume {
    pods: Api<Pod>,
    image: String,
    volume: Value,
}

impl Volume {
    /// Makes the folders, and starts to read the job's file.
    pub(crate) async fn open(pods: Api<Pod>, arguments: &Arguments) -> Result<Volume> {
        let volume = Volume { pods, image: arguments.image.clone(), volume: source(arguments) };
        volume.remove_pods().await?;
        volume.start("reader", READER).await?;
        volume.phase("reader", &["Running"]).await?;
        Ok(volume)
    }

    /// `volumes` and `volumeMounts` of an application's spec.
    pub(crate) fn members(&self) -> (Value, Value) {
        (json!([self.volume]), json!([{ "name": "state", "mountPath": "/state" }]))
    }

    /// The jobs that have run, as they wrote it down.
    pub(crate) async fn runs(&self) -> Result<Vec<journal::Run>> {
        journal::read(&self.pods.logs("reader", &LogParams::default()).await?)
    }

    /// Whether a savepoint's files are there. `location` as Flink tells it: `file:/state/…`.
    pub(crate) async fn has_savepoint(&self, location: &str) -> Result<bool> {
        let path = location.trim_start_matches("file:").trim_start_matches("//");
        Ok(self.run("look", &format!("test -s '{path}/_metadata' && echo found")).await? == "found")
    }

    /// How many savepoints there are.
    pub(crate) async fn savepoints(&self) -> Result<usize> {
        let script = "find /state/savepoints -type d -name 'savepoint-*' | wc -l";
        let count = self.run("look", script).await?;
        count.trim().parse().with_context(|| format!("the number of savepoints: {count}"))
    }

    /// The newest checkpoint that a job has completed, as a person finds it who looks.
    pub(crate) async fn newest_checkpoint(&self, job: &str) -> Result<String> {
        let folder = format!("/state/checkpoints/{job}");
        let script = format!("cd {folder} && ls -d chk-*/_metadata | sort -t- -k2 -n | tail -1");
        let found = self.run("look", &script).await?;
        match found.strip_suffix("/_metadata") {
            Some(name) if name.starts_with("chk-") => Ok(format!("file:{folder}/{name}")),
            Some(_) | None => bail!("there is no checkpoint of job {job}: {found}"),
        }
    }

    /// Tells the job to fail: the words of the test image, in its control file. Renamed into place, since
    /// the job may read at any time.
    pub(crate) async fn control(&self, word: &str) -> Result<()> {
        let script = format!(
            "echo {word} > {CONTROL}.new && chmod 666 {CONTROL}.new && mv {CONTROL}.new {CONTROL} && echo told"
        );
        let told = self.run("control", &script).await?;
        if told == "told" { Ok(()) } else { bail!("the job cannot be told: {told}") }
    }

    /// Removes this run's files.
    pub(crate) async fn clear(&self) -> Result<()> {
        let script =
            format!("rm -rf {FOLDER} /state/checkpoints/* /state/savepoints/*; echo cleared");
        self.run("clear", &script).await?;
        self.remove_pods().await
    }

    /// Runs a command in a pod of its own and tells what it wrote, without the last line's end.
    async fn run(&self, name: &str, script: &str) -> Result<String> {
        self.start(name, script).await?;
        self.phase(name, &["Succeeded", "Failed"]).await?;
        let output = self.pods.logs(name, &LogParams::default()).await?;
        let now = DeleteParams::default().grace_period(0);
        self.pods.delete(name, &now).await?;
        Ok(output.trim_end().to_owned())
    }

    /// Removes what a run that was interrupted left in the namespace.
    async fn remove_pods(&self) -> Result<()> {
        let ours = ListParams::default().labels("app=e2e");
        self.pods.delete_collection(&DeleteParams::default().grace_period(0), &ours).await?;
        until("pods of an earlier run are gone", LIMIT, async || {
            match self.pods.list_metadata(&ours).await?.items.len() {
                0 => there(()),
                count => not_yet(format!("{count} pods")),
            }
        })
        .await
    }

    async fn start(&self, name: &str, script: &str) -> Result<()> {
        let pod = json!({
            "metadata": { "name": name, "labels": { "app": "e2e" } },
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0,
                "volumes": [self.volume],
                "containers": [{
                    "name": "shell",
                    "image": self.image,
                    "command": ["bash", "-c", script],
                    "securityContext": { "runAsUser": 0 },
                    "volumeMounts": [{ "name": "state", "mountPath": "/state" }],
                }],
            },
        });
        self.pods.create(&PostParams::default(), &serde_json::from_value(pod)?).await?;
        Ok(())
    }

    async fn phase(&self, name: &str, wanted: &[&str]) -> Result<()> {
        let what = format!("pod {name} is {}", wanted.join(" or "));
        until(&what, LIMIT, async || {
            let phase = self.pods.get(name).await?.status.and_then(|status| status.phase);
            let phase = phase.unwrap_or_default();
            if wanted.contains(&phase.as_str()) {
                there(())
            } else if phase == "Failed" {
                bail!("pod {name} failed")
            } else {
                not_yet(phase)
            }
        })
        .await
    }
}

fn source(arguments: &Arguments) -> Value {
    match &arguments.state_claim {
        Some(claim) => json!({ "name": "state", "persistentVolumeClaim": { "claimName": claim } }),
        None => {
            let path = json!({ "path": arguments.state_path, "type": "DirectoryOrCreate" });
            json!({ "name": "state", "hostPath": path })
        }
    }
}
