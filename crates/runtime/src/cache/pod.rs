//! A pod of an application, cut down to what is used of it, and what it reports to be wrong.
//!
//! From the watch and from the live LIST; read by `observe`, and by `flink` for its address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use flinkk8soperator_core::{
    self as core, DeployHash, Incarnation, Role, Timestamp, Trouble, TroubleKind, Uid, ids,
};
use flinkk8soperator_resources::{FlinkRest, labels};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod as KubePod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::child::{born, count, incarnation, label, role};
use super::kind::Item;

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pod {
    /// What the machine is told.
    pub(crate) told: core::Pod,
    /// Its version.
    pub(crate) hash: Option<DeployHash>,
    /// Its `pod-deployment-selector`, which names its application, incarnation and role.
    pub(crate) selector: String,
    /// When it was created, in seconds since the epoch: oldest first.
    pub(crate) born: i64,
    /// When it was to be gone, in seconds since the epoch, its grace period included.
    pub(crate) gone_by: Option<i64>,
    /// Its address.
    pub(crate) address: Option<IpAddr>,
    /// The port of Flink's REST API.
    pub(crate) port: u16,
    /// How that is reached.
    pub(crate) rest: FlinkRest,
    /// Its labels say of which cluster it is: this operator has made it.
    pub(crate) numbered: bool,
    /// It is marked to go before others when its Deployment asks for fewer.
    pub(crate) goes_first: bool,
}

/// Flink's own default, for a pod that does not name its port.
const DEFAULT_PORT: u16 = 8081;

/// For so many seconds no JobManager is sent anything: its readiness probe does not begin before
/// (`initialDelaySeconds`, the reference operator's and ours).
const NOT_READY: i64 = 10;

impl Pod {
    /// Cuts a pod down. None where it is not a pod of a cluster of ours.
    #[must_use]
    pub(crate) fn of(object: &KubePod) -> Option<Pod> {
        let meta = &object.metadata;
        let (number, role) = (incarnation(meta), role(meta)?);
        let status = object.status.as_ref();
        let address = status.and_then(|s| s.pod_ip.as_deref()).and_then(|ip| ip.parse().ok());
        let annotated = annotations(meta).and_then(|all| all.get(labels::HASH));
        Some(Pod {
            // That of a cluster of the reference operator's is looked up (`adopted`).
            told: told(object, number.unwrap_or(Incarnation(0)), role)?,
            numbered: number.is_some(),
            hash: annotated.and_then(|hash| hash.parse().ok()),
            selector: label(meta, labels::SELECTOR)?.to_owned(),
            born: born(meta),
            gone_by: meta.deletion_timestamp.as_ref().map(|time| time.0.as_second()),
            address,
            port: port(object).unwrap_or(DEFAULT_PORT),
            // A cluster of the reference operator's is open to everyone, whatever its application's annotations say.
            rest: annotations(meta)
                .filter(|_| number.is_some())
                .map(FlinkRest::read)
                .unwrap_or_default(),
            goes_first: annotations(meta)
                .is_some_and(|all| all.contains_key(labels::DELETION_COST)),
        })
    }

    /// Tells of one that is still there `grace` after it was to be gone.
    pub(crate) fn tell_if_it_hangs(&mut self, now: Timestamp, grace: Duration) {
        let Some(gone_by) = self.gone_by else { return };
        let due = Timestamp(u64::try_from(gone_by).unwrap_or_default().saturating_mul(1_000));
        if now > due + grace {
            let message = "it was told to end and is still there, well after its grace period";
            let kind = TroubleKind::DoesNotEnd;
            self.told.trouble = Some(Trouble { kind, message: message.to_owned() });
        }
    }

    /// Tells whether it was made with its Deployment, which was created at this time, in seconds since the epoch.
    pub(crate) fn made_with(&self, deployment: i64) -> core::Pod {
        let first = self.born <= deployment.saturating_add(NOT_READY);
        core::Pod { first, ..self.told.clone() }
    }

    /// Whether it belongs to this very application: a recreated one has the same name.
    #[must_use]
    pub(crate) fn belongs_to(&self, application: Uid) -> bool {
        self.selector == ids::selector(application, self.told.incarnation, self.told.role)
    }
}

fn annotations(meta: &ObjectMeta) -> Option<&BTreeMap<String, String>> {
    meta.annotations.as_ref()
}

impl Item for Pod {
    fn uid(&self) -> Uid {
        self.told.uid
    }

    fn going(&mut self) {
        self.told.terminating = true;
    }

    fn is_going(&self) -> bool {
        self.told.terminating
    }

    fn matters(&self, other: &Pod) -> bool {
        self != other
    }
}

fn told(object: &KubePod, incarnation: Incarnation, role: Role) -> Option<core::Pod> {
    let meta: &ObjectMeta = &object.metadata;
    let container = container(object);
    let running = container.and_then(|c| c.state.as_ref()?.running.as_ref());
    let began = running.and_then(|running| running.started_at.as_ref());
    let began =
        began.map(|time| Timestamp(u64::try_from(time.0.as_millisecond()).unwrap_or_default()));
    let running = running.is_some();
    Some(core::Pod {
        uid: meta.uid.as_deref()?.parse().ok()?,
        name: meta.name.clone()?,
        incarnation,
        role,
        restarts: count(container.map(|c| c.restart_count)),
        // Its Deployment tells ([`Pod::made_with`]).
        first: false,
        began,
        running,
        ready: running && container.is_some_and(|c| c.ready),
        terminating: meta.deletion_timestamp.is_some(),
        trouble: trouble(object),
    })
}

/// Flink's container, among those that others may have put beside it: the one with Flink's ports.
fn flink_container(object: &KubePod) -> Option<&k8s_openapi::api::core::v1::Container> {
    let all = &object.spec.as_ref()?.containers;
    let rpc = |c: &&k8s_openapi::api::core::v1::Container| {
        c.ports.iter().flatten().any(|port| port.name.as_deref() == Some("rpc"))
    };
    all.iter().find(rpc).or_else(|| all.first())
}

fn container(object: &KubePod) -> Option<&ContainerStatus> {
    let name = &flink_container(object)?.name;
    object.status.as_ref()?.container_statuses.iter().flatten().find(|c| c.name == *name)
}

fn port(object: &KubePod) -> Option<u16> {
    let mut ports = flink_container(object)?.ports.iter().flatten();
    let ui = ports.find(|port| port.name.as_deref() == Some("ui"))?;
    u16::try_from(ui.container_port).ok()
}

/// What a pod reports to be wrong: a container that cannot start says more than the scheduler.
fn trouble(object: &KubePod) -> Option<Trouble> {
    let status = object.status.as_ref()?;
    let init = status.init_container_statuses.iter().flatten();
    let containers = status.container_statuses.iter().flatten();
    init.chain(containers).find_map(waiting_trouble).or_else(|| unschedulable(object))
}

/// The kubelet's reasons for a container that waits (pkg/kubelet/images/types.go and
/// pkg/kubelet/kuberuntime in Kubernetes 1.33); a reason that is not here passes by itself
/// (ContainerCreating, PodInitializing).
fn waiting_trouble(container: &ContainerStatus) -> Option<Trouble> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    let kind = match reason {
        "InvalidImageName" => TroubleKind::InvalidImage,
        "ErrImagePull"
        | "ImagePullBackOff"
        | "ErrImageNeverPull"
        | "RegistryUnavailable"
        | "ImageInspectError"
        | "SignatureValidationFailed" => TroubleKind::ImagePull,
        "CrashLoopBackOff" => TroubleKind::CrashLoop,
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => TroubleKind::CannotStart,
        _ => return None,
    };
    let said = waiting.message.as_deref().unwrap_or_default();
    let ended = last_end(container).filter(|_| kind == TroubleKind::CrashLoop);
    let message = [Some(said.to_owned()).filter(|said| !said.is_empty()), ended];
    let message = message.into_iter().flatten().collect::<Vec<_>>().join("; ");
    Some(Trouble { kind, message: format!("{}: {reason}: {message}", container.name) })
}

/// How a container ended before.
fn last_end(container: &ContainerStatus) -> Option<String> {
    let end = container.last_state.as_ref()?.terminated.as_ref()?;
    let reason = end.reason.as_deref().unwrap_or("ended");
    let message = end.message.as_deref().unwrap_or_default().trim();
    let separator = if message.is_empty() { "" } else { ": " };
    Some(format!("last {reason} with exit code {}{separator}{message}", end.exit_code))
}

fn unschedulable(object: &KubePod) -> Option<Trouble> {
    let mut conditions = object.status.as_ref()?.conditions.iter().flatten();
    let refused = conditions.find(|c| {
        c.type_ == "PodScheduled"
            && c.status == "False"
            && c.reason.as_deref() == Some("Unschedulable")
    })?;
    let message = refused.message.clone().unwrap_or_default();
    Some(Trouble { kind: TroubleKind::Unschedulable, message })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(spec: Value, status: Value) -> Pod {
        read(object(spec, status))
    }

    fn read(object: Value) -> Pod {
        Pod::of(&serde_json::from_value(object).expect("a pod")).expect("a pod of ours")
    }

    fn object(spec: Value, status: Value) -> Value {
        json!({
            "metadata": {
                "name": "app-00c0ffee-jm-x", "namespace": "ns",
                "uid": "01234567-89ab-cdef-0123-456789abcdef",
                "creationTimestamp": "2026-01-01T00:00:10Z",
                "labels": {
                    "flink-app": "app", "flink-app-incarnation": "3",
                    "flink-deployment-type": "jobmanager",
                    "pod-deployment-selector": ids::selector(Uid(7), Incarnation(3), Role::JobManager),
                },
                "annotations": {"flink-app-hash": "00c0ffee"},
            },
            "spec": spec,
            "status": status,
        })
    }

    fn spec() -> Value {
        json!({"containers": [
            {"name": "proxy"},
            {"name": "jobmanager-x", "ports": [
                {"name": "rpc", "containerPort": 6123}, {"name": "ui", "containerPort": 9999}]},
        ]})
    }

    #[test]
    fn a_pod_is_read_by_flinks_own_container() {
        let running = json!({"name": "jobmanager-x", "ready": true, "restartCount": 2, "image": "",
            "imageID": "", "state": {"running": {}}});
        let other = json!({"name": "proxy", "ready": false, "restartCount": 9, "image": "",
            "imageID": "", "state": {}});
        let status = json!({"podIP": "10.0.0.7", "containerStatuses": [other, running]});
        let pod = pod(spec(), status);
        assert_eq!((pod.told.restarts, pod.told.running, pod.told.ready), (2, true, true));
        assert_eq!((pod.port, pod.address), (9999, "10.0.0.7".parse().ok()));
        assert_eq!(pod.hash, Some(DeployHash(0x00c0_ffee)));
        assert_eq!(pod.told.incarnation, Incarnation(3));
        assert!(pod.belongs_to(Uid(7)) && !pod.belongs_to(Uid(8)));
    }

    #[test]
    fn a_pod_says_how_it_is_reached_if_this_operator_has_made_it() {
        let mut object = object(spec(), json!({}));
        assert!(read(object.clone()).rest.is_open());
        for (name, value) in [("tls-secret", "t"), ("server-name", "x"), ("auth-secret", "u")] {
            object["metadata"]["annotations"][format!("flink-app-rest-{name}")] = json!(value);
        }
        let rest = read(object.clone()).rest;
        let tls = rest.tls.expect("TLS");
        assert_eq!((&*tls.secret, &*tls.server_name), ("t", "x"));
        assert_eq!(rest.auth_secret.as_deref(), Some("u"));
        let labels = object["metadata"]["labels"].as_object_mut().expect("labels");
        labels.remove("flink-app-incarnation");
        assert!(read(object).rest.is_open(), "the annotations are an application's own there");
    }

    #[test]
    fn what_a_pod_reports_is_sorted_by_what_waiting_can_do() {
        let check = |reason: &str, kind: Option<TroubleKind>| {
            let waiting = json!({"name": "jobmanager-x", "ready": false, "restartCount": 0,
                "image": "", "imageID": "",
                "state": {"waiting": {"reason": reason, "message": "their words"}},
                "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}}});
            let trouble = pod(spec(), json!({"containerStatuses": [waiting]})).told.trouble;
            assert_eq!(trouble.as_ref().map(|t| t.kind), kind, "{reason}");
            trouble.map(|t| t.message).unwrap_or_default()
        };
        check("ContainerCreating", None);
        check("InvalidImageName", Some(TroubleKind::InvalidImage));
        check("CreateContainerConfigError", Some(TroubleKind::CannotStart));
        let pull = check("ImagePullBackOff", Some(TroubleKind::ImagePull));
        assert_eq!(pull, "jobmanager-x: ImagePullBackOff: their words");
        let crash = check("CrashLoopBackOff", Some(TroubleKind::CrashLoop));
        assert!(crash.ends_with("their words; last Error with exit code 3"), "{crash}");
    }

    #[test]
    fn a_pod_that_no_node_takes_says_so_in_the_schedulers_words() {
        let condition = json!({"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": "0/1 nodes are available"});
        let trouble = pod(spec(), json!({"conditions": [condition]})).told.trouble;
        let expected = "0/1 nodes are available".to_owned();
        assert_eq!(trouble, Some(Trouble { kind: TroubleKind::Unschedulable, message: expected }));
    }

    #[test]
    fn since_when_a_process_is_in_its_place_is_told() {
        let state = |state: Value| {
            let container = json!({"name": "jobmanager-x", "ready": true, "restartCount": 0,
                "image": "", "imageID": "", "state": state});
            pod(spec(), json!({"containerStatuses": [container]}))
        };
        let running = state(json!({"running": {"startedAt": "1970-01-01T00:00:02Z"}}));
        assert_eq!(running.told.began, Some(Timestamp(2_000)));
        assert_eq!(state(json!({"running": {}})).told.began, None);
        assert_eq!(state(json!({"waiting": {}})).told.began, None);
        let made = |born: i64| Pod { born, ..running.clone() }.made_with(1_000).first;
        assert!(made(1_000) && made(1_010) && !made(1_011));
    }

    #[test]
    fn a_pod_hangs_that_is_there_long_after_its_grace_period() {
        let grace = Duration::from_secs(60);
        let mut going = pod(spec(), json!({}));
        going.gone_by = Some(1_000);
        let told = |mut pod: Pod, at: u64| {
            pod.tell_if_it_hangs(Timestamp(at), grace);
            pod.told.trouble.map(|trouble| trouble.kind)
        };
        assert_eq!(told(going.clone(), 1_060_000), None, "it may still be in time");
        assert_eq!(told(going.clone(), 1_060_001), Some(TroubleKind::DoesNotEnd));
        going.gone_by = None;
        assert_eq!(told(going, 9_999_999), None, "nobody told it to end");
    }

    #[test]
    fn when_a_pod_is_to_be_gone_is_its_deletion_timestamp() {
        let object = json!({
            "metadata": {
                "name": "app-00c0ffee-jm-x", "uid": "01234567-89ab-cdef-0123-456789abcdef",
                "deletionTimestamp": "1970-01-01T00:16:40Z", "deletionGracePeriodSeconds": 30,
                "labels": {
                    "flink-app": "app", "flink-app-incarnation": "3",
                    "flink-deployment-type": "jobmanager", "pod-deployment-selector": "x",
                },
            },
            "spec": spec(),
        });
        let pod = Pod::of(&serde_json::from_value(object).expect("a pod")).expect("one of ours");
        assert_eq!(pod.gone_by, Some(1_000));
        assert!(pod.told.terminating);
    }
}
