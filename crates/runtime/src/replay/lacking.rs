//! Which facts the machine wants of a round that were not asked for when it was recorded: on those it
//! decides as on silence.
//!
//! Of which incarnation, job or operation a fact is, a recording does not say: where another one is
//! wanted now, the recorded one is taken for it.

use flinkk8soperator_core::{Fact, FactRequest, Flink, FlinkRequest, Incarnation, Observation};

/// The facts that are wanted and were not asked for, by their paths.
pub(super) fn facts(want: &FactRequest, seen: &Observation) -> Vec<String> {
    // Named one by one: a new fact has to be looked for here, too.
    let FactRequest { objects, live_pods, revisions, newest_revision, change, last_seen, flink } =
        want;
    let missing = [
        ("objects", *objects && unasked(&seen.objects)),
        ("live_pods", *live_pods && unasked(&seen.live_pods)),
        ("newest_revision", *newest_revision && unasked(&seen.newest_revision)),
        ("change", change.is_some() && unasked(&seen.change)),
        ("last_seen", last_seen.is_some() && unasked(&seen.last_seen)),
    ];
    let missing = missing.into_iter().filter(|(_, lacks)| *lacks);
    let mut paths: Vec<String> = missing.map(|(name, _)| format!("observation.{name}")).collect();
    let not_asked = |number: &&Incarnation| seen.revisions.get(number).is_none_or(unasked);
    let revisions = revisions.iter().filter(not_asked);
    paths.extend(revisions.map(|number| format!("observation.revisions.{number}")));
    let nothing = Flink::default();
    for request in flink {
        let told = seen.flink.get(&request.incarnation).unwrap_or(&nothing);
        let names = of_job_manager(request, told);
        let path = |name| format!("observation.flink.{}.{name}", request.incarnation);
        paths.extend(names.map(path));
    }
    paths
}

fn of_job_manager(want: &FlinkRequest, told: &Flink) -> impl Iterator<Item = &'static str> {
    let FlinkRequest {
        incarnation: _,
        process,
        cluster,
        jobs,
        job,
        statistics,
        checkpointing,
        operation,
        failure,
        submission,
        idle,
        requirements,
    } = want;
    let missing = [
        ("process", told.process.is_some_and(|asked| asked != *process)),
        ("cluster", *cluster && unasked(&told.cluster)),
        ("jobs", *jobs && unasked(&told.jobs)),
        ("job", job.is_some() && unasked(&told.job)),
        ("statistics", statistics.is_some() && unasked(&told.statistics)),
        ("checkpointing", checkpointing.is_some() && unasked(&told.checkpointing)),
        ("operation", operation.is_some() && unasked(&told.operation)),
        ("failure", failure.is_some() && unasked(&told.failure)),
        ("submission", submission.is_some() && unasked(&told.submission)),
        ("idle", *idle && unasked(&told.idle)),
        ("requirements", requirements.is_some() && unasked(&told.requirements)),
    ];
    missing.into_iter().filter(|(_, lacks)| *lacks).map(|(name, _)| name)
}

fn unasked<T: PartialEq>(fact: &Fact<T>) -> bool {
    *fact == Fact::Unasked
}
