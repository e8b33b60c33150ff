//! Versions of Flink, as people and Flink itself write them.

use flinkk8soperator_sim::world::FlinkVersion;

/// `1.20`, `1.20.5`, `v2.3`: the first two numbers.
pub(crate) fn flink(version: &str) -> Option<FlinkVersion> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let mut numbers = version.split('.').map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
    Some(FlinkVersion(major, minor))
}
