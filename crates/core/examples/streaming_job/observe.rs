//! From what the machine wants to know to what is seen. Never fails: no answer is a fact, too.

use flinkk8soperator_core::{
    Change, ChangeClass, Fact, FactRequest, Flink, FlinkRequest, Incarnation, Observation, Post,
    Silence, State, Timestamp,
};

use super::memory::{Asked, Memory};
use super::outside::Outside;
use super::resource::{Spec, StreamingJob};

/// Answers what a request adds to what was asked in the round before, and nothing else. Nothing is
/// asked twice in a round: the second answer could take back what the first made necessary.
pub(crate) fn observe(
    job: &StreamingJob,
    state: &State,
    ask: &FactRequest,
    seen: &mut Observation,
    outside: &mut impl Outside,
    memory: &mut Memory,
) {
    let now = outside.now();
    if ask.objects && seen.objects == Fact::Unasked {
        seen.objects = memory.fact(now, Asked::Watches, outside.objects());
    }
    if ask.live_pods && seen.live_pods == Fact::Unasked {
        seen.live_pods = memory.fact(now, Asked::LivePods, outside.live_pods());
    }
    for incarnation in &ask.revisions {
        if seen.revisions.contains_key(incarnation) {
            continue;
        }
        let stored = outside.revision(*incarnation).map(|revision| revision.is_some());
        seen.revisions.insert(*incarnation, memory.fact(now, Asked::Revisions, stored));
    }
    if ask.newest_revision && seen.newest_revision == Fact::Unasked {
        seen.newest_revision = memory.fact(now, Asked::NewestRevision, outside.newest_revision());
    }
    if let Some(base) = ask.change.filter(|_| seen.change == Fact::Unasked) {
        seen.change = change(now, job, state, base, outside, memory);
    }
    for question in &ask.flink {
        let flink = seen.flink.entry(question.incarnation).or_default();
        flink.process = Some(question.process);
        jobmanager(now, question, flink, outside, memory);
    }
    if let Some(job) = ask.last_seen {
        seen.last_seen = Fact::Known(memory.last_seen(job));
    }
}

/// How the wish differs from what a cluster was made from.
fn change(
    now: Timestamp,
    job: &StreamingJob,
    state: &State,
    base: Incarnation,
    outside: &mut impl Outside,
    memory: &mut Memory,
) -> Fact<Change> {
    let answer = match outside.revision(base) {
        Ok(Some((stored, _))) => Ok(difference(&stored, &job.spec)),
        // Someone has deleted it: the hash in the state is all that is left to compare with.
        Ok(None) => match state.hash_of(base) {
            Some(deployed) => Ok(Change::without_revision(deployed, &[job.spec.hash()])),
            None => Err(Silence::Unreadable),
        },
        Err(why) => Err(why),
    };
    memory.fact(now, Asked::Revisions, answer)
}

fn difference(stored: &Spec, wanted: &Spec) -> Change {
    let mut fields = Vec::new();
    if stored.image != wanted.image {
        fields.push("image".to_owned());
    }
    if stored.parallelism != wanted.parallelism {
        fields.push("parallelism".to_owned());
    }
    // What nothing is made from needs no deploy.
    let class = if fields.is_empty() { ChangeClass::StatusOnly } else { ChangeClass::Redeploy };
    Change { class, fields }
}

/// Asks one JobManager process. Its answers belong to that process alone: an address can have
/// another one behind it.
fn jobmanager(
    now: Timestamp,
    question: &FlinkRequest,
    flink: &mut Flink,
    outside: &mut impl Outside,
    memory: &mut Memory,
) {
    let at = question.process;
    let whom = Asked::Flink(at);
    if let Some(job) = question.submission.filter(|_| flink.submission == Fact::Unasked) {
        let known = memory.post(job);
        if matches!(known, Post::InFlight { .. })
            && let Some(answer) = outside.answer(at, job)
        {
            memory.posted(job, known.answered(answer));
        }
        flink.submission = Fact::Known(memory.post(job));
    }
    if question.cluster && flink.cluster == Fact::Unasked {
        flink.cluster = memory.fact(now, whom, outside.overview(at));
    }
    if question.jobs && flink.jobs == Fact::Unasked {
        flink.jobs = memory.fact(now, whom, outside.jobs(at));
    }
    if let Some(job) = question.job.filter(|_| flink.job == Fact::Unasked) {
        flink.job = memory.fact(now, whom, outside.job(at, job));
    }
    if let Some(job) = question.statistics.filter(|_| flink.statistics == Fact::Unasked) {
        let answer = outside.statistics(at, job);
        memory.told(job, &answer);
        flink.statistics = memory.fact(now, whom, answer);
    }
    if let Some(job) = question.checkpointing.filter(|_| flink.checkpointing == Fact::Unasked) {
        flink.checkpointing = memory.fact(now, whom, outside.checkpointing(at, job));
    }
    if let Some((job, trigger)) = question.operation.filter(|_| flink.operation == Fact::Unasked) {
        flink.operation = memory.fact(now, whom, outside.operation(at, job, trigger));
    }
    if let Some(job) = question.failure.filter(|_| flink.failure == Fact::Unasked) {
        flink.failure = memory.fact(now, whom, outside.failure(at, job));
    }
}
