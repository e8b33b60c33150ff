//! The clusters of the reference operator bear no number: each is given one, once it is known that what is
//! deployed can be taken over. Nothing is written on them.

use super::{is_of, not_read_back, stalled, versions};
use crate::colour::Colour;
use crate::context::Context;
use crate::cure::Cure;
use crate::ids::{DeployHash, Digest, Incarnation};
use crate::observation::{ClusterObjects, Objects, ReadBack, Unnumbered};
use crate::reason::Reason;
use crate::state::{Left, LeftStep, LeftVersion, Phase, Record, Scaled, State, Target};
use crate::states::Next;

/// Numbers that are not in the record yet; `newest`: the highest one of a stored revision.
pub(super) fn step(
    cx: &Context<'_>,
    state: &State,
    phase: &Left,
    objects: &Objects,
    newest: Option<Incarnation>,
) -> Option<Next> {
    for hash in versions(phase).map(|left| left.hash) {
        let mut unnumbered = objects.unnumbered.iter().filter(|c| is_of(c.names, c.label, hash));
        match (unnumbered.next(), unnumbered.next()) {
            (Some(one), Some(other)) => {
                let message = format!(
                    "two clusters, {} and {}, are labelled with version {hash}",
                    one.names, other.names
                );
                let cures = vec![Cure::ObjectsDeleted];
                let reason = Reason::AdoptionHashMismatch;
                return Some(*stalled(cx, state, reason, message, cures));
            }
            (Some(one), None) if one.read_back(hash).is_none() => {
                return Some(*not_read_back(cx, state, hash));
            }
            (Some(_) | None, None) | (None, Some(_)) => {}
        }
    }
    let mut record = state.record.clone();
    let numbers = objects.clusters.iter().map(|c| c.incarnation).chain(newest);
    let highest = numbers.map(|number| number.0).max().unwrap_or_default();
    record.incarnations = record.incarnations.max(highest);
    let known = |names| record.adopted.iter().any(|adopted| adopted.names() == names);
    let lack: Vec<&Unnumbered> = objects.unnumbered.iter().filter(|c| !known(c.names)).collect();
    for cluster in lack {
        let mut told = versions(phase).map(|left| left.hash);
        let told = told.find(|hash| is_of(cluster.names, cluster.label, *hash));
        number(cx, &mut record, *cluster, told);
    }
    if state.record.incarnations == 0 {
        // Looked at once, also where nothing stands. Whether the `restore` of the spec was used before is not
        // known: only another one is a word to this operator.
        record.incarnations = record.incarnations.max(1);
        record.restored = cx.desired.restore.as_ref().map(|restore| restore.nonce.clone());
    }
    if record == state.record {
        return None;
    }
    let target = phase.target.or_else(|| target(phase, objects));
    let of_ours = |left: LeftVersion| {
        let ours = |cluster: &&ClusterObjects| {
            cluster.label == Some(left.hash) && !state.record.is_adopted(cluster.incarnation)
        };
        let mut clusters = objects.clusters.iter().filter(ours);
        LeftVersion { cluster: clusters.next().map(|cluster| cluster.incarnation), ..left }
    };
    let (deployed, beside) = (phase.deployed.map(of_ours), phase.beside.map(of_ours));
    let phase = Phase::Left(Left { deployed, beside, target, ..*phase });
    let message = "taking over what the reference operator has left: numbers are given out";
    Some(Next::new(record, phase, Reason::Deploying, message))
}

/// The version that was being deployed: of the only cluster that is not the deployed version's. (A deletion is of that only
/// where none is deployed.)
fn target(phase: &Left, objects: &Objects) -> Option<DeployHash> {
    let deployed = phase.deployed.map(|left| left.hash);
    phase.under_way.filter(|step| *step != LeftStep::Deleting || deployed.is_none())?;
    let numbered = objects.clusters.iter().map(|c| (c.hash, c.label, false));
    let unnumbered = objects.unnumbered.iter().map(|c| (c.names, c.label, c.version.is_some()));
    let all = numbered.chain(unnumbered);
    let others = all.filter(|(names, label, _)| deployed.is_none_or(|d| !is_of(*names, *label, d)));
    match others.collect::<Vec<_>>().as_slice() {
        [(_, Some(hash), true)] => Some(*hash),
        _ => None,
    }
}

/// Gives a cluster the next number. `told`: the version in it that the status speaks of.
fn number(cx: &Context<'_>, record: &mut Record, cluster: Unnumbered, told: Option<DeployHash>) {
    record.incarnations += 1;
    let incarnation = Incarnation(record.incarnations);
    let Unnumbered { names, label, .. } = cluster;
    // Of one that nothing is known of: it can only go.
    let unknown = ReadBack {
        parallelism: cx.desired.parallelism,
        taskmanagers: cx.desired.taskmanagers,
        mode: cx.desired.mode,
        colour: None,
    };
    let labelled = label.unwrap_or(names);
    // It may be on its way from one to the other.
    let to_come = Some(labelled).filter(|hash| told.is_some_and(|told| told != *hash));
    for hash in [told.unwrap_or(labelled)].into_iter().chain(to_come) {
        let known = cluster.read_back(hash).unwrap_or(unknown);
        let ReadBack { parallelism, taskmanagers, mode, colour } = known;
        let desired = colour_of(cx, hash);
        record.adopted.push(Target {
            hash,
            incarnation,
            generation: cx.desired.generation,
            digest: desired.map_or(another(hash), |_| cx.desired.digest),
            parallelism,
            taskmanagers,
            mode,
            colour,
            scaled: (names != hash).then_some(Scaled { names, revision: incarnation }),
        });
    }
}

/// The fingerprint of a spec that is not the present one.
fn another(hash: DeployHash) -> Digest {
    Digest(u64::from(hash.0))
}

/// In which colour the spec asks for a version; none: it asks for another one.
pub(super) fn colour_of(cx: &Context<'_>, hash: DeployHash) -> Option<Option<Colour>> {
    let colours = [None, Some(Colour::Blue), Some(Colour::Green)];
    colours.into_iter().find(|colour| cx.desired.hash_in(*colour) == hash)
}
