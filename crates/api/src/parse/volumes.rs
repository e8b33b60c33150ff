//! Volumes and their mounts. The API server refuses a Deployment in which they do not fit together;
//! the CRD cannot say so (lists without a bound exceed its budget for rules).

use std::collections::BTreeSet;

use flinkk8soperator_core::Obstacle;

use super::rule::invalid;
use crate::v1beta1::FlinkApplicationSpec;

/// Two volumes of one name.
pub(super) fn names(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (index, volume) in spec.volumes.iter().enumerate() {
        if !seen.insert(&volume.name) {
            let message = format!("{:?} is the name of another volume, too", volume.name);
            found.push(invalid(format!("spec.volumes[{index}].name"), message));
        }
    }
    found
}

/// Mounts without a volume, and two at one path.
pub(super) fn mounts(spec: &FlinkApplicationSpec) -> Vec<Obstacle> {
    let volumes: BTreeSet<_> = spec.volumes.iter().map(|volume| &volume.name).collect();
    let mut paths = BTreeSet::new();
    let mut found = Vec::new();
    for (index, mount) in spec.volume_mounts.iter().enumerate() {
        let field = |name| format!("spec.volumeMounts[{index}].{name}");
        if !volumes.contains(&mount.name) {
            let message = format!("there is no volume {:?}: add it to spec.volumes", mount.name);
            found.push(invalid(field("name"), message));
        }
        if !paths.insert(&mount.mount_path) {
            let message = format!("{:?} is taken by another mount", mount.mount_path);
            found.push(invalid(field("mountPath"), message));
        }
    }
    found
}
