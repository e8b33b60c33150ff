//! The rules that an adapter keeps, and how each is told to be broken: from what a process was told in
//! a round, what it says that it saw and decided, and what it did.

use std::time::Duration;

use flinkk8soperator_core as machine;
use machine::{
    Config, Context, Effect, Fact, Flink, FlinkRequest, JobId, Post, State, decide, needs,
};

use super::Round;
use super::ground::{Call, Ground};
use super::shelf::WriteEnd;

/// Nothing is done for a state that is not in the store.
pub const STATE_FIRST: &str = "the state is in the store before anything is done for it";
/// A state that was not written in this round was read from the store, not from a cache.
pub const LIVE_STATE: &str = "nothing is done for a state that only a cache shows";
/// Somebody wrote meanwhile: the round began from something that is not so any more.
pub const CONFLICT_ENDS: &str = "after a conflict nothing is done in the round";
/// It may not be written.
pub const LOST_WRITE_ENDS: &str = "after a write without an answer nothing is done in the round";
/// What the store returns has to contain the state.
pub const PRUNED_ENDS: &str = "after a write that the state is missing from nothing is done";
/// An object of the same name that came in between is not ours to delete.
pub const UID_PRECONDITION: &str = "every delete names a UID";
/// No answer is told as no answer.
pub const HONEST_FACTS: &str = "what was not answered is not known";
/// Nothing is added to an answer, and nothing made up.
pub const AS_ANSWERED: &str = "what is known is what was answered";
/// The machine decides from what it asked for.
pub const ALL_ASKED: &str = "everything that the machine wants to know is asked";
/// Only a process that wrote the intent itself knows that nobody sent it yet.
pub const MAYBE_SENT: &str = "a job that another process may have sent is not called unsent";
/// Another process's waiting proves nothing: its clock, or its network, may have been wrong.
pub const OWN_SILENCE: &str = "a silence is counted from this process's own first question on";
/// A deadline that passed before a process came is not its to fire; every later one is.
pub const FIRST_ROUND: &str =
    "a round is told as a process's first until one of its decisions is stored";
/// The rules are the machine's.
pub const MACHINE_DECIDES: &str = "what is written and done is what the machine decided";
/// Effects build on those before them.
pub const AS_DECIDED: &str = "effects are done as they were decided: all of them, in order";
/// What comes after it may build on it.
pub const FIRST_FAILURE_ENDS: &str = "the first effect that fails ends the round";
/// Whatever went wrong: in the end what the user wished for is so.
pub const STORY_ENDS: &str = "a wish ends as it should, whatever went wrong on the way";
/// Undisturbed, what happens is what was foretold.
pub const AS_PLANNED: &str = "where nothing goes wrong, what happens is what plan foretold";

/// The rule that any call breaks now.
pub(super) fn before_a_call(
    write: Option<WriteEnd>,
    failed: Option<&Call>,
) -> Option<&'static str> {
    match write {
        Some(WriteEnd::Conflict) => Some(CONFLICT_ENDS),
        Some(WriteEnd::Lost) => Some(LOST_WRITE_ENDS),
        Some(WriteEnd::Pruned) => Some(PRUNED_ENDS),
        None => failed.map(|_| FIRST_FAILURE_ENDS),
    }
}

type Broken = (&'static str, String);

/// The first rule that a round broke.
pub(super) fn of_round<K: Clone>(
    config: &Config,
    round: &Round,
    ground: &Ground<K>,
) -> Option<Broken> {
    let cx = Context { config, desired: &round.desired, now: round.now, resumed: round.resumed };
    all_asked(&cx, round)
        .or_else(|| facts(round, ground))
        .or_else(|| own_silence(round, ground))
        .or_else(|| first_round(round, ground))
        .or_else(|| machine_decides(&cx, round))
        .or_else(|| state_first(round, ground))
        .or_else(|| as_decided(round, ground))
}

fn all_asked(cx: &Context<'_>, round: &Round) -> Option<Broken> {
    let (seen, asked) = (&round.seen, needs(cx, &round.before, &round.seen));
    let unasked = |what: &str| Some((ALL_ASKED, format!("{what}: not asked for")));
    if asked.objects && seen.objects == Fact::Unasked {
        return unasked("the objects");
    }
    if asked.live_pods && seen.live_pods == Fact::Unasked {
        return unasked("the live pods");
    }
    if let Some(of) = asked.revisions.iter().find(|of| !seen.revisions.contains_key(of)) {
        return unasked(&format!("revision {of}"));
    }
    if asked.newest_revision && seen.newest_revision == Fact::Unasked {
        return unasked("the newest revision");
    }
    if asked.change.is_some() && seen.change == Fact::Unasked {
        return unasked("how the wish differs");
    }
    if asked.last_seen.is_some() && seen.last_seen == Fact::Unasked {
        return unasked("the last checkpoint seen");
    }
    let silent = Flink::default();
    asked.flink.iter().find_map(|question| {
        let flink = seen.flink.get(&question.incarnation).unwrap_or(&silent);
        unasked_of_flink(question, flink).and_then(unasked)
    })
}

fn unasked_of_flink(question: &FlinkRequest, flink: &Flink) -> Option<&'static str> {
    fn lacks<T: PartialEq>(asked: bool, fact: &Fact<T>) -> bool {
        asked && *fact == Fact::Unasked
    }
    let all = [
        (lacks(question.cluster, &flink.cluster), "Flink's overview"),
        (lacks(question.jobs, &flink.jobs), "the list of jobs"),
        (lacks(question.job.is_some(), &flink.job), "a job's details"),
        (lacks(question.statistics.is_some(), &flink.statistics), "a job's statistics"),
        (lacks(question.checkpointing.is_some(), &flink.checkpointing), "its checkpointing"),
        (lacks(question.operation.is_some(), &flink.operation), "an operation"),
        (lacks(question.failure.is_some(), &flink.failure), "why a job failed"),
        (lacks(question.submission.is_some(), &flink.submission), "a submission"),
        (flink.process != Some(question.process), "the process that was meant"),
    ];
    all.into_iter().find_map(|(lacking, what)| lacking.then_some(what))
}

/// A fact against what the process was told about it in this round.
fn fact<T: PartialEq>(what: &str, seen: &Fact<T>, told: &Fact<T>) -> Option<Broken> {
    match (seen, told) {
        (Fact::Known(_), Fact::Unknown { .. }) => {
            Some((HONEST_FACTS, format!("{what}: known without an answer")))
        }
        (Fact::Known(_), Fact::Unasked) => {
            Some((AS_ANSWERED, format!("{what}: known without a question")))
        }
        (Fact::Known(seen), Fact::Known(told)) if seen != told => {
            Some((AS_ANSWERED, format!("{what}: not what was answered")))
        }
        (Fact::Known(_), Fact::Known(_)) | (Fact::Unasked | Fact::Unknown { .. }, _) => None,
    }
}

fn facts<K: Clone>(round: &Round, ground: &Ground<K>) -> Option<Broken> {
    let (seen, told) = (&round.seen, &ground.told);
    // A revision does not change: one that was read once may be remembered.
    let remembered = |of| ground.revisions_told.contains(of);
    let mut revisions = seen.revisions.iter().filter(|(of, _)| !remembered(of));
    let unasked = (Fact::Unasked, Flink::default());
    fact("the objects", &seen.objects, &told.objects)
        .or_else(|| fact("the live pods", &seen.live_pods, &told.live_pods))
        .or_else(|| fact("the newest revision", &seen.newest_revision, &told.newest_revision))
        .or_else(|| {
            revisions.find_map(|(of, seen)| {
                let told = told.revisions.get(of).unwrap_or(&unasked.0);
                fact(&format!("revision {of}"), seen, told)
            })
        })
        .or_else(|| {
            seen.flink.values().find_map(|seen| {
                let told = seen.process.and_then(|at| ground.told_by.get(&at));
                of_flink(seen, told.unwrap_or(&unasked.1))
            })
        })
        .or_else(|| maybe_sent(round, ground))
}

fn of_flink(seen: &Flink, told: &Flink) -> Option<Broken> {
    fact("Flink's overview", &seen.cluster, &told.cluster)
        .or_else(|| fact("the list of jobs", &seen.jobs, &told.jobs))
        .or_else(|| fact("a job's details", &seen.job, &told.job))
        .or_else(|| fact("a job's statistics", &seen.statistics, &told.statistics))
        .or_else(|| fact("an operation", &seen.operation, &told.operation))
        .or_else(|| fact("why a job failed", &seen.failure, &told.failure))
}

/// A submission that this process neither intended nor sent, or did send, is not unsent.
fn maybe_sent<K: Clone>(round: &Round, ground: &Ground<K>) -> Option<Broken> {
    let job = submitted(&round.before)?;
    let unsent = |flink: &Flink| flink.submission == Fact::Known(Post::NotSent);
    // What was sent in this round was unsent when it was observed.
    let sent_now = ground.calls.iter().any(|(call, _)| *call == Call::Submit(job));
    let honest = ground.unsent.contains(&job) || sent_now;
    let told = || Some((MAYBE_SENT, format!("job {job}")));
    (!honest && round.seen.flink.values().any(unsent)).then(told)?
}

fn own_silence<K: Clone>(round: &Round, ground: &Ground<K>) -> Option<Broken> {
    fn span<T>(fact: &Fact<T>) -> Duration {
        match fact {
            Fact::Unknown { for_how_long, .. } => *for_how_long,
            Fact::Unasked | Fact::Known(_) => Duration::ZERO,
        }
    }
    let seen = &round.seen;
    let flink = |f: &Flink| {
        [span(&f.cluster), span(&f.jobs), span(&f.job), span(&f.statistics), span(&f.operation)]
    };
    let spans = [span(&seen.objects), span(&seen.live_pods), span(&seen.change)].into_iter();
    let longest = spans.chain(seen.flink.values().flat_map(flink)).max()?;
    let possible = round.now.since(ground.began);
    let told = || format!("{longest:?}, {possible:?} after the process began");
    (longest > possible).then(|| (OWN_SILENCE, told()))
}

fn first_round<K: Clone>(round: &Round, ground: &Ground<K>) -> Option<Broken> {
    let told = || format!("told as {}", if round.resumed { "the first" } else { "a later one" });
    (Some(round.resumed) == ground.decided).then(|| (FIRST_ROUND, told()))
}

fn machine_decides(cx: &Context<'_>, round: &Round) -> Option<Broken> {
    let decided = decide(cx, &round.before, &round.seen);
    let what = || format!("{:?} instead of {:?}", round.decision, decided);
    (decided != round.decision).then(|| (MACHINE_DECIDES, what()))
}

fn state_first<K: Clone>(round: &Round, ground: &Ground<K>) -> Option<Broken> {
    let after = &round.decision.state;
    let other = |stored: &Option<State>| stored.as_ref() != Some(after);
    let (call, _) = ground.calls.iter().find(|(_, stored)| other(stored))?;
    let rule = if *after == round.before { LIVE_STATE } else { STATE_FIRST };
    Some((rule, format!("{call:?} in {}", after.phase.name().unwrap_or("Unreadable"))))
}

/// The calls are those of the effects, in order; where none failed, none is missing.
fn as_decided<K: Clone>(round: &Round, ground: &Ground<K>) -> Option<Broken> {
    let mut effects = round.decision.effects.iter().peekable();
    for (call, _) in &ground.calls {
        while effects.peek().is_some_and(|effect| !makes(effect, call)) {
            let passed = effects.next().filter(|effect| has_calls(effect));
            let done = |effect: &Effect| ground.calls.iter().any(|(call, _)| makes(effect, call));
            if let Some(passed) = passed.filter(|effect| !done(effect)) {
                return Some((AS_DECIDED, format!("{call:?} comes before: {passed}")));
            }
        }
        if effects.peek().is_none() {
            return Some((AS_DECIDED, format!("{call:?} is not next")));
        }
    }
    // An effect that has to ask first (for a UID) fails with its question.
    let written = ground.write_end.is_none() && ground.failed.is_none() && !ground.unanswered;
    let done = |effect: &&Effect| ground.calls.iter().any(|(call, _)| makes(effect, call));
    let missing = round.decision.effects.iter().filter(|e| has_calls(e)).find(|e| !done(e));
    missing.filter(|_| written).map(|effect| (AS_DECIDED, format!("not done: {effect}")))
}

fn makes(effect: &Effect, call: &Call) -> bool {
    match (effect, call) {
        (Effect::SaveRevision(to) | Effect::CopyRevision { to, .. }, Call::SaveRevision(of)) => {
            to.incarnation == *of
        }
        (Effect::CreateCluster(target), Call::Create(of, _)) => target.incarnation == *of,
        (Effect::RemoveCluster { incarnation }, Call::Delete(of, _))
        | (Effect::PointService { incarnation, .. }, Call::PointService(of)) => incarnation == of,
        (Effect::Submit(submit), Call::Submit(job)) => submit.job == *job,
        (Effect::Savepoint(savepoint), Call::Savepoint(trigger)) => savepoint.trigger == *trigger,
        (Effect::Cancel { job, .. }, Call::Cancel(id)) => job == id,
        (Effect::DeletePod { pod }, Call::DeletePod(uid)) => pod == uid,
        (Effect::RemoveRevision(obsolete), Call::DeleteRevision(of)) => obsolete.incarnation == *of,
        (Effect::RemoveFinalizer, Call::DeleteOwner) => true,
        _ => false,
    }
}

/// Whether an effect is calls in any case: the finalizer may be the store's own, and a job that is on
/// its way already is not sent again.
fn has_calls(effect: &Effect) -> bool {
    !matches!(effect, Effect::AddFinalizer | Effect::Submit(_))
}

/// The job that a state has on its way.
pub(super) fn submitted(state: &State) -> Option<JobId> {
    state.submission().map(|submission| submission.job)
}
