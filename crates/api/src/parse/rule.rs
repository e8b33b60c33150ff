//! The list of everything that is looked at in a spec before it is deployed.
//!
//! A rule refuses only what surely fails later, in Flink or at the API server, or what this version
//! of the operator cannot do. What the reference operator passes over (keys of `flinkConfig` that the
//! operator overwrites, fractions out of range) passes here, too. The CRD refuses part of this
//! earlier; an application that was stored before, or that was changed elsewhere, meets it here.

use flinkk8soperator_core::{Obstacle, ObstacleKind};

use super::{
    OperatorSettings, flink_config, flink_rest, identity, job, ports, resources, timeouts,
    unsupported, volumes, words,
};
use crate::v1beta1::FlinkApplication;

/// One thing to look at: what it finds is in the way of a deploy.
pub(super) type Rule = fn(&FlinkApplication, &OperatorSettings) -> Vec<Obstacle>;

/// All of them; what they find is told in this order.
pub(super) const RULES: &[Rule] = &[
    |app, _| unsupported::find(&app.spec),
    |app, _| identity::name(app),
    |app, _| job::image(&app.spec),
    |app, _| job::jar(&app.spec),
    |app, _| job::parallelism(&app.spec),
    |app, _| job::counts(&app.spec),
    |app, _| job::tear_down(&app.spec),
    |app, _| job::foreign(&app.spec),
    |app, _| words::unknown(&app.spec),
    |app, _| flink_config::scalars(&app.spec),
    |app, _| flink_config::lines(&app.spec),
    |app, _| flink_config::several_job_managers(&app.spec),
    |app, _| flink_config::fractions(&app.spec),
    |app, _| flink_rest::names(&app.spec),
    |app, _| flink_rest::tls(&app.spec),
    |app, _| resources::quantities(&app.spec),
    |app, _| resources::memory(&app.spec),
    |app, _| resources::limits(&app.spec),
    |app, _| resources::node_selectors(&app.spec),
    |app, _| ports::range(&app.spec),
    |app, _| ports::different(&app.spec),
    |app, _| volumes::names(&app.spec),
    |app, _| volumes::mounts(&app.spec),
    |app, _| timeouts::readable(&app.spec),
    |app, settings| timeouts::confirmable(&app.spec, settings),
];

/// A value that is wrong.
pub(super) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Obstacle {
    Obstacle { field: field.into(), message: message.into(), kind: ObstacleKind::Invalid }
}
