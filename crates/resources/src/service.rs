//! The two Services of a cluster: the generic one, which users call and which moves from version to
//! version, and the versioned one, which always means one cluster.

use flinkk8soperator_core::ids::{DeployHash, Role};
use serde_json::{Value, json};

use crate::application::Application;
use crate::deployment::{metadata, port_names};
use crate::labels;

/// The Service `<app>[-<colour>]`, selecting the JobManager's pods by `selector`.
pub(crate) fn generic(app: &Application, owner: &Value, selector: &str) -> Value {
    service(app, app.generic_name(), labels::common(app), owner, selector)
}

/// The Service `<app>-<hash>`.
pub(crate) fn versioned(
    app: &Application,
    owner: &Value,
    selector: &str,
    hash: DeployHash,
) -> Value {
    let mut own = labels::common(app);
    own.insert(labels::HASH.to_owned(), hash.to_string());
    service(app, labels::versioned_name(app, hash), own, owner, selector)
}

fn service(
    app: &Application,
    name: String,
    own_labels: labels::Labels,
    owner: &Value,
    pod_selector: &str,
) -> Value {
    let mut metadata = metadata(app, json!(own_labels));
    metadata.insert("name".into(), json!(name));
    metadata.insert("ownerReferences".into(), json!([owner]));
    let mut selector = labels::common(app);
    selector.insert(labels::SELECTOR.to_owned(), pod_selector.to_owned());
    selector.insert(labels::DEPLOYMENT_TYPE.to_owned(), Role::JobManager.to_string());
    // Go writes the zero of a target port; the API server reads it as "the same as port".
    let ports =
        port_names(app).map(|(name, port)| json!({"name": name, "port": port, "targetPort": 0}));
    json!({
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": { "type": "ClusterIP", "clusterIP": "None", "ports": ports, "selector": selector },
        "status": { "loadBalancer": {} },
    })
}
