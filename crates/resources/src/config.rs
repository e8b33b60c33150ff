//! The part of the operator's configuration that reaches the objects.

use serde::{Deserialize, Serialize};

/// Settings under `operator:` that change what is rendered. Stored with each deployed version: a
/// version is compared under the settings it was deployed with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RenderConfig {
    /// The Ingress' host, with `{{$jobCluster}}` for the application; empty: no Ingress. Not in the
    /// deploy hash.
    pub ingress_url_format: String,
    /// The containers' name, with one `%s` for the role; empty: the role.
    pub container_name_format: String,
    /// The pods' `schedulerName`; empty: not set.
    pub scheduler_name: String,
}

impl RenderConfig {
    /// The container's name of a role.
    pub(crate) fn container_name(&self, role: &str) -> String {
        if self.container_name_format.is_empty() {
            return role.to_owned();
        }
        self.container_name_format.replacen("%s", role, 1).replace("%%", "%")
    }
}

#[cfg(test)]
mod tests {
    use super::RenderConfig;

    #[test]
    fn the_containers_name_is_formatted_with_the_role() {
        for (format, name) in [
            ("", "jobmanager"),
            ("%s-unknown", "jobmanager-unknown"),
            ("x-%s", "x-jobmanager"),
            ("%%%s", "%jobmanager"),
        ] {
            let config =
                RenderConfig { container_name_format: format.into(), ..RenderConfig::default() };
            assert_eq!(config.container_name("jobmanager"), name, "{format}");
        }
    }
}
