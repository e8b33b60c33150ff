//! Clusters on their way out: removed, awaited gone, then forgotten.
//!
//! Gone is known only from a live LIST of pods, after the objects are gone. A cluster in which a
//! job may still run holds back every submission until then.

use crate::decision::Effect;
use crate::observation::{ClusterObjects, Fact, FactRequest, Observation, Presence};
use crate::state::{Leaving, Record, Target};

/// Sends a version's cluster away.
pub(crate) fn send_away(record: &mut Record, target: Target, may_run: bool) {
    let Target { incarnation, hash, .. } = target;
    record.leaving.retain(|l| l.incarnation != incarnation);
    record.leaving.push(Leaving { incarnation, hash, may_run });
}

/// Whether a job may still run in a cluster on its way out.
pub(crate) fn may_run(record: &Record) -> bool {
    record.leaving.iter().any(|l| l.may_run)
}

/// The objects; and the live pods once the watches show nothing of a leaving cluster any more.
pub(crate) fn needs(record: &Record, seen: &Observation, ask: &mut FactRequest) {
    if record.leaving.is_empty() {
        return;
    }
    ask.objects = true;
    let vanished =
        |l: &Leaving| seen.objects.known().is_some() && seen.cluster(l.incarnation).is_none();
    ask.live_pods |= record.leaving.iter().any(vanished);
}

/// Drops from the record what is proven to be gone.
pub(crate) fn forget_the_gone(record: &mut Record, seen: &Observation) {
    record.leaving.retain(|l| !gone(l, seen));
}

fn gone(leaving: &Leaving, seen: &Observation) -> bool {
    let (Fact::Known(_), Fact::Known(pods)) = (&seen.objects, &seen.live_pods) else {
        return false;
    };
    seen.cluster(leaving.incarnation).is_none()
        && pods.iter().all(|p| p.incarnation != leaving.incarnation)
}

/// Removal of every leaving cluster that still has objects that nobody deleted.
pub(crate) fn effects(record: &Record, seen: &Observation) -> Vec<Effect> {
    let due = |l: &&Leaving| seen.cluster(l.incarnation).is_some_and(to_be_removed);
    let remove = |l: &Leaving| Effect::RemoveCluster { incarnation: l.incarnation };
    record.leaving.iter().filter(due).map(remove).collect()
}

/// Whether a cluster has an object that is not on its way out yet.
pub(crate) fn to_be_removed(cluster: &ClusterObjects) -> bool {
    [cluster.jobmanager, cluster.taskmanager, cluster.service].contains(&Presence::Present)
}
