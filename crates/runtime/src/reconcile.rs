//! The round: parse, needs, observe, decide, persist, execute, publish, wake.
//!
//! One application at a time per worker, one round at a time per application. Nothing here knows a
//! rule: it is the order that matters.

use std::sync::Arc;

use flinkk8soperator_api::parse::{self, OperatorSettings};
use flinkk8soperator_api::project;
use flinkk8soperator_core::{
    Context, Cure, Decision, Desired, Effect, Incarnation, Observation, Reason, State, Verdict,
    Waiting, decide, needs,
};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use crate::application::{Application, Key, ResourceVersion, UnreadableApplication, address};
use crate::config::Applications;
use crate::execute::{EffectError, Ground, execute};
use crate::kubernetes::KubeError;
use crate::memory::{Memory, Refused, submitted, target_in};
use crate::metrics::RoundEnd;
use crate::newest::{newest, nothing_new};
use crate::observe::figures;
use crate::observe::observe;
use crate::operator::Operator;
use crate::persist::{PersistError, persist};
use crate::publish::publish;
use crate::span;
use crate::status::Write;

/// How often `needs` is asked: which JobManager, which job on it, what follows from its answer.
const QUESTIONS: usize = 3;

/// Why a round was not completed. The next one begins from scratch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    /// The application could not be read live.
    #[error("the application cannot be read")]
    Read(#[source] KubeError),
    /// What was read is not an application.
    #[error("the application cannot be understood")]
    Unreadable(#[source] UnreadableApplication),
    /// The state is not known to be written.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// An effect was not performed.
    #[error("{name}")]
    Effect {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: EffectError,
    },
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) how: RoundEnd,
    /// When the next is due without anything happening.
    pub(crate) wake: Option<Instant>,
}

/// One round for the application `key`, in its span (`span.rs`), from its begin to its end by these settings.
pub(crate) async fn round(
    operator: &Arc<Operator>,
    key: &Key,
    settings: &Applications,
    memory: &mut Memory,
) -> Result<Ended, RoundError> {
    let Some(watched) = operator.cache.application(key) else {
        return Ok(Ended { how: RoundEnd::Done, wake: None });
    };
    if let Some(until) = memory.held.filter(|until| *until > Instant::now()) {
        return Ok(Ended { how: RoundEnd::Skipped, wake: Some(until) });
    }
    let touched = operator.cache.lock().touched.remove(key);
    if nothing_new(&watched, memory, touched) {
        return Ok(Ended { how: RoundEnd::Skipped, wake: memory.due });
    }
    let Some(app) = newest(operator, watched, memory).await? else {
        return Ok(Ended { how: RoundEnd::Done, wake: None });
    };
    let settings = app.settings(settings);
    let outcome = decided(operator, app, settings, memory).await;
    memory.silences.end_round();
    let wake = outcome?;
    memory.due = wake;
    Ok(Ended { how: RoundEnd::Done, wake })
}

/// Everything after parsing. Returns when the next round is due.
async fn decided(
    operator: &Arc<Operator>,
    app: Arc<Application>,
    settings: &OperatorSettings,
    memory: &mut Memory,
) -> Result<Option<Instant>, RoundError> {
    let now = operator.clock.now();
    let desired = desired(&app, settings);
    let state = parse::state(&app.typed, now);
    let cx = Context { config: &settings.core, desired: &desired, now, resumed: !memory.decided };
    span::tell_where(&app, &state);

    memory.figures = figures::Gathered::default();
    let mut seen = Observation::default();
    for _ in 0..QUESTIONS {
        let before = seen.clone();
        let want = needs(&cx, &state, &seen);
        let observing = observe(operator, &app, cx.config, &state, &want, &mut seen, memory);
        observing.instrument(span::step("observe")).await;
        if seen == before {
            break;
        }
    }
    seen.objects.known().into_iter().for_each(|objects| memory.secrets.tidy(objects));
    let decision = span::step("decide").in_scope(|| decide(&cx, &state, &seen));
    operator.trace.round(&app.key, &cx, &state, &seen, &decision);

    let writing = written(operator, app, &cx, &state, &seen, &decision, memory);
    let app = writing.instrument(span::step("persist")).await?;
    memory.decided = true;
    memory.tidy(&decision.state);
    let jobs: Vec<_> = submitted(&decision.state).into_iter().collect();
    operator.posts.retain(&app.key, &jobs);
    // The news belong to the state that is now written: told even where an effect fails.
    let about = Arc::clone(&app);
    let performing = performed(operator, app, &desired, &decision, memory, Span::current());
    let done = performing.instrument(span::step("execute")).await;
    let kept_out = memory.secrets.news();
    let publishing = publish(operator, &about, &decision, done.as_ref().err(), kept_out);
    publishing.instrument(span::step("publish")).await;
    done.map_err(|(effect, source)| RoundError::Effect { name: effect.name(), source })?;
    Ok(wake(operator, &decision, memory))
}

/// What the user wants. A spec that cannot be read says nothing but that.
fn desired(app: &Application, settings: &OperatorSettings) -> Desired {
    let version = &app.version;
    let desired = parse::desired(&app.typed, version.hashes, version.digest, settings);
    match &version.wrong {
        None => desired,
        Some(wrong) => Desired { obstacles: vec![wrong.clone()], ..desired },
    }
}

/// Writes the status if it must be. Returns the application as it is then.
async fn written(
    operator: &Operator,
    app: Arc<Application>,
    cx: &Context<'_>,
    state: &State,
    seen: &Observation,
    decision: &Decision,
    memory: &mut Memory,
) -> Result<Arc<Application>, RoundError> {
    let figures = figures_of(operator, &app, &decision.state, memory);
    let previous = app.typed.status.as_ref();
    let status = project::status(previous, cx.desired, decision, seen, &figures, cx.now);
    let write = memory.pending.write(previous, &status, Instant::now());
    memory.words_at = if let Write::At(at) = write { Some(at) } else { None };
    // That the last round panicked stands there until one has succeeded: else each would take it away first.
    let changed = decision.state != *state || (write == Write::Now && memory.panic.is_none());
    if !changed && !refresh_due(cx, memory) {
        return Ok(app);
    }
    memory.words_at = None;
    let rendering = &operator.settings.rendering;
    let outcome = persist(&operator.kubernetes, rendering, &app, &status).await;
    operator.metrics.status_write(outcome.as_ref().map_or_else(PersistError::label, |_| "ok"));
    match outcome {
        Ok(written) => {
            remember(operator, &written, state, &decision.state, memory);
            let metrics = &operator.metrics;
            memory.under_way.written(metrics, state, &decision.state, seen);
            let before = previous.map_or(&[][..], |status| &status.deploy_history);
            metrics.deploys(before, &status.deploy_history, &decision.state);
            Ok(written)
        }
        Err(error) => {
            memory.own = None;
            match &error {
                PersistError::Lost(_) => memory.unanswered.clone_from(&status.machine),
                PersistError::Pruned(pruned) => {
                    memory.version = outdated(operator, &app, pruned, cx, seen).await;
                }
                PersistError::Conflict(_)
                | PersistError::Gone(_)
                | PersistError::Refused(_)
                | PersistError::Unreadable(_)
                | PersistError::Serialise(_) => {}
            }
            Err(error.into())
        }
    }
}

/// Puts the status back as it was before its state was pruned, and says why nothing happens. Without
/// the state in it, the rest would pass for the work of an operator that keeps none. Returns what the
/// application became.
async fn outdated(
    operator: &Operator,
    before: &Application,
    pruned: &Application,
    cx: &Context<'_>,
    seen: &Observation,
) -> ResourceVersion {
    let message = "the CRD prunes status.machine; apply the CRD of this version of the operator";
    let cures = vec![Cure::Crd];
    let waiting = Waiting { what: "the CRD to be applied".to_owned(), until: None, cures };
    let (reason, message) = (Reason::CrdOutdated, message.to_owned());
    let verdict = Verdict { reason, message: message.clone(), waiting: Some(waiting) };
    let state = State::unreadable(cx.now, message);
    let (effects, events) = (Vec::new(), Vec::new());
    let decision = Decision { state, effects, events, verdict, wake: None };
    let (previous, figures) = (before.typed.status.as_ref(), project::Figures::default());
    let status = project::status(previous, cx.desired, &decision, seen, &figures, cx.now);
    let rendering = &operator.settings.rendering;
    match persist(&operator.kubernetes, rendering, pruned, &status).await {
        Ok(told) => told.resource_version(),
        Err(error) => {
            tracing::warn!(app = %before.key, %error, "the status cannot say it");
            pruned.resource_version()
        }
    }
}

/// The state is written, by this process.
fn remember(
    operator: &Operator,
    written: &Arc<Application>,
    before: &State,
    after: &State,
    memory: &mut Memory,
) {
    memory.own = Some(Arc::clone(written));
    memory.version = written.resource_version();
    memory.status_version = written.resource_version();
    memory.written = Some(Instant::now());
    memory.pending.clear();
    // Of a cluster whose number was given out just now nothing can be stored.
    for number in before.record.incarnations + 1..=after.record.incarnations {
        memory.revisions.entry(flinkk8soperator_core::Incarnation(number)).or_insert(None);
    }
    let intent = submitted(after).filter(|job| submitted(before) != Some(*job));
    intent.into_iter().for_each(|job| operator.posts.intend(&written.key, job));
    #[cfg(feature = "crash-points")]
    if before != after {
        crate::crash::persisted(operator.crash.as_ref());
    }
}

/// Numbers that were merely observed are written as often as a checkpoint for a recovery: that costs no write more.
fn refresh_due(cx: &Context<'_>, memory: &Memory) -> bool {
    let Some(every) = cx.config.record_checkpoints else { return false };
    memory.written.is_none_or(|written| written.elapsed() >= every)
}

fn figures_of(
    operator: &Operator,
    app: &Application,
    state: &State,
    memory: &Memory,
) -> project::Figures {
    let url = |incarnation| web_address(operator, app, state, incarnation);
    let shown = project::shown_cluster(state).and_then(url);
    let deployed = state.record.deployed.as_ref().map(|version| version.target.revision());
    let revision = |incarnation| memory.revisions.get(&incarnation).cloned().flatten();
    let submitted = deployed.and_then(|of| Some(figures::submitted(of, &*revision(of)?)));
    let beside = state.record.beside().map(|older| {
        let of = older.target.incarnation;
        let figures = memory.figures.beside(of, url(of).as_deref());
        let submitted = revision(of).map(|revision| figures::submitted(of, &revision));
        project::Beside { submitted, ..figures }
    });
    let kept_out = memory.secrets.kept_out();
    project::Figures {
        submitted,
        beside,
        kept_out,
        ..memory.figures.about(state, shown.as_deref())
    }
}

/// Where people find Flink's web UI of a cluster, as the reference operator says it.
fn web_address(
    operator: &Operator,
    app: &Application,
    state: &State,
    incarnation: Incarnation,
) -> Option<String> {
    let colour = target_in(state, incarnation).and_then(|target| target.colour);
    operator.settings.rendering.ingress_host(&address(&app.key.name, colour))
}

async fn performed(
    operator: &Arc<Operator>,
    app: Arc<Application>,
    desired: &Desired,
    decision: &Decision,
    memory: &mut Memory,
    round: Span,
) -> Result<(), (Effect, EffectError)> {
    let (before, state) = (Arc::clone(&app), &decision.state);
    let mut ground = Ground { operator, desired, state, memory, app, round, late: None };
    let done = execute(&mut ground, &decision.effects).await;
    let after = ground.app;
    for effect in &decision.effects {
        if let Effect::Savepoint(savepoint) = effect {
            memory.under_way.triggered(savepoint.trigger);
        }
    }
    // The last that there is of an application: no state is written after it.
    if done.is_ok() && decision.effects.contains(&Effect::RemoveFinalizer) {
        memory.under_way.ended(&operator.metrics);
    }
    memory.refused = done.as_ref().err().and_then(|(effect, error)| refused(effect, error));
    // An effect that changed the application got it back: that is the newest there is.
    if after.resource_version() > before.resource_version() {
        memory.version = after.resource_version();
        memory.own = Some(after);
    }
    if let Err((_, EffectError::Kubernetes { source, .. })) = &done
        && (matches!(source, KubeError::Conflict(_)) || !source.nothing_happened())
    {
        memory.own = None;
    }
    done
}

/// What the next round sees of a cluster of which nothing more can be created.
fn refused(effect: &Effect, error: &EffectError) -> Option<Refused> {
    let Effect::CreateCluster(target) = *effect else { return None };
    let (incarnation, hash) = (target.incarnation, target.names());
    Some(Refused { incarnation, hash, message: error.lasting_refusal()? })
}

/// When the next round is due: when the decision says, or at once where effects were performed that
/// the last round had not: they have changed something that no event need tell. So where the status still tells
/// a panic.
fn wake(operator: &Operator, decision: &Decision, memory: &mut Memory) -> Option<Instant> {
    let progress = decision.effects.iter().any(|effect| !memory.effects.contains(effect));
    memory.effects.clone_from(&decision.effects);
    memory.failures = 0;
    let cured = memory.panic.take().is_some();
    if progress || cured {
        return Some(Instant::now());
    }
    let delay = decision.wake.map(|at| at.since(operator.clock.now()));
    let wake = delay.map(|delay| Instant::now() + operator.jitter.longer(delay, 0.1));
    [wake, memory.words_at].into_iter().flatten().min()
}
