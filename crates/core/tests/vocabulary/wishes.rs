//! What the user wants: the version under way first, then other wishes.

use flinkk8soperator_core::*;

pub(crate) fn all() -> Vec<Desired> {
    let plain = plain();
    let foreign = |action| {
        let foreign_job = Some(ForeignJob { id: JobId(99), action });
        Desired { foreign_job, ..plain.clone() }
    };
    let deleted = |mode| Desired { goal: Goal::Delete(mode), ..plain.clone() };
    let obstacle = Obstacle {
        field: "spec.deploymentMode".to_owned(),
        message: "not yet".to_owned(),
        kind: ObstacleKind::NotYetSupported,
    };
    let restore = Restore { path: "s3://named".to_owned(), nonce: "1".to_owned() };
    let edited = Desired { generation: 9, digest: Digest(9), hash: DeployHash(9), ..plain.clone() };
    vec![
        plain.clone(),
        edited.clone(),
        Desired { generation: 9, digest: Digest(1), hash: DeployHash(1), ..plain.clone() },
        Desired { generation: 9, digest: Digest(8), force_rollback: true, ..plain.clone() },
        Desired { obstacles: vec![obstacle], ..edited.clone() },
        Desired {
            scale_mode: ScaleMode::InPlace,
            parallelism: 4,
            taskmanagers: 2,
            ..edited.clone()
        },
        Desired { finalizer: false, ..plain.clone() },
        Desired { savepoint_disabled: true, ..plain.clone() },
        // With the choice about the foreign job, which leaves everything else as it is.
        Desired { fallback_without_state: true, ..foreign(ForeignJobAction::Cancel) },
        Desired { recovery: Recovery::LastSeen, ..foreign(ForeignJobAction::Adopt) },
        Desired { restore: Some(restore), ..plain.clone() },
        Desired {
            generation: 9,
            digest: Digest(7),
            tear_down: Some(DeployHash(1)),
            ..plain.clone()
        },
        Desired {
            generation: 9,
            digest: Digest(7),
            tear_down: Some(DeployHash(2)),
            ..plain.clone()
        },
        deleted(DeleteMode::Savepoint),
        deleted(DeleteMode::ForceCancel),
        deleted(DeleteMode::None),
    ]
}

fn plain() -> Desired {
    Desired { finalizer: true, parallelism: 2, ..Desired::new(Uid(1), 2, DeployHash(2), Digest(2)) }
}
