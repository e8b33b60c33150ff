//! The Ingress to a cluster's web interface, where the operator has a host format.

use serde_json::{Value, json};

use crate::application::{Application, coloured};
use crate::config::RenderConfig;
use crate::deployment::metadata;
use crate::labels;

/// The placeholder for the application in `ingressUrlFormat`.
const CLUSTER: &str = "{{$jobCluster}}";

/// The host that `ingressUrlFormat` gives a cluster, by the name that people know it by.
#[must_use]
pub fn ingress_host(format: &str, cluster: &str) -> String {
    format.replace(CLUSTER, cluster)
}

/// The Ingress, or none where no host format is configured. Its name follows the mode in the status,
/// its host the mode in the spec, as in the reference operator.
pub(crate) fn ingress(app: &Application, config: &RenderConfig, owner: &Value) -> Option<Value> {
    if config.ingress_url_format.is_empty() {
        return None;
    }
    let mut own_labels = app.labels().clone();
    own_labels.insert(labels::APP.to_owned(), app.name().to_owned());
    let mut metadata = metadata(app, json!(own_labels));
    metadata.insert("name".into(), json!(app.generic_name()));
    metadata.insert("ownerReferences".into(), json!([owner]));
    let cluster = coloured(app.name(), app.spec_colour());
    let host = ingress_host(&config.ingress_url_format, &cluster);
    let service = json!({"name": app.generic_name(), "port": {"number": app.ports().ui}});
    let path = json!({"pathType": "ImplementationSpecific", "backend": {"service": service}});
    Some(json!({
        "kind": "Ingress",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": metadata,
        "spec": { "rules": [{"host": host, "http": {"paths": [path]}}] },
        "status": { "loadBalancer": {} },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_placeholder_is_replaced_as_plain_text_wherever_it_stands() {
        let host = |format| ingress_host(format, "app-green");
        assert_eq!(host("{{$jobCluster}}.example.com"), "app-green.example.com");
        assert_eq!(host("50%.%s.{{$jobCluster}}.{{$jobCluster}}"), "50%.%s.app-green.app-green");
    }
}
