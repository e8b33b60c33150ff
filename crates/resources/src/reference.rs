//! The objects that the reference operator (Lyft's FlinkK8sOperator) creates for an application,
//! defects included: what adoption compares a running cluster with.
//!
//! JSON as its Go program sends it. Nothing of this is ever created by us.

use flinkk8soperator_core::ids::{DeployHash, Role};
use serde_json::Value;

use crate::application::Application;
use crate::config::RenderConfig;
use crate::deploy_hash::{deploy_hash, templates};
use crate::deployment::{self, Birth};
use crate::{high_availability, ingress, labels, service};

/// Eight random characters in reality; to be masked in comparisons.
pub const JOB_MANAGER_SELECTOR: &str = "jmselect";
/// Eight random characters in reality; to be masked in comparisons.
pub const TASK_MANAGER_SELECTOR: &str = "tmselect";

/// One application's objects, as the reference operator sends them.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceObjects {
    /// `<app>-<hash>-jm`.
    pub job_manager: Value,
    /// `<app>-<hash>-tm`.
    pub task_manager: Value,
    /// The Service `<app>`.
    pub generic_service: Value,
    /// The Service `<app>-<hash>`.
    pub versioned_service: Value,
    /// Where a host format is configured.
    pub ingress: Option<Value>,
}

impl ReferenceObjects {
    /// The objects in the order in which they are created.
    #[must_use]
    pub fn in_order(self) -> Vec<Value> {
        let services = [self.job_manager, self.generic_service, self.versioned_service];
        services.into_iter().chain(self.ingress).chain([self.task_manager]).collect()
    }
}

/// Renders an application as the reference operator does.
#[must_use]
pub fn render(app: &Application, config: &RenderConfig) -> ReferenceObjects {
    let hash = deploy_hash(app, config);
    let uid = app.uid().map(|uid| uid.to_string()).unwrap_or_default();
    let owner = deployment::owner(app, &uid);
    let create = |role, template, selector| {
        let properties = tail(app, hash, role);
        let (owner, properties) = (owner.clone(), properties.as_str());
        let birth = Birth { hash, owner, selector, properties, incarnation: None };
        deployment::create(app, role, template, &birth)
    };
    let [job_manager, task_manager] = templates(app, config);
    ReferenceObjects {
        job_manager: create(Role::JobManager, job_manager, JOB_MANAGER_SELECTOR),
        task_manager: create(Role::TaskManager, task_manager, TASK_MANAGER_SELECTOR),
        generic_service: service::generic(app, &owner, JOB_MANAGER_SELECTOR),
        versioned_service: service::versioned(app, &owner, JOB_MANAGER_SELECTOR, hash),
        ingress: ingress::ingress(app, config, &owner),
    }
}

/// What is appended to `FLINK_PROPERTIES` on creation, after an empty line.
fn tail(app: &Application, hash: DeployHash, role: Role) -> String {
    let name = labels::versioned_name(app, hash);
    let ha = high_availability::by_the_reference(app);
    let mut text = match ha {
        true => format!("\n{}: {name}\n", high_availability::CLUSTER_ID),
        false => format!("\njobmanager.rpc.address: {name}\n"),
    };
    match role {
        Role::JobManager if ha => text.push_str("jobmanager.rpc.address: $HOST_IP\n"),
        Role::JobManager => {}
        Role::TaskManager => text.push_str("taskmanager.host: $HOST_IP\n"),
    }
    text
}
