//! The laws of a decision, over a generated vocabulary of rounds (`vocabulary/`): each holds always,
//! and beside each stands how often it had something to say, so that none holds vacuously.

mod common;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};

use common::{observe, round};
use flinkk8soperator_core::*;
use vocabulary::{Case, NOW, SHORT, each};

/// The decision of the case's round.
fn decided(case: &Case<'_>) -> Decision {
    decide(&case.cx, case.state, &case.seen)
}

/// Where a law is broken: sorts of breaches, each with how often and the first case.
#[derive(Default)]
struct Breaches(BTreeMap<String, (u32, String)>);

impl Breaches {
    /// `sort` tells breaches apart that have different causes.
    fn note(&mut self, case: &Case<'_>, sort: String, detail: impl FnOnce() -> String) {
        let phase = case.state.phase.name().unwrap_or("Unreadable");
        let (count, _) = self.0.entry(format!("{phase}: {sort}")).or_insert_with(|| {
            let Case { state, cx, facts, .. } = case;
            (0, format!("{}\n  {state:?}\n  {:?}\n  {facts:?}", detail(), cx.desired))
        });
        *count += 1;
    }

    fn check(self) {
        let lines = self.0.iter().map(|(sort, (n, first))| format!("{sort} ({n} times): {first}"));
        let lines: Vec<String> = lines.collect();
        assert!(lines.is_empty(), "{} sorts of breaches\n{}", lines.len(), lines.join("\n\n"));
    }
}

/// Stops, deletes or submits: what cannot be taken back. (Of TaskManagers only those go that run
/// nothing: [`hides_what_runs`].)
fn drastic(effect: &Effect) -> bool {
    match effect {
        Effect::Submit(_)
        | Effect::Savepoint(_)
        | Effect::Cancel { .. }
        | Effect::DeletePod { .. }
        | Effect::RemoveCluster { .. }
        | Effect::RemoveRevision(_)
        | Effect::RemoveFinalizer => true,
        Effect::AddFinalizer
        | Effect::SaveRevision(_)
        | Effect::CopyRevision { .. }
        | Effect::RebuildRevision(_)
        | Effect::CreateCluster(_)
        | Effect::ScaleTaskManagers { .. }
        | Effect::LabelCluster(_)
        | Effect::SetRequirements(_)
        | Effect::PointService { .. } => false,
    }
}

#[test]
fn total_every_round_of_every_state_comes_to_a_decision() {
    let (mut phases, mut effects, mut reasons) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    each(|case| {
        let decision = decided(case);
        phases.insert(decision.state.phase.name());
        effects.extend(decision.effects.iter().map(Effect::name));
        reasons.insert(decision.verdict.reason);
    });
    // Sometimes: the vocabulary leads to every phase and asks for every effect.
    assert_eq!(phases.len(), 14, "{phases:?}");
    assert_eq!(effects.len(), 16, "{effects:?}");
    assert!(reasons.len() >= 15, "{reasons:?}");
}

#[test]
fn deterministic_the_same_round_comes_to_the_same_decision() {
    let mut different = BTreeSet::new();
    each(|case| {
        let first = decided(case);
        let again = round(&case.cx, &case.state.clone(), |ask| case.facts.answer(ask));
        assert_eq!(first, again, "two decisions in {:?} on {:?}", case.state, case.facts);
        different.insert((first.state.phase.name(), first.effects.len(), first.wake));
    });
    assert!(different.len() > 20, "facts make a difference");
}

/// In a transition the effects are those of a state whose facts were not asked for yet: there the
/// next state, the events and the verdict are what must not depend on more.
#[test]
fn honest_only_what_needs_named_makes_a_difference() {
    let (mut breaches, mut unasked) = (Breaches::default(), 0_u32);
    each(|case| {
        let more = with_unasked(case);
        unasked += u32::from(more != case.seen);
        let (asked, all) = (decided(case), decide(&case.cx, case.state, &more));
        let mut comparable = all.clone();
        if asked.state != *case.state {
            comparable.effects.clone_from(&asked.effects);
        }
        if comparable != asked {
            breaches.note(case, "reads more".to_owned(), || format!("{asked:?}\n  {all:?}"));
        }
    });
    breaches.check();
    assert!(unasked > 1000, "there are facts that nobody asked for");
}

/// Everything there is to know, from the processes that were asked.
fn with_unasked(case: &Case<'_>) -> Observation {
    let mut more = case.facts.0.clone();
    for (incarnation, flink) in &mut more.flink {
        flink.process = case.seen.flink.get(incarnation).and_then(|f| f.process);
    }
    // That the LIST was asked for is itself a reason to look again soon.
    more.live_pods.clone_from(&case.seen.live_pods);
    more.flink.retain(|_, flink| flink.process.is_some());
    more
}

#[test]
fn level_what_a_transition_asks_for_is_asked_for_until_it_is_done() {
    let (mut breaches, mut repeated) = (Breaches::default(), 0_u32);
    each(|case| {
        let first = decided(case);
        let again = round(&case.cx, &first.state, |ask| case.facts.answer(ask));
        if first.state == *case.state || again.state != first.state {
            return;
        }
        let stored = case.facts.0.revision(Incarnation(2)) == Some(true);
        for effect in &first.effects {
            let done =
                stored && matches!(effect, Effect::SaveRevision(_) | Effect::CopyRevision { .. });
            if !done && !again.effects.contains(effect) {
                breaches.note(case, effect.name().to_owned(), || format!("{effect:?}"));
            }
            repeated += 1;
        }
    });
    breaches.check();
    assert!(repeated > 100, "transitions ask for effects");
}

#[test]
fn patient_an_early_call_changes_nothing() {
    let (mut breaches, mut early, mut due) = (Breaches::default(), 0_u32, 0_u32);
    each(|case| {
        let at = |now| round(&Context { now, ..case.cx }, case.state, |ask| case.facts.answer(ask));
        let now = decided(case);
        let Some(wake) = now.wake.filter(|w| *w > NOW && now.state == *case.state) else { return };
        let middle = Timestamp(NOW.0.midpoint(wake.0));
        for instant in [Timestamp(NOW.0 + 1), middle, Timestamp(wake.0 - 1)] {
            let then = at(instant);
            if then.state != now.state {
                let sort = format!("state to {:?}", then.state.phase.name());
                breaches.note(case, sort, || format!("at {instant}, not at {wake}"));
            } else if then.effects != now.effects {
                let kinds: Vec<_> = then.effects.iter().map(Effect::name).collect();
                breaches.note(case, format!("effects {kinds:?}"), || format!("at {instant}"));
            }
            early += 1;
        }
        due += u32::from(at(wake).state != now.state);
    });
    breaches.check();
    assert!(early > 1000, "rounds wait");
    assert!(due > 100, "and what they wait for comes");
}

/// A way to fall silent.
type Hush<T> = (&'static str, fn(&mut T));

fn hush<T>(fact: &mut Fact<T>) {
    if fact.known().is_some() {
        *fact = Fact::Unknown { why: Silence::TimedOut, for_how_long: SHORT };
    }
}

/// What a process knows of its own POST is never silent.
const OF_FLINK: [Hush<Flink>; 9] = [
    ("cluster", |flink| hush(&mut flink.cluster)),
    ("jobs", |flink| hush(&mut flink.jobs)),
    ("job", |flink| hush(&mut flink.job)),
    ("statistics", |flink| hush(&mut flink.statistics)),
    ("checkpointing", |flink| hush(&mut flink.checkpointing)),
    ("operation", |flink| hush(&mut flink.operation)),
    ("idle", |flink| hush(&mut flink.idle)),
    ("requirements", |flink| hush(&mut flink.requirements)),
    ("the JobManager", |flink| OF_FLINK[..8].iter().for_each(|(_, silence)| silence(flink))),
];

const OF_KUBERNETES: [Hush<Observation>; 4] = [
    ("objects", |seen| hush(&mut seen.objects)),
    ("live pods", |seen| hush(&mut seen.live_pods)),
    ("revisions", |seen| seen.revisions.values_mut().for_each(hush)),
    ("change", |seen| hush(&mut seen.change)),
];

/// What is seen with one fact, or all of one JobManager's, silent for a short while.
fn silenced(case: &Case<'_>) -> Vec<(&'static str, Observation)> {
    let mut all = Vec::new();
    let mut add = |what, silence: &dyn Fn(&mut Observation)| {
        let mut facts = case.facts.clone();
        silence(&mut facts.0);
        let seen = observe(&case.cx, case.state, |ask| facts.answer(ask));
        if seen != case.seen {
            all.push((what, seen));
        }
    };
    for (what, silence) in OF_KUBERNETES {
        add(what, &silence);
    }
    for incarnation in case.seen.flink.keys() {
        for (what, silence) in OF_FLINK {
            add(what, &|seen| seen.flink.get_mut(incarnation).into_iter().for_each(silence));
        }
    }
    all
}

/// The deadline that a phase is under.
fn deadline(phase: &Phase) -> Option<Timestamp> {
    let submission = |s: &Submission| s.start_deadline.unwrap_or(s.deadline);
    match phase {
        Phase::Updating(phase) => Some(phase.deadline),
        Phase::Rescaling(phase) => Some(phase.deadline),
        Phase::ClusterStarting(phase) => Some(phase.deadline),
        Phase::Savepointing(phase) => Some(phase.deadline),
        Phase::SubmittingJob(phase) => Some(submission(&phase.submission)),
        Phase::Running(phase) => phase.confirming.map(|c| c.deadline),
        Phase::DualRunning(DualRunning { teardown: Some(teardown), .. }) => Some(teardown.deadline),
        Phase::DualRunning(phase) => phase.confirming.map(|c| c.deadline),
        Phase::RollingBackJob(phase) => phase.restart.submission.as_ref().map(submission),
        Phase::Cancelling(phase) => Some(phase.deadline),
        Phase::Recovering(phase) => match &phase.step {
            RecoveringStep::Start(restart) => restart.submission.as_ref().map(submission),
            RecoveringStep::Find(_) => Some(phase.deadline),
        },
        Phase::Deleting(phase) => Some(phase.deadline),
        Phase::New(_) | Phase::Left(_) | Phase::DeployFailed(_) | Phase::Unreadable(_) => None,
    }
}

/// With all facts known a deadline fires and the state is left; in silence it does not fire yet, so
/// the effects of the state go on.
fn delays_a_deadline(case: &Case<'_>, spoken: &Decision, silent: &Decision) -> bool {
    let was = &case.state.phase;
    let kept = silent.state.phase == *was && spoken.state.phase != *was;
    kept && deadline(was).is_some_and(|deadline| deadline <= NOW)
}

fn counts_something_else(phase: &Phase) -> bool {
    let grows = |step: &RescalingStep| matches!(step, RescalingStep::Grow { troubled } if troubled.is_some());
    let troubled = matches!(phase, Phase::ClusterStarting(phase) if phase.troubled.is_some())
        || matches!(phase, Phase::Rescaling(phase) if grows(&phase.step));
    let restarts = |step: &RecoveringStep| matches!(step, RecoveringStep::Start(_));
    troubled || matches!(phase, Phase::Recovering(phase) if restarts(&phase.step))
}

#[test]
fn a_new_process_gives_no_deadline_up_that_passed_before_it_came() {
    let (mut breaches, mut same, mut kept) = (Breaches::default(), 0_u32, 0_u32);
    each(|case| {
        let resumed = Context { resumed: true, ..case.cx };
        let first = round(&resumed, case.state, |ask| case.facts.answer(ask));
        let later = decided(case);
        match deadline(&case.state.phase) {
            Some(passed) if passed <= NOW => {
                let stays = first.state.phase.name() == case.state.phase.name();
                if stays && deadline(&first.state.phase).is_some_and(|d| d <= NOW) {
                    breaches.note(case, "still overdue".to_owned(), || format!("{first:?}"));
                }
                kept += u32::from(stays && later.state.phase.name() != case.state.phase.name());
            }
            // How long pods have been in trouble is counted anew, too, and what a recovery has begun.
            Some(_) if counts_something_else(&case.state.phase) => {}
            Some(_) | None if first == later => same += 1,
            Some(_) | None => {
                breaches.note(case, "differs".to_owned(), || format!("{first:?}"));
            }
        }
    });
    breaches.check();
    assert!(same > 1000, "a deadline that is still to come is left alone");
    assert!(kept > 100, "what another round would have given up is kept");
}

/// With these silent nobody can tell which TaskManagers run nothing.
fn hides_what_runs(what: &str, effect: &Effect) -> bool {
    let scales = matches!(effect, Effect::ScaleTaskManagers { .. });
    scales && ["objects", "live pods", "idle"].contains(&what)
}

#[test]
fn silent_is_not_false_a_short_silence_adds_nothing_drastic() {
    let (mut breaches, mut compared, mut withheld) = (Breaches::default(), 0_u32, 0_u32);
    each(|case| {
        let spoken = decided(case);
        for (what, seen) in silenced(case) {
            let silent = decide(&case.cx, case.state, &seen);
            let grave = |e: &&Effect| drastic(e) || hides_what_runs(what, e);
            for effect in silent.effects.iter().filter(grave) {
                if !spoken.effects.contains(effect) && !delays_a_deadline(case, &spoken, &silent) {
                    let sort = format!("{} after a silence of {what}", effect.name());
                    breaches.note(case, sort, || format!("{effect:?}"));
                }
            }
            compared += 1;
            let mut kept = spoken.effects.iter().filter(grave);
            withheld += u32::from(kept.any(|e| !silent.effects.contains(e)));
        }
    });
    breaches.check();
    assert!(compared > 10_000, "silences were compared");
    assert!(withheld > 100, "silence withholds effects");
}

/// More steps than there are phases, twice: a plan that goes round in circles.
const STEPS: usize = 24;
/// A plan is a hundred rounds: one case in so many has one. A prime, so that every deviation comes.
const ONE_IN: u32 = 13;

#[test]
fn a_plan_begins_with_what_the_next_round_decides_and_ends() {
    let (mut ends, mut begun, mut quiet) = (BTreeSet::new(), 0_u32, 0_u32);
    let (mut breaches, mut cases) = (Breaches::default(), 0_u32);
    each(|case| {
        cases += 1;
        if cases % ONE_IN != 0 {
            return;
        }
        let decision = decided(case);
        let foretold = plan(&case.cx, case.state, &case.seen, STEPS);
        ends.insert(match &foretold.end {
            PlanEnd::Rests(_) => "rests",
            PlanEnd::Stalled(_) => "stalled",
            PlanEnd::Waits(_) => "waits",
            PlanEnd::Gone => "gone",
            PlanEnd::Limit => "limit",
        });
        if foretold.end == PlanEnd::Limit {
            breaches.note(case, "goes round in circles".to_owned(), || foretold.to_string());
        }
        let phase = decision.state.phase.name();
        let entered = phase != case.state.phase.name() && phase.is_some();
        match foretold.steps.first() {
            Some(first) => {
                let mut acts = first.effects();
                let same = (!entered || phase == Some(first.phase))
                    && decision.effects.iter().all(|e| acts.any(|act| act == e));
                if !same {
                    breaches.note(case, "begins otherwise".to_owned(), || first.to_string());
                }
                begun += 1;
            }
            None => {
                if entered || !decision.effects.is_empty() {
                    breaches.note(case, "tells of nothing".to_owned(), || format!("{decision:?}"));
                }
                quiet += 1;
            }
        }
    });
    breaches.check();
    assert_eq!(ends.len(), 4, "plans end in every way: {ends:?}");
    assert!(begun > 1000 && quiet > 100, "{begun} plans have steps, {quiet} have none");
}
