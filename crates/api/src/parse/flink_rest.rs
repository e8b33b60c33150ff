//! What would keep the operator out of Flink's REST API for good. What the Secrets hold is seen when they are read.

use flinkk8soperator_core::Obstacle;

use super::rule::invalid;
use crate::dns::is_subdomain;
use crate::flink_boolean::is_true;
use crate::v1beta1::FlinkApplicationSpec;

/// Names that no Secret, and no server, can have.
pub(super) fn names(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let rest = &spec.flink_rest;
    let secret = "the name of a Secret in the application's namespace";
    let server = "a DNS name, as the certificate has it";
    let names = [
        ("tls.secretName", rest.tls.as_ref().map(|tls| &tls.secret_name), secret),
        ("tls.serverName", rest.tls.as_ref().and_then(|tls| tls.server_name.as_ref()), server),
        ("basicAuth.secretName", rest.basic_auth.as_ref().map(|user| &user.secret_name), secret),
    ];
    let wrong = names.into_iter().filter_map(|(field, name, right)| {
        let name = name.filter(|name| !is_subdomain(name))?;
        let message = format!("is {name:?}; it must be {right}");
        Some(invalid(format!("spec.flinkRest.{field}"), message))
    });
    wrong.collect()
}

/// A Flink that speaks TLS only, of which nothing says whom to believe.
pub(super) fn tls(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    const ENABLED: &str = "security.ssl.rest.enabled";
    const BOTH_WAYS: &str = "security.ssl.rest.authentication-enabled";
    let on = |key: &str| spec.flink_config.get(key).is_some_and(is_true);
    if spec.flink_rest.tls.is_some() || !on(ENABLED) {
        return Vec::new();
    }
    let keys = if on(BOTH_WAYS) { "ca.crt, tls.crt and tls.key" } else { "ca.crt" };
    let message = format!(
        "is missing, and spec.flinkConfig[{ENABLED}] is true: the operator could not ask Flink anything; \
         name a Secret with {keys} in tls.secretName"
    );
    vec![invalid("spec.flinkRest.tls", message)]
}
