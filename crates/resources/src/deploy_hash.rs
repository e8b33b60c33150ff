//! The deploy hash: eight hex digits that name a version's objects, equal to the reference
//! operator's bit for bit, because a different one would redeploy every application on the day that
//! the operator is swapped.
//!
//! An application with `flinkRest`, which that operator cannot drive, has a hash of its own: of two versions that
//! differ in nothing else the names of the objects differ, too.
//!
//! It names; whether something is to be redeployed is decided by `difference`.

use flinkk8soperator_core::ids::{DeployHash, Role};
use serde_json::{Value, json};

use crate::application::Application;
use crate::config::RenderConfig;
use crate::deployment;
use crate::flink_rest::FlinkRest;
use crate::object_hash::object_hash;
use crate::properties::{self, Rendering};

/// The deploy hash of an application as it is stored.
#[must_use]
pub fn deploy_hash(app: &Application, config: &RenderConfig) -> DeployHash {
    let mut hashes = templates(app, config).map(|template| object_hash(&template)).to_vec();
    let rest = FlinkRest::of(app);
    if !rest.is_open() {
        hashes.push(object_hash(&json!(rest.annotations())));
    }
    DeployHash(fnv_1a(hashes.as_flattened()))
}

/// The one that the reference operator has for it.
#[must_use]
pub fn reference_hash(app: &Application, config: &RenderConfig) -> DeployHash {
    let hashes = templates(app, config).map(|template| object_hash(&template));
    DeployHash(fnv_1a(hashes.as_flattened()))
}

/// The deploy hash after the reference operator's first full write of the application, which spells
/// quantities anew: "1.5Gi" of memory, read as 0 bytes before, is then `1536Mi`. An application can
/// be known by either. `None` where the API server refuses that write (empty `entryClass` or
/// `image`).
#[must_use]
pub fn hash_after_finalizer_write(app: &Application, config: &RenderConfig) -> Option<DeployHash> {
    app.after_finalizer_write().map(|app| deploy_hash(&app, config))
}

/// The hash input: JobManager's and TaskManager's Deployment without what is added on creation.
pub(crate) fn templates(app: &Application, config: &RenderConfig) -> [Value; 2] {
    // The reference operator swallows the error and renders without a configuration.
    let properties = properties::base(app, Rendering::Reference).ok();
    let text = properties.as_ref().map(properties::lines);
    [Role::JobManager, Role::TaskManager]
        .map(|role| deployment::template(app, config, role, Rendering::Reference, text.as_deref()))
}

fn fnv_1a(bytes: &[u8]) -> u32 {
    const OFFSET: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{RenderConfig, templates};
    use crate::Application;
    use crate::object_hash::object_hash;

    #[test]
    fn the_hash_input_of_each_deployment_is_the_reference_operators() {
        for line in include_str!("../tests/vectors/lyft-v1beta1.jsonl").lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let config: RenderConfig =
                serde_json::from_value(vector["operator_config"].clone()).unwrap();
            let mut object = vector["app"].clone();
            object["status"] = vector["status"].clone();
            let hex = |hash: [u8; 32]| hash.iter().map(|b| format!("{b:02x}")).collect::<String>();
            let hashes = templates(&Application::parse(&object).unwrap(), &config)
                .map(|template| hex(object_hash(&template)));
            let recorded = [&vector["jobmanager_objecthash"], &vector["taskmanager_objecthash"]];
            assert_eq!(
                hashes.each_ref().map(|hash| hash.as_str()),
                recorded.map(|hash| hash.as_str().unwrap())
            );
        }
    }
}
