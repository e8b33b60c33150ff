//! Numbers that are shown and not decided by, gathered while facts are observed.
//!
//! Each round begins with none; from the watches and Flink's answers to `api::project`.

use std::collections::BTreeMap;

use flinkk8soperator_api::project::{
    Beside, ClusterFigures, Figures, JobFigures, Submitted, shown_cluster,
};
use flinkk8soperator_core::{FlinkCluster, Incarnation, JobId, Role, State, Timestamp};
use flinkk8soperator_flink_rest::model::{Checkpoints, Job, JobState, TaskState};
use flinkk8soperator_resources::RunParameters;

use crate::cache::Child;
use crate::revision::Revision;

/// What was gathered in a round, by cluster.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    clusters: BTreeMap<Incarnation, ClusterFigures>,
    jobs: BTreeMap<Incarnation, JobFigures>,
}

impl Gathered {
    fn cluster(&mut self, incarnation: Incarnation) -> &mut ClusterFigures {
        self.clusters.entry(incarnation).or_insert_with(|| ClusterFigures::of(incarnation))
    }

    /// The figures of a job; those of another one of the same cluster are dropped.
    fn job(&mut self, incarnation: Incarnation, job: JobId) -> &mut JobFigures {
        let figures = self.jobs.entry(incarnation).or_insert_with(|| JobFigures::of(job));
        if figures.job != job {
            *figures = JobFigures::of(job);
        }
        figures
    }

    /// The TaskManager Deployments.
    pub(crate) fn deployments(&mut self, children: &[Child]) {
        let managers = children.iter().filter(|child| child.role == Some(Role::TaskManager));
        for (incarnation, child) in managers.filter_map(|c| Some((c.incarnation?, c))) {
            let figures = self.cluster(incarnation);
            figures.task_managers = Some(child.available);
            figures.task_managers_wanted = Some(child.wanted);
        }
    }

    /// Whether a JobManager process is there to be asked.
    pub(crate) fn job_manager(&mut self, incarnation: Incarnation, there: bool) {
        self.cluster(incarnation).job_manager = Some(there);
    }

    /// What a cluster said of itself.
    pub(crate) fn answered(&mut self, incarnation: Incarnation, cluster: &FlinkCluster) {
        let figures = self.cluster(incarnation);
        figures.job_manager = Some(true);
        figures.healthy_task_managers = Some(cluster.taskmanagers);
        figures.task_slots = Some(cluster.slots);
        figures.available_task_slots = Some(cluster.slots_free);
    }

    /// What a job's details say.
    pub(crate) fn job_details(&mut self, incarnation: Incarnation, id: JobId, job: &Job) {
        let figures = self.job(incarnation, id);
        figures.state = Some(job.state.to_string());
        figures.start_time = job.start_time.map(Timestamp);
        figures.observed_at = Some(Timestamp(job.now));
        figures.running_tasks = Some(job.tasks_in(&TaskState::Running));
        figures.finished_tasks = Some(job.tasks_in(&TaskState::Finished));
        figures.total_tasks = Some(job.tasks());
        let failing = [JobState::Failing, JobState::Restarting];
        figures.last_failing_time =
            failing.iter().filter_map(|state| job.entered(state)).max().map(Timestamp);
    }

    /// What a job's statistics say.
    pub(crate) fn statistics(&mut self, incarnation: Incarnation, id: JobId, found: &Checkpoints) {
        let figures = self.job(incarnation, id);
        figures.restarts = Some(found.counts.restored);
        figures.completed_checkpoints = Some(found.counts.completed);
        figures.failed_checkpoints = Some(found.counts.failed);
        if let Some(restored) = &found.latest.restored {
            figures.restore_path.clone_from(&restored.external_path);
            figures.restore_time = Some(Timestamp(restored.at));
        }
        if let Some(completed) = &found.latest.completed {
            figures.last_checkpoint.clone_from(&completed.external_path);
            figures.last_checkpoint_time = completed.acknowledged_at.map(Timestamp);
        }
    }

    /// How often a job makes checkpoints.
    pub(crate) fn interval(
        &mut self,
        incarnation: Incarnation,
        id: JobId,
        interval: Option<std::time::Duration>,
    ) {
        self.job(incarnation, id).checkpoint_interval = interval;
    }

    /// The figures of the cluster that the status of `state` is about.
    #[must_use]
    pub(crate) fn about(&self, state: &State, url: Option<&str>) -> Figures {
        let Some(incarnation) = shown_cluster(state) else { return Figures::default() };
        let at = |tail: &str| url.map(|url| format!("{url}/#/{tail}"));
        Figures {
            cluster: self.cluster_at(incarnation, &at),
            job: self.job_at(incarnation, &at),
            ..Figures::default()
        }
    }

    /// BlueGreen: the figures of a version that runs beside the deployed one.
    #[must_use]
    pub(crate) fn beside(&self, incarnation: Incarnation, url: Option<&str>) -> Beside {
        let at = |tail: &str| url.map(|url| format!("{url}/#/{tail}"));
        let (cluster, job) = (self.cluster_at(incarnation, &at), self.job_at(incarnation, &at));
        Beside { cluster, job, submitted: None }
    }

    fn cluster_at(
        &self,
        incarnation: Incarnation,
        at: &impl Fn(&str) -> Option<String>,
    ) -> Option<ClusterFigures> {
        let cluster = self.clusters.get(&incarnation).cloned();
        cluster.map(|figures| ClusterFigures { overview_url: at("overview"), ..figures })
    }

    fn job_at(
        &self,
        incarnation: Incarnation,
        at: &impl Fn(&str) -> Option<String>,
    ) -> Option<JobFigures> {
        let job = self.jobs.get(&incarnation).cloned()?;
        let overview_url = at(&format!("jobs/{}", job.job));
        Some(JobFigures { overview_url, ..job })
    }
}

/// What the deployed version's job was submitted with.
#[must_use]
pub(crate) fn submitted(number: Incarnation, revision: &Revision) -> Submitted {
    let run = RunParameters::of(&revision.application);
    Submitted {
        revision: number,
        jar_name: run.jar_name,
        parallelism: u32::try_from(run.parallelism).unwrap_or_default(),
        entry_class: run.entry_class,
        program_args: revision.program_args.clone(),
        allow_non_restored_state: run.allow_non_restored_state,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// When it last failed, as the figures of a job say that runs again.
    fn failed_at(timestamps: serde_json::Value) -> Option<Timestamp> {
        let job = json!({
            "jid": "0000000000000000000000000000c033", "name": "job", "state": "RUNNING",
            "start-time": 1000, "end-time": -1, "duration": 9000, "now": 10000,
            "timestamps": timestamps, "vertices": [], "plan": {},
        });
        let mut gathered = Gathered::default();
        gathered.job_details(Incarnation(1), JobId(1), &serde_json::from_value(job).unwrap());
        gathered.jobs[&Incarnation(1)].last_failing_time
    }

    #[test]
    fn a_failure_between_two_polls_is_known_by_flinks_own_timestamps() {
        assert_eq!(failed_at(json!({ "RUNNING": 1000, "FAILING": 0, "RESTARTING": 0 })), None);
        let restarted = json!({ "RUNNING": 6000, "FAILING": 0, "RESTARTING": 5000 });
        assert_eq!(failed_at(restarted), Some(Timestamp(5000)));
        let both = json!({ "RUNNING": 6000, "FAILING": 5500, "RESTARTING": 5000 });
        assert_eq!(failed_at(both), Some(Timestamp(5500)), "the later one");
    }
}
