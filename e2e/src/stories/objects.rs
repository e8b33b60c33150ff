//! The objects of a running application: names, labels, selectors, owners and Flink's configuration, as
//! users and their tools know them from the reference operator, and what is ours.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use flinkk8soperator_api::v1beta1::FlinkApplication;
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;

use crate::application::{self, NAME};
use crate::kubernetes::Kubernetes;
use crate::operator::DOMAIN;

const SELECTOR: &str = "pod-deployment-selector";
const RETENTION: &str =
    "execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION";

/// What every object of the first cluster has in common.
struct Expected<'a> {
    app: &'a FlinkApplication,
    hash: String,
    uid: String,
}

/// Checks all objects of the application's first cluster.
pub(crate) async fn as_promised(kubernetes: &Kubernetes, app: &FlinkApplication) -> Result<()> {
    let uid = app.uid().context("the application's UID")?;
    let expected = Expected { app, hash: application::deploy_hash(app), uid };
    ensure!(
        app.finalizers().iter().any(|finalizer| finalizer == "job.finalizers.flink.k8s.io"),
        "the application has no finalizer"
    );
    let versioned = format!("{NAME}-{}", expected.hash);
    let deployments = kubernetes.all::<Deployment>();
    let job_manager = deployments.get(&format!("{versioned}-jm")).await?;
    let task_manager = deployments.get(&format!("{versioned}-tm")).await?;
    let selected = expected.deployment(&job_manager, "jobmanager")?;
    let others = expected.deployment(&task_manager, "taskmanager")?;
    ensure!(selected != others, "both Deployments select the same pods");

    let services = kubernetes.all::<Service>();
    expected.service(&services.get(NAME).await?, &selected)?;
    expected.service(&services.get(&versioned).await?, &selected)?;
    let ingress = kubernetes.all::<Ingress>().get(NAME).await?;
    expected.owned(&ingress.metadata)?;
    let rules = ingress.spec.and_then(|spec| spec.rules).unwrap_or_default();
    let host = format!("{NAME}.{DOMAIN}");
    ensure!(rules.iter().any(|rule| rule.host.as_ref() == Some(&host)), "no Ingress of {host}");
    let revision = kubernetes.all::<ControllerRevision>().get(&format!("{versioned}-1")).await?;
    expected.owned(&revision.metadata)
}

impl Expected<'_> {
    /// Gives the value of the selector.
    fn deployment(&self, deployment: &Deployment, role: &str) -> Result<String> {
        let name = deployment.name_any();
        self.owned(&deployment.metadata)?;
        let labels = deployment.labels();
        has(labels, &name, "flink-app", NAME)?;
        has(labels, &name, "flink-app-hash", &self.hash)?;
        has(labels, &name, "flink-app-incarnation", "1")?;
        has(labels, &name, "flink-deployment-type", role)?;
        let spec = deployment.spec.as_ref().context("a Deployment's spec")?;
        ensure!(spec.replicas == Some(1), "{name} has {:?} replicas", spec.replicas);
        let none = BTreeMap::new();
        let selected = spec.selector.match_labels.as_ref().unwrap_or(&none);
        let selector = selected.get(SELECTOR).context("a Deployment's selector")?;
        let hex = selector.len() == 12 && selector.chars().all(|c| c.is_ascii_hexdigit());
        ensure!(hex, "{name} selects by {selector}, not by 12 hex digits");
        let pod = spec.template.metadata.as_ref().context("the metadata of a template")?;
        let pod_labels = pod.labels.as_ref().unwrap_or(&none);
        has(pod_labels, &name, SELECTOR, selector)?;
        has(pod_labels, &name, "flink-app-incarnation", "1")?;
        self.configuration(deployment, &name)?;
        Ok(selector.clone())
    }

    /// Our lines in Flink's configuration, each once, in both variables.
    fn configuration(&self, deployment: &Deployment, name: &str) -> Result<()> {
        let template = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        let container = template.and_then(|pod| pod.containers.first()).context("a container")?;
        let image = self.app.spec.image.as_str();
        ensure!(container.image.as_deref() == Some(image), "{name} runs {:?}", container.image);
        let variables = container.env.as_deref().unwrap_or_default();
        let marker = format!("flinkk8soperator.cluster: {}-1", self.uid);
        for variable in ["FLINK_PROPERTIES", "OPERATOR_FLINK_CONFIG"] {
            let value =
                variables.iter().find(|v| v.name == variable).and_then(|v| v.value.as_ref());
            let value = value.with_context(|| format!("{name} has no {variable}"))?;
            for line in [RETENTION, &marker] {
                let count = value.lines().filter(|l| l.trim() == line).count();
                ensure!(count == 1, "{name} has {count} lines {line:?} in {variable}: {value}");
            }
        }
        Ok(())
    }

    fn service(&self, service: &Service, selected: &str) -> Result<()> {
        let name = service.name_any();
        self.owned(&service.metadata)?;
        has(service.labels(), &name, "flink-app", NAME)?;
        has(service.labels(), &name, "flink-app-incarnation", "1")?;
        let spec = service.spec.as_ref().context("a Service's spec")?;
        let selector = spec.selector.as_ref().context("a Service's selector")?;
        has(selector, &name, SELECTOR, selected)?;
        has(selector, &name, "flink-deployment-type", "jobmanager")
    }

    /// The application owns it, so that it goes with the application.
    fn owned(&self, metadata: &ObjectMeta) -> Result<()> {
        let owners = metadata.owner_references.as_deref().unwrap_or_default();
        let ours =
            owners.iter().any(|owner| owner.uid == self.uid && owner.controller == Some(true));
        ensure!(ours, "{:?} is not owned by the application: {owners:?}", metadata.name);
        Ok(())
    }
}

fn has(labels: &BTreeMap<String, String>, of: &str, key: &str, value: &str) -> Result<()> {
    let found = labels.get(key);
    ensure!(found.map(String::as_str) == Some(value), "{of}: {key} is {found:?}, not {value}");
    Ok(())
}
