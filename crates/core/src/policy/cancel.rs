//! Cancelling a job: asked for until it is on its way to its end.

use crate::decision::Effect;
use crate::ids::{Incarnation, JobId};
use crate::observation::{JobState, Observation};
use crate::policy::readiness::job_state;

/// The cancellation of a job that runs, by the list of jobs: details may show an ended job running.
pub(crate) fn effect(incarnation: Incarnation, job: JobId, seen: &Observation) -> Option<Effect> {
    let process = seen.cluster(incarnation)?.jobmanager_process(None)?;
    let flink = seen.flink.get(&incarnation).filter(|f| f.process == Some(process))?;
    flink.jobs.known()?;
    let running = job_state(flink, job).is_some_and(|s| !s.over() && s != JobState::Cancelling);
    running.then_some(Effect::Cancel { incarnation, process, job })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{JOB, PROCESS, cluster, job, jobs, seen, unknown};
    use crate::{Fact, Flink, Process};

    #[test]
    fn a_job_is_cancelled_once_by_the_list_of_jobs() {
        use JobState::{Canceled, Cancelling, Running};
        let listed = |state| jobs(&[(JOB, state)]);
        let rows = [
            (listed(Running), true),
            (listed(Cancelling), false),
            (listed(Canceled), false),
            (unknown(600), false),
            (Fact::Unasked, false),
        ];
        for (list, expected) in rows {
            let flink = Flink { jobs: list.clone(), job: job(Running, 2), ..Flink::default() };
            let due = effect(cluster().incarnation, JOB, &seen(vec![cluster()], flink));
            assert_eq!(due.is_some(), expected, "{list:?}");
        }
    }

    #[test]
    fn another_process_is_not_asked_to_cancel() {
        let flink = Flink { jobs: jobs(&[(JOB, JobState::Running)]), ..Flink::default() };
        let mut seen = seen(vec![cluster()], flink);
        let other = Process { restarts: 1, ..PROCESS };
        seen.flink.values_mut().for_each(|f| f.process = Some(other));
        assert_eq!(effect(cluster().incarnation, JOB, &seen), None);
    }
}
