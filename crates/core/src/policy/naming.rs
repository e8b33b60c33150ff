//! The names of a cluster that was scaled in place. Its objects keep those that they were made with;
//! once the version that it was scaled to is confirmed, its label and a Service name that one, too.

use crate::decision::Effect;
use crate::observation::{ClusterObjects, Observation};
use crate::state::{Record, Target};

/// Names the cluster by the version, where it is not yet. `target` is deployed and confirmed. (One that the
/// reference operator has scaled, that operator has named.)
pub(crate) fn label(record: &Record, target: Target, seen: &Observation) -> Option<Effect> {
    target.scaled.filter(|_| !record.is_adopted(target.incarnation))?;
    let cluster = seen.cluster(target.incarnation).filter(|c| c.complete())?;
    (!is_labelled(target, cluster)).then_some(Effect::LabelCluster(target))
}

fn is_labelled(target: Target, cluster: &ClusterObjects) -> bool {
    let aliases: &[_] = if target.hash == target.names() { &[] } else { &[target.hash] };
    cluster.label == Some(target.hash) && cluster.aliases == aliases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{cluster, seen, target};
    use crate::{DeployHash, Flink, Incarnation, Presence, Scaled, State, Timestamp};

    #[test]
    fn a_scaled_cluster_is_named_by_its_version_and_the_one_that_it_was_made_for() {
        let record = State::new(Timestamp(0)).record;
        let [one, two, three] = [1, 2, 3].map(DeployHash);
        let scaled = |hash| {
            let scaled = Some(Scaled { names: one, revision: Incarnation(2) });
            Target { hash, scaled, ..target() }
        };
        let named = |label, aliases: &[DeployHash]| ClusterObjects {
            label,
            aliases: aliases.to_vec(),
            ..cluster()
        };
        let rows = [
            (target(), named(Some(two), &[two]), false),
            (scaled(two), named(Some(one), &[]), true),
            (scaled(two), named(None, &[two]), true),
            (scaled(two), named(Some(two), &[]), true),
            (scaled(two), named(Some(two), &[two]), false),
            (scaled(three), named(Some(two), &[two]), true),
            (scaled(three), named(Some(three), &[two, three]), true),
            (scaled(one), named(Some(two), &[two]), true),
            (scaled(one), named(Some(one), &[]), false),
        ];
        for (target, cluster, expected) in rows {
            let seen = seen(vec![cluster], Flink::default());
            assert_eq!(label(&record, target, &seen).is_some(), expected, "{target:?} {seen:?}");
        }
        let adopted = Record { adopted: vec![scaled(two)], ..record.clone() };
        let seen_of = |cluster| seen(vec![cluster], Flink::default());
        assert_eq!(label(&adopted, scaled(two), &seen_of(named(Some(one), &[]))), None);
        let half = ClusterObjects { service: Presence::Absent, ..named(Some(one), &[]) };
        assert_eq!(label(&record, scaled(two), &seen(vec![half], Flink::default())), None);
    }
}
