//! What came back for the questions of a round.

use std::collections::{BTreeMap, BTreeSet};

use flinkk8soperator_core::{
    self as core, Checkpoint, Checkpointing, FlinkCluster, FlinkRequest, JobSummary, Operation,
    Silence, Statistics, Vertex,
};
use flinkk8soperator_flink_rest::model::{Checkpoints, Job};

use super::model::{job_fact, statistics_fact};
use crate::memory::Memory;
use crate::observe::figures::Gathered;

/// None: it was not asked.
pub(super) type Asked<T> = Option<Result<T, Silence>>;

/// What came back for each question that was asked.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) cluster: Asked<FlinkCluster>,
    pub(super) jobs: Asked<Vec<JobSummary>>,
    pub(super) job: Asked<Option<Job>>,
    pub(super) statistics: Asked<Option<Checkpoints>>,
    pub(super) checkpointing: Asked<Option<Checkpointing>>,
    /// The same where Flink was asked for it: it is asked once for a job, whatever it is wanted for.
    pub(super) checkpointing_asked: Asked<()>,
    pub(super) operation: Asked<Operation>,
    pub(super) failure: Asked<String>,
    pub(super) idle: Asked<BTreeSet<core::Uid>>,
    pub(super) requirements: Asked<Option<Vec<Vertex>>>,
}

impl Answers {
    pub(super) fn none(open: &FlinkRequest, why: Silence) -> Answers {
        Answers {
            cluster: open.cluster.then_some(Err(why)),
            jobs: open.jobs.then_some(Err(why)),
            job: open.job.map(|_| Err(why)),
            statistics: open.statistics.map(|_| Err(why)),
            checkpointing: open.checkpointing.map(|_| Err(why)),
            checkpointing_asked: open.checkpointing.map(|_| Err(why)),
            operation: open.operation.map(|_| Err(why)),
            failure: open.failure.map(|_| Err(why)),
            idle: open.idle.then_some(Err(why)),
            requirements: open.requirements.map(|_| Err(why)),
        }
    }

    /// What came back for each question, by its name.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (&'static str, Option<Silence>)> {
        fn of<T>(asked: &Asked<T>) -> Option<Option<Silence>> {
            asked.as_ref().map(|answer| answer.as_ref().err().copied())
        }
        let all = [
            ("cluster", of(&self.cluster)),
            ("jobs", of(&self.jobs)),
            ("job", of(&self.job)),
            ("statistics", of(&self.statistics)),
            ("checkpointing", of(&self.checkpointing_asked)),
            ("operation", of(&self.operation)),
            ("failure", of(&self.failure)),
            ("idle", of(&self.idle)),
            ("requirements", of(&self.requirements)),
        ];
        all.into_iter().filter_map(|(question, outcome)| Some((question, outcome?)))
    }

    /// Keeps the numbers for the status.
    fn show(&self, request: &FlinkRequest, figures: &mut Gathered) {
        let of = request.incarnation;
        if let Some(Ok(cluster)) = &self.cluster {
            figures.answered(of, cluster);
        }
        if let (Some(id), Some(Ok(Some(job)))) = (request.job, &self.job) {
            figures.job_details(of, id, job);
        }
        if let (Some(id), Some(Ok(Some(found)))) = (request.statistics, &self.statistics) {
            figures.statistics(of, id, found);
        }
    }

    pub(super) fn tell(self, told: &mut core::Flink, request: &FlinkRequest, memory: &mut Memory) {
        let name = |what: &str| format!("{} {what}", request.incarnation);
        self.show(request, &mut memory.figures);
        let silences = &mut memory.silences;
        if let Some(answer) = self.cluster {
            told.cluster = silences.fact(&name("cluster"), answer);
        }
        if let Some(answer) = self.jobs {
            told.jobs = silences.fact(&name("jobs"), answer);
        }
        if let Some(answer) = self.job {
            let answer = answer.map(|job| job.map(|job| job_fact(&job)));
            told.job = silences.fact(&name("job"), answer);
        }
        if let Some(answer) = self.statistics {
            let answer = answer.map(|found| found.map(|found| statistics_fact(&found)));
            if let (Some(job), Ok(Some(found))) = (request.statistics, &answer) {
                last_seen(job, found, &mut memory.last_seen);
            }
            told.statistics = silences.fact(&name("statistics"), answer);
        }
        if let Some(answer) = self.checkpointing {
            told.checkpointing = silences.fact(&name("checkpointing"), answer);
        }
        if let Some(answer) = self.operation {
            told.operation = silences.fact(&name("operation"), answer);
        }
        if let Some(answer) = self.failure {
            told.failure = silences.fact(&name("failure"), answer);
        }
        if let Some(answer) = self.requirements {
            told.requirements = silences.fact(&name("requirements"), answer);
        }
        if let Some(answer) = self.idle {
            told.idle = silences.fact(&name("idle"), answer);
        }
    }
}

/// Remembers the newest checkpoint that a job was seen with.
fn last_seen(
    job: core::JobId,
    found: &Statistics,
    remembered: &mut BTreeMap<core::JobId, Checkpoint>,
) {
    let kept = |c: &&Checkpoint| !c.discarded && c.path.is_some();
    if let Some(newest) = found.completed.iter().filter(kept).max_by_key(|c| c.id) {
        remembered.insert(job, newest.clone());
    }
}

#[cfg(test)]
mod tests {
    use flinkk8soperator_core::{Incarnation, JobId, Process, TriggerId, Uid};

    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn every_question_is_counted_under_its_own_name() {
        let (job, process) = (Some(JobId(1)), Process { pod: Uid(1), restarts: 0 });
        let all = FlinkRequest {
            cluster: true,
            jobs: true,
            job,
            statistics: job,
            checkpointing: job,
            operation: Some((JobId(1), TriggerId(2))),
            failure: job,
            idle: true,
            requirements: job,
            ..FlinkRequest::to(Incarnation(1), process)
        };
        let metrics = Metrics::new("test");
        metrics.flink_answers(Answers::none(&all, Silence::TimedOut).outcomes());
        let jobs = Answers { jobs: Some(Ok(Vec::new())), ..Answers::default() };
        metrics.flink_answers(jobs.outcomes());
        let text = metrics.encode();
        let counted = text.lines().filter(|line| line.starts_with("test_flink_answers_total"));
        assert_eq!(counted.count(), 10, "{text}");
        for line in [
            "test_flink_answers_total{question=\"requirements\",outcome=\"timed_out\"} 1",
            "test_flink_answers_total{question=\"jobs\",outcome=\"timed_out\"} 1",
            "test_flink_answers_total{question=\"jobs\",outcome=\"ok\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
