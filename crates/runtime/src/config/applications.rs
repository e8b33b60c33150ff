//! The settings of each application: those of its namespace, else of its release of Flink, else the operator's. All of
//! them are worked out when the settings are read; a round only looks them up.

use std::collections::BTreeMap;

use flinkk8soperator_api::flink_version::Release;
use flinkk8soperator_api::parse::OperatorSettings;

/// What the machine decides by, for every application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applications {
    /// Where neither the namespace nor the release of Flink has settings of its own.
    pub common: OperatorSettings,
    /// By release, in namespaces without settings of their own.
    pub(super) versions: BTreeMap<Release, OperatorSettings>,
    /// In the others.
    pub(super) namespaces: BTreeMap<String, InNamespace>,
}

/// In a namespace with settings of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InNamespace {
    pub(super) common: OperatorSettings,
    pub(super) versions: BTreeMap<Release, OperatorSettings>,
}

impl Applications {
    /// Those of an application of this namespace and `spec.flinkVersion`. A version that cannot be read has none of
    /// its own.
    #[must_use]
    pub fn of(&self, namespace: &str, flink_version: Option<&str>) -> &OperatorSettings {
        let (common, versions) = match self.namespaces.get(namespace) {
            Some(within) => (&within.common, &within.versions),
            None => (&self.common, &self.versions),
        };
        let release = flink_version.and_then(Release::of);
        release.and_then(|release| versions.get(&release)).unwrap_or(common)
    }
}
