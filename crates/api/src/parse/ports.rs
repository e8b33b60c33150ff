//! The ports of the JobManager. One Service has all of them, so no two may be the same.

use flinkk8soperator_core::Obstacle;

use super::rule::invalid;
use crate::v1beta1::FlinkApplicationSpec;

/// The ports with their defaults (the reference operator's).
fn ports(spec: &FlinkApplicationSpec) -> [(&'static str, i32); 5] {
    [
        ("spec.rpcPort", spec.rpc_port.unwrap_or(6123)),
        ("spec.queryPort", spec.query_port.unwrap_or(6124)),
        ("spec.blobPort", spec.blob_port.unwrap_or(6125)),
        ("spec.uiPort", spec.ui_port.unwrap_or(8081)),
        ("spec.metricsQueryPort", spec.metrics_query_port.unwrap_or(50101)),
    ]
}

/// What is no port.
pub(super) fn range(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let wrong = ports(spec).into_iter().filter(|(_, port)| !(1..=65535).contains(port));
    wrong
        .map(|(field, port)| invalid(field, format!("is {port}; it must be from 1 to 65535")))
        .collect()
}

/// Ports that are one and the same.
pub(super) fn different(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let ports = ports(spec);
    let mut found = Vec::new();
    for (index, (field, port)) in ports.iter().enumerate() {
        if let Some((other, _)) = ports[..index].iter().find(|(_, other)| other == port) {
            let message =
                format!("is {port}, as is {other}; they must differ: one Service has both");
            found.push(invalid(*field, message));
        }
    }
    found
}
