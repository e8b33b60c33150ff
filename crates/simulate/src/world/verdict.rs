//! What the reference operator's status says of versions: which of them its user was told to be good, and
//! how their jobs are meant to end.

use flinkk8soperator_sim::http::kubernetes::meta::{array, text};
use flinkk8soperator_sim::world::Stop;
use serde_json::Value;

/// What a status says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    good: Vec<u32>,
    /// What a savepoint under way does to its job.
    pub(super) stop: Stop,
}

impl Verdict {
    pub(super) fn of(application: &Value) -> Verdict {
        let phase = text(application, "/status/phase");
        let mut hashes = vec![text(application, "/status/deployHash")];
        // Both versions are good only once their update is through.
        if matches!(phase, "Running" | "DualRunning") {
            let versions = array(application, "/status/versionStatuses");
            hashes.extend(versions.iter().map(|version| text(version, "/versionHash")));
        }
        let good = hashes.iter().filter_map(|hash| u32::from_str_radix(hash, 16).ok()).collect();
        let beside = text(application, "/spec/deploymentMode") == "BlueGreen";
        // The reference operator cancels with a savepoint, but for a version that another is to run beside.
        let stop = if beside && phase != "Deleting" { Stop::No } else { Stop::Cancel };
        Verdict { good, stop }
    }

    /// Whether a cluster with one of these hashes is of a version that is good.
    pub(super) fn is_good(&self, hashes: &[u32]) -> bool {
        hashes.iter().any(|hash| self.good.contains(hash))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_good_once_it_is_deployed() {
        let deployed = Verdict::of(&json!({
            "spec": {},
            "status": { "phase": "Savepointing", "deployHash": "0000002a" },
        }));
        assert!(deployed.is_good(&[7, 42]) && !deployed.is_good(&[7]));
        assert_eq!(deployed.stop, Stop::Cancel);
        let first = Verdict::of(&json!({ "status": { "phase": "SubmittingJob" } }));
        assert!(!first.is_good(&[0, 42]));
    }

    #[test]
    fn of_two_versions_both_are_good_once_both_run() {
        let phase = |phase: &str| {
            Verdict::of(&json!({
                "spec": { "deploymentMode": "BlueGreen" },
                "status": {
                    "phase": phase, "deployHash": "1",
                    "versionStatuses": [{ "versionHash": "1" }, { "versionHash": "2" }],
                },
            }))
        };
        assert!(phase("DualRunning").is_good(&[2]));
        assert!(!phase("SubmittingJob").is_good(&[2]));
        assert_eq!(phase("Savepointing").stop, Stop::No);
        assert_eq!(phase("Deleting").stop, Stop::Cancel);
    }
}
