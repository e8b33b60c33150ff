//! `clusterStatus`: the cluster in numbers, and its health.

use flinkk8soperator_core::Reason;

use super::figures::ClusterFigures;
use super::shown::Scene;
use crate::v1beta1::{ClusterStatus, Health};

/// What was observed, and what was shown before of the same cluster where nothing was observed.
pub(super) fn of(scene: &Scene<'_>, figures: Option<&ClusterFigures>) -> ClusterStatus {
    let same = scene.before.is_some_and(|before| before.cluster == scene.shown.cluster);
    let old = if same { scene.previous.cluster_status.clone() } else { ClusterStatus::default() };
    let figures = figures.filter(|figures| Some(figures.incarnation) == scene.shown.cluster);
    let health = health(scene.reason, figures);
    let Some(figures) = figures else {
        return ClusterStatus { health: health.or(old.health), ..old };
    };
    ClusterStatus {
        cluster_overview_url: figures.overview_url.clone().or(old.cluster_overview_url),
        health: health.or(old.health),
        number_of_task_managers: figures.task_managers.map(count).or(old.number_of_task_managers),
        healthy_task_managers: figures
            .healthy_task_managers
            .map(count)
            .or(old.healthy_task_managers),
        number_of_task_slots: figures.task_slots.map(count).or(old.number_of_task_slots),
        available_task_slots: figures.available_task_slots.map_or(old.available_task_slots, count),
    }
}

/// Red: no JobManager. Yellow: fewer TaskManagers than asked for. `None`: nothing new is known.
fn health(reason: Reason, figures: Option<&ClusterFigures>) -> Option<Health> {
    if reason == Reason::FlinkUnreachable {
        return Some(Health::Red);
    }
    let figures = figures?;
    if figures.job_manager == Some(false) {
        return Some(Health::Red);
    }
    let healthy = figures.healthy_task_managers?;
    let enough = healthy > 0 && healthy >= figures.task_managers_wanted?;
    Some(if enough { Health::Green } else { Health::Yellow })
}

/// The status without its numbers.
pub(super) fn without_figures(status: ClusterStatus, keep_health: bool) -> ClusterStatus {
    ClusterStatus {
        cluster_overview_url: status.cluster_overview_url,
        health: status.health.filter(|_| keep_health),
        ..ClusterStatus::default()
    }
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
