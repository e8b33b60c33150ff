//! How the REST API of a version's JobManager is to be reached (`spec.flinkRest`), and how that stands on its pods:
//! of two versions beside each other one may speak TLS and the other not.

use std::collections::BTreeMap;

use flinkk8soperator_api::flink_boolean::is_true;
use flinkk8soperator_api::v1beta1;
use flinkk8soperator_core::ids::Role;
use serde_json::{Value, json};

use crate::application::Application;

/// Pod annotation: the Secret with the authorities of the JobManager's certificate. It speaks TLS.
pub const TLS_SECRET: &str = "flink-app-rest-tls-secret";
/// Pod annotation: the name that the certificate has to be made out to.
pub const SERVER_NAME: &str = "flink-app-rest-server-name";
/// Pod annotation: the Secret with the user name and the password that the JobManager demands.
pub const AUTH_SECRET: &str = "flink-app-rest-auth-secret";

/// Whom to believe, and as whom to ask. Empty: plain HTTP, as anyone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlinkRest {
    /// TLS.
    pub tls: Option<Tls>,
    /// The Secret of a user.
    pub auth_secret: Option<String>,
}

/// See [`TLS_SECRET`] and [`SERVER_NAME`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The Secret.
    pub secret: String,
    /// The name.
    pub server_name: String,
}

impl FlinkRest {
    /// What the spec says.
    pub(crate) fn of(app: &Application) -> FlinkRest {
        let stored = app.stored().get("flinkRest").cloned().unwrap_or_default();
        // The schema and the typed spec have refused what is none.
        let read: Option<v1beta1::FlinkRest> = serde_json::from_value(stored).ok();
        let v1beta1::FlinkRest { tls, basic_auth } = read.unwrap_or_default();
        FlinkRest {
            tls: tls.map(|v1beta1::FlinkRestTls { secret_name, server_name }| {
                let service = || format!("{}.{}.svc", app.name(), app.namespace());
                Tls { secret: secret_name, server_name: server_name.unwrap_or_else(service) }
            }),
            auth_secret: basic_auth.map(|user| user.secret_name),
        }
    }

    /// What a pod's annotations say.
    #[must_use]
    pub fn read(annotations: &BTreeMap<String, String>) -> FlinkRest {
        let text = |name| annotations.get(name).cloned();
        let tls = text(TLS_SECRET).zip(text(SERVER_NAME));
        FlinkRest {
            tls: tls.map(|(secret, server_name)| Tls { secret, server_name }),
            auth_secret: text(AUTH_SECRET),
        }
    }

    /// The annotations that say it.
    pub(crate) fn annotations(&self) -> BTreeMap<&'static str, &str> {
        let tls = self.tls.iter();
        let tls =
            tls.flat_map(|tls| [(TLS_SECRET, &*tls.secret), (SERVER_NAME, &*tls.server_name)]);
        tls.chain(self.auth_secret.iter().map(|name| (AUTH_SECRET, &**name))).collect()
    }

    /// Whether anyone is let in by plain HTTP.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == FlinkRest::default()
    }
}

/// Writes it on the pods of a role. An application's own annotations of these names are not taken for it.
pub(crate) fn tell(pod: &mut Value, app: &Application, role: Role) {
    if let Some(annotations) = pod["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|name, _| ![TLS_SECRET, SERVER_NAME, AUTH_SECRET].contains(&&**name));
    }
    let rest = FlinkRest::of(app);
    if role == Role::TaskManager || rest.is_open() {
        return;
    }
    for (name, value) in rest.annotations() {
        pod["metadata"]["annotations"][name] = json!(value);
    }
    let probe = &mut pod["spec"]["containers"][0]["readinessProbe"];
    if lets_in_the_kubelet(&rest, app) {
        probe["httpGet"]["scheme"] = json!("HTTPS");
    } else if let Some(probe) = probe.as_object_mut() {
        probe.remove("httpGet");
        probe.insert("tcpSocket".into(), json!({ "port": app.ports().ui }));
    }
}

/// The kubelet believes any certificate, and has neither one of its own nor a password: elsewhere it can see only
/// whether the port is open.
fn lets_in_the_kubelet(rest: &FlinkRest, app: &Application) -> bool {
    let both_ways = app.flink_config().get("security.ssl.rest.authentication-enabled");
    rest.auth_secret.is_none() && !both_ways.is_some_and(is_true)
}
