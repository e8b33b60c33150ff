//! What an application's object tells the world: that it was deleted, and which job its user was told
//! to be the deployed one, and good.

use serde_json::Value;

use super::super::kubernetes::kinds::Resource;
use super::super::kubernetes::meta::{self, array, text};
use crate::world::{AppId, JobId, World};

/// Whose Deployments these are.
pub(super) const APPLICATIONS: Resource = Resource::new("flink.k8s.io", "flinkapplications");

/// An application of the world, and whether its object was ever seen (tests do without one).
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) app: AppId,
    seen: bool,
}

impl Known {
    pub(super) fn new(app: AppId) -> Known {
        Known { app, seen: false }
    }

    /// Takes in the object as it is now. False: it is gone, and the world's application with it.
    pub(super) fn take_in(&mut self, object: Option<&Value>, world: &mut World) -> bool {
        let Some(object) = object else {
            if self.seen {
                world.delete_application(self.app);
                world.remove_finalizer(self.app);
            }
            return !self.seen;
        };
        self.seen = true;
        if meta::is_deleting(object) {
            // It stays as long as its object does.
            world.applications[self.app.0].finalizer = true;
            world.delete_application(self.app);
        }
        let spec = &mut world.applications[self.app.0].spec;
        spec.beside = text(object, "/spec/deploymentMode") == "BlueGreen";
        spec.tear_down = u32::from_str_radix(text(object, "/spec/tearDownVersionHash"), 16).ok();
        let allows = |field: &str| object.pointer(field).and_then(Value::as_bool).unwrap_or(false);
        spec.stateless = allows("/spec/fallbackWithoutState") || allows("/spec/savepointDisabled");
        let parallelism = object.pointer("/status/jobStatus/parallelism").and_then(Value::as_u64);
        let parallelism = parallelism.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        announced(object).into_iter().for_each(|job| world.announce(job, parallelism));
        true
    }
}

/// The job that the status tells to be the deployed version's, and good: confirmed, or put back.
fn announced(object: &Value) -> Option<JobId> {
    let ready = |c: &&Value| c["type"] == "Ready" && c["status"] == "True";
    let confirmed = array(object, "/status/conditions").iter().any(|c| ready(&c));
    let told = match text(object, "/status/phase") {
        "Running" | "DualRunning" => confirmed,
        "DeployFailed" => true,
        _ => false,
    };
    let id = text(object, "/status/jobStatus/jobID");
    u128::from_str_radix(id, 16).ok().filter(|_| told).map(JobId)
}
