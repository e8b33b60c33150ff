//! Overview, configuration, TaskManagers, jars.

use flinkk8soperator_flink_rest::model::{Jars, Overview, ServerConfig, TaskManagers};

use crate::exchange::{Exchange, Recording};

pub(crate) fn check(recording: &Recording, exchange: &Exchange) -> bool {
    match exchange.name.as_str() {
        "overview_no_taskmanagers" => {
            let overview: Overview = exchange.answer();
            assert_eq!(overview.flink_version, recording.version);
            assert_eq!((overview.taskmanagers, overview.slots_total), (0, 0));
        }
        "overview_ready" => {
            let overview: Overview = exchange.answer();
            assert_eq!((overview.taskmanagers, overview.slots_total), (1, 4));
            assert_eq!((overview.slots_available, overview.jobs_running), (4, 0));
        }
        "overview_taskmanager_lost" => lost(recording, exchange),
        "config" => {
            let config: ServerConfig = exchange.answer();
            assert_eq!(config.flink_version, recording.version);
            assert_eq!(config.refresh_interval, 3000);
            assert!(config.features.web_submit && config.features.web_cancel);
            assert!(config.flink_version.is_supported());
        }
        "taskmanagers" => one_free_task_manager(exchange),
        "taskmanagers_lost" => {
            // Whether the dead one is still counted depends on how long it has been silent.
            let managers: TaskManagers = exchange.answer();
            assert_eq!(
                managers.taskmanagers.len(),
                usize::from(recording.file == "1.18.1-adaptive")
            );
        }
        "jars" => assert_eq!(exchange.answer::<Jars>().files, [], "app.jar has no underscore"),
        _ => return false,
    }
    true
}

fn one_free_task_manager(exchange: &Exchange) {
    let managers: TaskManagers = exchange.answer();
    let [manager] = managers.taskmanagers.as_slice() else { panic!("{managers:?}") };
    assert_eq!(manager.host(), Some("localhost"));
    assert_eq!((manager.slots, manager.free_slots), (4, 4));
    assert!(manager.id.starts_with("localhost:"));
}

fn lost(recording: &Recording, exchange: &Exchange) {
    let overview: Overview = exchange.answer();
    let managers: TaskManagers = recording.exchange("taskmanagers_lost").answer();
    assert_eq!(overview.jobs_running, 1);
    assert_eq!(overview.jobs_finished, 2);
    assert_eq!(overview.jobs_failed, 2);
    assert!(overview.jobs_cancelled >= 3);
    assert_eq!(overview.slots_total, 4 * overview.taskmanagers);
    assert_eq!(managers.taskmanagers.len(), overview.taskmanagers as usize);
}
