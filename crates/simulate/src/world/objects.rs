//! The objects of a recorded world: which clusters they make up, and how their pods are.

use flinkk8soperator_sim::http::cluster::{StandingObjects, intent};
use flinkk8soperator_sim::http::kubernetes::kinds::{CONFIG_MAPS, INGRESSES, SERVICES};
use flinkk8soperator_sim::http::kubernetes::meta::{array, text};
use flinkk8soperator_sim::world::{
    Image, Program, Role, Spec, Standing, StandingDeployment, StandingPod, Trouble,
};
use serde_json::Value;

use super::member::{Fault, Member, Wrong};

/// Reads all objects.
pub(super) fn read(root: &Member<'_>) -> Result<StandingObjects, Fault> {
    let application = root.member(&["application"])?;
    let app = identified(&application)?;
    let deployments = objects(root, "deployments")?;
    let mut standing = clusters(&deployments, app)?;
    let pods = objects(root, "pods")?;
    for pod in &pods {
        let deployment = selecting(&deployments, pod)?;
        let slots = standing.clusters[standing.deployments[deployment].cluster].slots;
        standing.pods.push(pod_of(pod, deployment, slots));
    }
    images(&mut standing);
    let mut others = Vec::new();
    for (member, resource) in [("services", SERVICES), ("ingresses", INGRESSES)] {
        let all = objects(root, member)?.into_iter();
        others.extend(all.map(|object| (resource.clone(), object.value.clone())));
    }
    if root.maybe("configmaps").is_some() {
        let all = objects(root, "configmaps")?.into_iter();
        others.extend(all.map(|object| (CONFIG_MAPS, object.value.clone())));
    }
    let values = |members: &[Member<'_>]| members.iter().map(|m| m.value.clone()).collect();
    Ok(StandingObjects {
        application: application.value.clone(),
        deployments: values(&deployments),
        pods: values(&pods),
        others,
        standing,
    })
}

fn objects<'v>(root: &Member<'v>, kind: &str) -> Result<Vec<Member<'v>>, Fault> {
    let all = root.member(&[kind])?.items()?;
    all.iter().try_for_each(|object| identified(object).map(drop))?;
    Ok(all)
}

/// The name of an object that has all that the API server tells objects apart by.
fn identified<'v>(object: &Member<'v>) -> Result<&'v str, Fault> {
    object.member(&["metadata", "namespace"])?.text()?;
    object.member(&["metadata", "uid"])?.text()?;
    object.member(&["metadata", "name"])?.text()
}

/// The clusters that Deployments make up, oldest first: those with one hash in their names.
fn clusters(deployments: &[Member<'_>], app: &str) -> Result<Standing, Fault> {
    let mut found: Vec<(String, u32, Spec)> = Vec::new();
    for deployment in deployments {
        let created = deployment.member(&["metadata", "creationTimestamp"])?.text()?.to_owned();
        let hash = hash_in_name(deployment, app)?;
        match found.iter_mut().find(|(_, known, _)| *known == hash) {
            Some((oldest, ..)) => *oldest = created.min(oldest.clone()),
            None => found.push((created, hash, spec(deployment, hash)?)),
        }
    }
    found.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    let place = |hash: u32| found.iter().position(|(_, known, _)| *known == hash).unwrap_or(0);
    let mut standing = Standing::default();
    for deployment in deployments {
        standing.deployments.push(StandingDeployment {
            cluster: place(hash_in_name(deployment, app)?),
            role: role(deployment)?,
            label: deployment.member(&["metadata", "labels", "flink-app-hash"])?.hash()?,
            replicas: deployment.member(&["spec", "replicas"])?.count()?,
            terminating: is_deleting(deployment),
        });
    }
    standing.clusters = found.into_iter().map(|(_, _, spec)| spec).collect();
    for deployment in standing.deployments.iter().filter(|d| d.role == Role::TaskManager) {
        standing.clusters[deployment.cluster].taskmanagers = deployment.replicas;
    }
    Ok(standing)
}

/// `APPLICATION-HASH-jm`, `APPLICATION-HASH-COLOUR-tm`. The label tells another version once the cluster
/// was scaled in place.
fn hash_in_name(deployment: &Member<'_>, app: &str) -> Result<u32, Fault> {
    let member = deployment.member(&["metadata", "name"])?;
    let name = member.text()?;
    let rest = name.strip_prefix(app).and_then(|rest| rest.strip_prefix('-'));
    let hash = rest.and_then(|rest| rest.split_once('-')).map(|(hash, _)| hash);
    let number = hash.and_then(|hash| u32::from_str_radix(hash, 16).ok());
    number.ok_or_else(|| member.fault(Wrong::Name(name.to_owned())))
}

fn role(deployment: &Member<'_>) -> Result<Role, Fault> {
    let member = deployment.member(&["metadata", "labels", "flink-deployment-type"])?;
    match member.text()? {
        "jobmanager" => Ok(Role::JobManager),
        "taskmanager" => Ok(Role::TaskManager),
        other => Err(member.fault(Wrong::Role(other.to_owned()))),
    }
}

/// What a cluster is made from. Its program has shown that it runs: its name says nothing here.
fn spec(deployment: &Member<'_>, hash: u32) -> Result<Spec, Fault> {
    let label = deployment.member(&["metadata", "labels", "flink-app-hash"])?;
    let spec = intent::spec(deployment.value);
    let spec = spec.ok_or_else(|| label.fault(Wrong::Type("hexadecimal number")))?;
    Ok(Spec { hash, family: hash, program: Program::Runs, ..spec })
}

fn is_deleting(object: &Member<'_>) -> bool {
    object.maybe("metadata").is_some_and(|m| m.maybe("deletionTimestamp").is_some())
}

/// The Deployment whose selector means a pod.
fn selecting(deployments: &[Member<'_>], pod: &Member<'_>) -> Result<usize, Fault> {
    let means = |deployment: &Member<'_>| {
        selects(deployment.value.pointer("/spec/selector/matchLabels"), pod.value)
    };
    let name = || Wrong::UnknownDeployment(text(pod.value, "/metadata/name").to_owned());
    deployments.iter().position(means).ok_or_else(|| pod.fault(name()))
}

/// Whether a selector means an object. An absent or empty one means none.
pub(super) fn selects(selector: Option<&Value>, object: &Value) -> bool {
    let Some(selector) = selector.and_then(Value::as_object) else { return false };
    let labels = object.pointer("/metadata/labels");
    let has = |(name, value): (&String, &Value)| labels.and_then(|l| l.get(name)) == Some(value);
    !selector.is_empty() && selector.iter().all(has)
}

fn pod_of(pod: &Member<'_>, deployment: usize, slots: u32) -> StandingPod {
    let container = container(pod.value);
    let conditions = array(pod.value, "/status/conditions");
    let condition = |name: &str| conditions.iter().find(|c| c["type"] == name);
    let restarts = container.and_then(|c| c["restartCount"].as_u64()).unwrap_or(0);
    let running = container.is_some_and(|c| c.pointer("/state/running").is_some());
    let unplaced = condition("PodScheduled").is_some_and(|c| c["reason"] == "Unschedulable");
    StandingPod {
        deployment,
        restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
        running,
        ready: running && condition("Ready").is_some_and(|c| c["status"] == "True"),
        terminating: is_deleting(pod),
        trouble: if unplaced { Some(Trouble::Unschedulable) } else { trouble(container) },
        registered: None,
        slots,
    }
}

/// The status of the pod's own container, which need not come first where others were put beside it.
fn container(pod: &Value) -> Option<&Value> {
    let all = array(pod, "/status/containerStatuses");
    let name = text(pod, "/spec/containers/0/name");
    all.iter().find(|c| c["name"] == name).or_else(|| all.first())
}

fn trouble(container: Option<&Value>) -> Option<Trouble> {
    match text(container?, "/state/waiting/reason") {
        "ImagePullBackOff" | "ErrImagePull" => Some(Trouble::ImagePull),
        "InvalidImageName" => Some(Trouble::InvalidImage),
        "CrashLoopBackOff" => Some(Trouble::CrashLoop),
        _ => None,
    }
}

/// What a cluster's image does has shown in its pods; only of one that has none the image's name tells.
fn images(standing: &mut Standing) {
    for (number, spec) in standing.clusters.iter_mut().enumerate() {
        let mine = |pod: &&StandingPod| standing.deployments[pod.deployment].cluster == number;
        let pods: Vec<&StandingPod> = standing.pods.iter().filter(mine).collect();
        let troubled = pods.iter().find_map(|pod| pod.trouble);
        let runs = pods.iter().any(|pod| pod.running);
        spec.image = match troubled.filter(|_| !runs) {
            None if pods.is_empty() => spec.image,
            None => Image::Runs,
            Some(Trouble::ImagePull) => Image::CannotBePulled,
            Some(Trouble::InvalidImage) => Image::InvalidName,
            Some(Trouble::CrashLoop) => Image::CrashLoops,
            Some(Trouble::Unschedulable) => Image::Unschedulable,
        };
    }
}
