//! Objects as the operator leaves them for each reason, in Lua: what the health check for Argo CD
//! (`docs/operations/argocd-health.lua`) is tried on by `.ci/argocd`. Written anew with `UPDATE_GOLDEN=1`.

use std::fmt::Write;
use std::path::Path;

use flinkk8soperator_core::*;
use serde_json::{Value, json};

use crate::scene::*;

const WRITTEN: &str = "a text can be written to";

/// A value in Lua, its names in order.
fn lua(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("nil"),
        Value::Bool(_) | Value::Number(_) => write!(text, "{value}").expect(WRITTEN),
        // JSON's escapes of what stands in a status are Lua's, too.
        Value::String(_) => write!(text, "{value}").expect(WRITTEN),
        Value::Array(items) => {
            text.push_str("{ ");
            for item in items {
                lua(item, text);
                text.push_str(", ");
            }
            text.push('}');
        }
        Value::Object(members) => {
            text.push_str("{ ");
            for (name, value) in members {
                write!(text, "[\"{name}\"] = ").expect(WRITTEN);
                lua(value, text);
                text.push_str(", ");
            }
            text.push('}');
        }
    }
}

/// A state in which the reason can be told.
fn state_of(reason: Reason) -> State {
    let before = Some(live(1, Origin::Empty));
    match reason {
        Reason::Deploying | Reason::PodTrouble => state(before, updating(2)),
        Reason::RollingBack | Reason::RollbackFailed => state(before, rolling_back(2, None)),
        Reason::Recovering | Reason::RestorePointUnproven | Reason::CheckpointsNotRetained => {
            state(before, finding(Purpose::Restart(None)))
        }
        Reason::Confirming | Reason::RestartLoop => state(before, confirming()),
        Reason::JobFinished => state(Some(finished(1)), running()),
        Reason::DeployFailed => state(before, deploy_failed(2)),
        Reason::Deleting => state(before, deleting(DeletingStep::Look)),
        Reason::InvalidSpec | Reason::NotYetSupported => state(None, updating(1)),
        Reason::Unreadable | Reason::CrdOutdated | Reason::InternalError => {
            State::unreadable(START, "why".to_owned())
        }
        Reason::Running
        | Reason::JobRestarting
        | Reason::JobFailed
        | Reason::JobLost
        | Reason::JobCanceledExternally
        | Reason::FlinkUnreachable
        | Reason::NameTaken
        | Reason::FlinkTooOld
        | Reason::AdoptionHashMismatch
        | Reason::ForeignJob
        | Reason::TearDownFirst => state(before, running()),
    }
}

fn objects() -> String {
    let mut text = String::from(
        "-- Made by crates/api/tests/project/argocd.rs: an object for each reason, as the operator leaves it.\nreturn {\n",
    );
    for reason in Reason::ALL {
        let mut story = Story::default();
        story.told(0, &decision(state_of(*reason), *reason, "so it is"));
        let mut status = story.json();
        // Of no use to a health check, and long.
        for member in ["machine", "deployHistory"] {
            status.as_object_mut().expect("a status is an object").remove(member);
        }
        let generation = status["observedGeneration"].clone();
        let mut metadata = json!({ "name": "app", "generation": generation });
        if *reason == Reason::Deleting {
            metadata["deletionTimestamp"] = json!("2025-11-01T12:26:40Z");
        }
        let object = json!({ "metadata": metadata, "status": status });
        write!(text, "  {} = ", reason.as_str()).expect(WRITTEN);
        lua(&object, &mut text);
        text.push_str(",\n");
    }
    text.push_str("}\n");
    text
}

#[test]
fn the_objects_that_the_health_check_is_tried_on_are_as_the_operator_leaves_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argocd-objects.lua");
    let right = objects();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, right).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == right, "run it again with UPDATE_GOLDEN=1 to write {path:?} anew");
}
