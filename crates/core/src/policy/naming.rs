//! The names of a cluster that was scaled in place. Its objects keep those that they were made with;
//! once the version that it was scaled to is confirmed, its label and a Service name that one, too.

use crate::context::Context;
use crate::decision::Effect;
use crate::observation::{ClusterObjects, Observation};
use crate::policy::change;
use crate::state::{Record, Target};

/// Names the cluster by the version, where it is not yet. `target` is deployed and confirmed. (The reference operator
/// names it by the version to come as soon as it begins.)
pub(crate) fn label(record: &Record, target: Target, seen: &Observation) -> Option<Effect> {
    if target.scaled.is_none() && !record.is_adopted(target.incarnation) {
        return None;
    }
    let cluster = seen.cluster(target.incarnation).filter(|c| c.complete())?;
    (!is_labelled(target, cluster)).then_some(Effect::LabelCluster(target))
}

/// The same where the application rests. The name that the reference operator has given to a cluster before it scaled it
/// stays as long as that may be gone on with.
pub(crate) fn label_at_rest(
    cx: &Context<'_>,
    record: &Record,
    target: Target,
    seen: &Observation,
) -> Option<Effect> {
    let stays = target.scaled.is_none() && change::edited(cx, record, target);
    label(record, target, seen).filter(|_| !stays)
}

/// A version is to be in a cluster: one that the reference operator has made is known by that name, too.
pub(crate) fn know_by(record: &mut Record, target: Target) {
    let Target { incarnation, hash, .. } = target;
    if record.is_adopted(incarnation) {
        record.adopted.retain(|known| (known.incarnation, known.hash) != (incarnation, hash));
        record.adopted.push(target);
    }
}

/// Forgets by which other version's name a cluster of the reference operator's was known, once it is named by the version.
pub(crate) fn forget_others(record: &mut Record, seen: &Observation) {
    let Some(target) = record.deployed.as_ref().map(|deployed| deployed.target) else { return };
    let labelled = |cluster| is_labelled(target, cluster);
    if seen.cluster(target.incarnation).is_some_and(labelled) {
        let stays = |known: &Target| [target.names(), target.hash].contains(&known.hash);
        record.adopted.retain(|a| a.incarnation != target.incarnation || stays(a));
    }
}

fn is_labelled(target: Target, cluster: &ClusterObjects) -> bool {
    let aliases: &[_] = if target.hash == target.names() { &[] } else { &[target.hash] };
    cluster.label == Some(target.hash) && cluster.aliases == aliases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::fixture::{NOW, cluster, desired, seen, target};
    use crate::{
        Config, DeployHash, Desired, Flink, Incarnation, Presence, Scaled, State, Timestamp,
    };

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
        let again = |target, cluster| label(&adopted, target, &seen_of(cluster)).is_some();
        assert!(again(scaled(two), named(Some(one), &[])));
        // It was to be scaled to another one.
        let made_for = Target { hash: one, ..target() };
        assert!(again(made_for, named(Some(two), &[two])));
        assert!(!again(made_for, named(Some(one), &[])));
        let made_for_known = Record { adopted: vec![made_for, scaled(two)], ..record.clone() };
        let left = |record: &Record, deployed, cluster| {
            let work = crate::Work::Finished;
            let deployed = Some(crate::Version { target: deployed, removed: false, work });
            let mut record = Record { deployed, ..record.clone() };
            forget_others(&mut record, &seen_of(cluster));
            record.adopted.iter().map(|known| known.hash).collect::<Vec<_>>()
        };
        let known = &made_for_known;
        assert_eq!(left(known, made_for, named(Some(two), &[two])), [one, two]);
        assert_eq!(left(known, made_for, named(Some(one), &[])), [one]);
        assert_eq!(left(known, scaled(two), named(Some(two), &[two])), [one, two]);
        let other = Target { incarnation: Incarnation(7), ..scaled(three) };
        let elsewhere = Record { adopted: vec![other], ..record.clone() };
        assert_eq!(left(&elsewhere, made_for, named(Some(one), &[])), [three]);
        let half = ClusterObjects { service: Presence::Absent, ..named(Some(one), &[]) };
        assert_eq!(label(&record, scaled(two), &seen(vec![half], Flink::default())), None);
    }

    #[test]
    fn a_cluster_of_the_reference_operator_is_known_by_each_version_that_it_is_scaled_to_once() {
        let [one, two] = [1, 2].map(DeployHash);
        let made_for = Target { hash: one, ..target() };
        let scaled = |revision| {
            let scaled = Some(Scaled { names: one, revision: Incarnation(revision) });
            Target { hash: two, scaled, ..target() }
        };
        let elsewhere = Target { incarnation: Incarnation(7), ..scaled(7) };
        let mut record = State::new(Timestamp(0)).record;
        know_by(&mut record, scaled(2));
        assert_eq!(record.adopted, [], "it is one of ours");
        record.adopted = vec![made_for, elsewhere];
        know_by(&mut record, scaled(2));
        know_by(&mut record, scaled(3));
        assert_eq!(record.adopted, [made_for, elsewhere, scaled(3)]);
    }

    #[test]
    fn a_cluster_keeps_the_name_of_the_version_that_it_is_about_to_be_scaled_to() {
        let [one, two] = [1, 2].map(DeployHash);
        let made_for = Target { hash: one, ..target() };
        let scaled = Target {
            hash: two,
            scaled: Some(Scaled { names: one, revision: Incarnation(2) }),
            ..target()
        };
        let adopted = vec![made_for, scaled];
        let record = Record { adopted, ..State::new(Timestamp(0)).record };
        let edited = desired();
        let same = Desired { digest: made_for.digest, ..desired() };
        let settled = Record { settled: Some(edited.digest), ..record.clone() };
        let named_two = || ClusterObjects { label: Some(two), aliases: vec![two], ..cluster() };
        let named_one = || ClusterObjects { label: Some(one), aliases: vec![], ..cluster() };
        let rows = [
            (&edited, &record, made_for, named_two(), false),
            (&same, &record, made_for, named_two(), true),
            (&edited, &settled, made_for, named_two(), true),
            (&edited, &record, scaled, named_one(), true),
        ];
        let config = Config::default();
        for (desired, record, target, cluster, expected) in rows {
            let cx = Context { config: &config, desired, now: NOW, resumed: false };
            let seen = seen(vec![cluster], Flink::default());
            assert_eq!(label_at_rest(&cx, record, target, &seen).is_some(), expected, "{target:?}");
        }
    }
}
