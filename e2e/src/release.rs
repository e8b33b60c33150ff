//! The operator as its chart installs it: replicas in the cluster, in a namespace that admits only restricted pods.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::Arguments;
use crate::kubernetes::{Kubernetes, OURS};
use crate::operator::settings;
use crate::wait::{not_yet, there, until};

const NAME: &str = "flinkk8soperator";
const DEFINITIONS: &str = "flinkk8soperator-crds";
/// For pods that come and go on a busy machine of two cores.
const LIMIT: Duration = Duration::from_secs(180);

/// A release of the operator's chart.
#[derive(Clone)]
pub(crate) struct Release {
    client: Client,
    kubeconfig: PathBuf,
    helm: PathBuf,
    charts: PathBuf,
    namespace: String,
    values: Value,
}

/// The Lease, as it was seen once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The name of a pod, and something that each process has of its own. Empty: nobody.
    pub(crate) holder: String,
    renewed: Option<MicroTime>,
}

impl Held {
    /// The pod that holds it.
    pub(crate) fn pod(&self) -> Option<&str> {
        self.holder.rsplit_once('_').map(|(pod, _)| pod)
    }
}

impl Release {
    /// Makes its namespace; installs nothing. Its settings are those of the operator beside the stories.
    pub(crate) async fn prepare(arguments: &Arguments, kubernetes: &Kubernetes) -> Result<Release> {
        let image = arguments.operator_image.as_deref();
        let image = image.context("which image has the operator? --operator-image NAME:TAG")?;
        let (repository, tag) = image.rsplit_once(':').context("--operator-image without a tag")?;
        let namespace = format!("{}-operator", kubernetes.namespace);
        let client = kubernetes.client.clone();
        let restricted = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": namespace,
                "labels": { "pod-security.kubernetes.io/enforce": "restricted" },
            },
        });
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let ours = PatchParams::apply(OURS).force();
        namespaces.patch(&namespace, &ours, &Patch::Apply(restricted)).await?;
        let values = json!({
            "image": { "repository": repository, "tag": tag },
            "config": settings(),
        });
        Ok(Release {
            client,
            kubeconfig: arguments.kubeconfig.clone(),
            helm: arguments.helm.clone(),
            charts: arguments.charts.clone(),
            namespace,
            values,
        })
    }

    /// Installs it, or brings it to these values besides its own, and waits until its pods are ready.
    pub(crate) async fn upgrade(&self, values: Value) -> Result<()> {
        let mut all = self.values.clone();
        merge(&mut all, values);
        let mut command = self.helm(&["upgrade", "--install", NAME]);
        command.arg(self.charts.join(NAME)).args(["--wait", "--timeout", "3m", "--values", "-"]);
        run(command, Some(all.to_string())).await
    }

    /// Removes it, if it is installed, and waits until its pods are gone.
    pub(crate) async fn uninstall(&self) -> Result<()> {
        run(self.helm(&["uninstall", NAME, "--ignore-not-found", "--wait"]), None).await?;
        until("the operator's pods are gone", LIMIT, async || {
            let left: Vec<String> = self.pods().await?.iter().map(ResourceExt::name_any).collect();
            if left.is_empty() { there(()) } else { not_yet(left.join(", ")) }
        })
        .await
    }

    /// Installs the chart of the CRD over the one that is there, as its documentation says, and removes it again.
    pub(crate) async fn definitions(&self) -> Result<()> {
        let mut command = self.helm(&["upgrade", "--install", DEFINITIONS, "--wait"]);
        command.arg(self.charts.join(DEFINITIONS));
        run(command, None).await?;
        run(self.helm(&["uninstall", DEFINITIONS, "--wait"]), None).await
    }

    /// Where it is.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its pods.
    pub(crate) async fn pods(&self) -> Result<Vec<Pod>> {
        let ours = ListParams::default().labels("app.kubernetes.io/name=flinkk8soperator");
        Ok(self.all::<Pod>().list(&ours).await?.items)
    }

    /// The Lease by which its replicas agree.
    pub(crate) async fn lease(&self) -> Result<Held> {
        let lease = self.all::<Lease>().get_opt(NAME).await?;
        let spec = lease.and_then(|lease| lease.spec).unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        Ok(Held { holder, renewed: spec.renew_time })
    }

    /// Ends the process of a pod without a word to it, as a crash does. (A deletion without grace has a word, a SIGTERM.)
    pub(crate) fn kill(&self, pod: &str) -> Result<()> {
        let pid =
            process_of(pod)?.with_context(|| format!("{pod} does not run on this machine"))?;
        let status = Command::new("kill").args(["-KILL", &pid]).status()?;
        ensure!(status.success(), "killing {pod}: {status}");
        Ok(())
    }

    /// What a pod tells of itself, by the name of the metric.
    pub(crate) async fn metric(&self, pod: &str, name: &str) -> Result<f64> {
        let path = format!("/api/v1/namespaces/{}/pods/{pod}:10254/proxy/metrics", self.namespace);
        let text = self.client.request_text(http::Request::get(path).body(Vec::new())?).await?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("{pod} tells no {name}"))?.parse()?)
    }

    /// What pods there are, for their logs.
    pub(crate) fn all_pods(&self) -> Api<Pod> {
        self.all()
    }

    /// Removes its namespace, and waits until it is gone: another release may come.
    pub(crate) async fn clear(&self) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces.delete(&self.namespace, &DeleteParams::default()).await?;
        until("the operator's namespace is gone", LIMIT, async || {
            match namespaces.get_opt(&self.namespace).await? {
                None => there(()),
                Some(_) => not_yet("it is there"),
            }
        })
        .await
    }

    fn all<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn helm(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.helm);
        command.args(words).args(["--namespace", &self.namespace]);
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }
}

/// The id of the process whose host is this pod, among those of this machine.
fn process_of(pod: &str) -> Result<Option<String>> {
    let host = format!("HOSTNAME={pod}");
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        // Others end meanwhile, and what is in /proc besides processes has no environment.
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|one| one == host.as_bytes()) {
            return Ok(entry.file_name().into_string().ok());
        }
    }
    Ok(None)
}

/// Members of `more` besides, or in place of, those of `values`.
fn merge(values: &mut Value, more: Value) {
    match (values, more) {
        (Value::Object(values), Value::Object(more)) => {
            for (name, value) in more {
                merge(values.entry(name).or_insert(Value::Null), value);
            }
        }
        (value, more) => *value = more,
    }
}

/// Runs something with this as its input, beside whatever else goes on here.
async fn run(mut command: Command, input: Option<String>) -> Result<()> {
    let what = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || -> Result<std::process::Output> {
        let mut child = command.spawn()?;
        // Closed when it is dropped: that is the end of the input.
        let stdin = child.stdin.take();
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            std::io::Write::write_all(&mut stdin, input.as_bytes())?;
        }
        Ok(child.wait_with_output()?)
    });
    let output = ended.await?.with_context(|| what.clone())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{what}: {said}");
    Ok(())
}
