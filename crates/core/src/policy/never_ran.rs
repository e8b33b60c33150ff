//! Whether a job that the reference operator may have submitted has run in a cluster that knows none.

use std::time::Duration;

use crate::ids::Role;
use crate::observation::{ClusterObjects, Pod};
use crate::time::Timestamp;

/// A process that is older than this by as much was there before: clocks differ, and a pod that gives way to
/// another answers for up to 30 s (`terminationGracePeriodSeconds`, which the reference operator leaves at that).
const CERTAINLY_BEFORE: Duration = Duration::from_secs(60);

/// Flink forgets a job one hour after its end (`jobstore.expiration-time`, Flink 1.13 to 2.3). Of a submission that
/// failed the status is written up to five minutes after it was sent (the reference operator's timeout).
const REMEMBERED: Duration = Duration::from_secs(50 * 60);

/// What the status of the reference operator tells of a submission whose job it does not name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered {
    /// When it was last written.
    pub(crate) since: Timestamp,
    /// Something had failed before: it was written after the first attempt, else before that.
    pub(crate) failing: bool,
}

/// Whether no job can have run in a cluster whose JobManager lists none: it would still know one, and is the
/// process that would have got it. None can be proven so without a JobManager.
pub(crate) fn proven(sent: Unanswered, cluster: &ClusterObjects, now: Timestamp) -> bool {
    let mut job_managers =
        cluster.pods.iter().filter(|pod| pod.role == Role::JobManager).peekable();
    let remembered = now < sent.since + REMEMBERED;
    let there_is_one = job_managers.peek().is_some();
    remembered && there_is_one && job_managers.all(|pod| was_there(sent, pod))
}

/// Whether the pod's process is the first of its cluster, or began before anything was sent.
fn was_there(sent: Unanswered, pod: &Pod) -> bool {
    let before = |began: Timestamp| !sent.failing && began + CERTAINLY_BEFORE <= sent.since;
    pod.first && pod.restarts == 0 || pod.began.is_some_and(before)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{cluster, pod};
    use super::{CERTAINLY_BEFORE, REMEMBERED, Unanswered, proven};
    use crate::ids::Role;
    use crate::observation::{ClusterObjects, Pod};
    use crate::time::Timestamp;

    const SINCE: Timestamp = Timestamp(10_000_000);
    const SENT: Unanswered = Unanswered { since: SINCE, failing: false };
    const FAILED: Unanswered = Unanswered { since: SINCE, failing: true };

    fn with(pods: Vec<Pod>) -> ClusterObjects {
        ClusterObjects { pods, ..cluster() }
    }

    /// One in another's place, whose process began so long before the status was written.
    fn old(before: std::time::Duration) -> Pod {
        let began = u64::try_from(before.as_millis()).ok().map(|ms| Timestamp(SINCE.0 - ms));
        Pod { first: false, began, ..pod(1, Role::JobManager) }
    }

    #[test]
    fn the_first_process_of_a_cluster_would_have_got_it() {
        let first = pod(1, Role::JobManager);
        for (sent, now) in [(SENT, SINCE), (FAILED, SINCE), (SENT, SINCE + REMEMBERED / 2)] {
            assert!(proven(sent, &with(vec![first.clone()]), now));
        }
        for other in [
            Pod { restarts: 1, ..first.clone() },
            Pod { first: false, ..first.clone() },
            Pod { began: Some(SINCE), restarts: 1, ..first.clone() },
        ] {
            assert!(!proven(SENT, &with(vec![other.clone()]), SINCE), "{other:?}");
            assert!(!proven(SENT, &with(vec![first.clone(), other]), SINCE), "beside the first");
        }
    }

    #[test]
    fn so_would_one_that_began_before_anything_was_sent() {
        let long_before = with(vec![old(CERTAINLY_BEFORE)]);
        assert!(proven(SENT, &long_before, SINCE));
        let restarted = with(vec![Pod { restarts: 3, first: true, ..old(CERTAINLY_BEFORE) }]);
        assert!(proven(SENT, &restarted, SINCE));
        assert!(!proven(FAILED, &long_before, SINCE), "an earlier attempt may have been before it");
        let just_before = old(CERTAINLY_BEFORE - std::time::Duration::from_millis(1));
        assert!(!proven(SENT, &with(vec![just_before]), SINCE));
    }

    #[test]
    fn one_that_may_have_forgotten_proves_nothing() {
        let first = with(vec![pod(1, Role::JobManager), pod(2, Role::TaskManager)]);
        let last = Timestamp(SINCE.0 + 50 * 60_000 - 1);
        assert!(proven(SENT, &first, last));
        assert!(!proven(SENT, &first, SINCE + REMEMBERED));
    }

    #[test]
    fn without_a_jobmanager_nothing_is_proven() {
        let tasks = Pod { first: false, ..pod(2, Role::TaskManager) };
        assert!(!proven(SENT, &with(vec![]), SINCE));
        assert!(!proven(SENT, &with(vec![tasks.clone()]), SINCE));
        assert!(proven(SENT, &with(vec![tasks, pod(1, Role::JobManager)]), SINCE));
    }
}
