//! A round that panicked, told on its application: by its conditions and an event, until a round succeeds.
//!
//! What is stored is left as it is, above all `status.machine`: where the round got to is not known here. The
//! telling goes the way of the round, which may be where the defect is; so it is a task of its own, too.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use flinkk8soperator_api::{project, v1beta1::FlinkApplicationStatus};
use flinkk8soperator_core::{
    Decision, Desired, Observation, Reason, State, Timestamp, Verdict, Waiting,
};
use tokio::task::JoinError;
use tokio::time::Instant;
use tracing::Instrument;

use crate::application::{Application, Key, ResourceVersion};
use crate::execute::events::News;
use crate::memory::Memory;
use crate::operator::Operator;
use crate::persist::{PersistError, persist};

/// As much of a panic's text as a person reads in a list of events.
const LONGEST: usize = 400;

/// A panic that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    words: String,
    at: Instant,
}

/// Tells it, and returns what the next round knows: that it is not due before `every`, the longest back-off, has passed,
/// whatever happens meanwhile. `before` is what was told last.
pub(super) async fn tell(
    operator: &Arc<Operator>,
    key: &Key,
    every: Duration,
    error: JoinError,
    before: Option<Told>,
) -> Memory {
    let words = match error.try_into_panic() {
        Ok(panic) => words(&*panic),
        Err(error) => error.to_string(),
    };
    tracing::error!(app = %key, panic = words, "a round panicked: a defect, please report it");
    let message = format!(
        "a round of the operator panicked, which is a defect (please report it with the log): {words}. \
         It is tried again every {every:?}"
    );
    let (shared, of) = (Arc::clone(operator), key.clone());
    let lately = before.filter(|told| told.words == words && told.at.elapsed() < every);
    let repeated = lately.is_some();
    let showing = async move { show(&shared, &of, &message, repeated).await };
    let showing = tokio::spawn(showing.in_current_span());
    let written = showing.await.unwrap_or_else(|_| {
        tracing::error!(app = %key, "its application cannot be told");
        None
    });
    // What the watch has shown by now, and the echo of what was written, are no news.
    let seen = operator.cache.application(key).map(|app| app.resource_version());
    let due = Some(Instant::now() + every);
    let told = lately.unwrap_or_else(|| Told { words, at: Instant::now() });
    Memory {
        version: seen.max(written).unwrap_or_default(),
        due,
        held: due,
        panic: Some(told),
        ..Memory::default()
    }
}

/// The text of a panic, on one line.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("it said nothing").split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Writes it where it is not written yet, with an event. Returns the version of what was written.
async fn show(
    operator: &Operator,
    key: &Key,
    message: &str,
    repeated: bool,
) -> Option<ResourceVersion> {
    let object = operator.kubernetes.application(key).await.ok()?;
    let rendering = &operator.settings.rendering;
    let app = Application::read(object, rendering, None).ok()?;
    let previous = app.typed.status.as_ref();
    let status = status(&app, previous, message, operator.clock.now());
    let news = previous.is_none_or(|old| project::differs_beyond_figures(old, &status));
    if !operator.lease.held() || (repeated && !news) {
        return None;
    }
    let mut version = None;
    if news {
        let outcome = persist(&operator.kubernetes, rendering, &app, &status).await;
        operator.metrics.status_write(outcome.as_ref().map_or_else(PersistError::label, |_| "ok"));
        version = outcome.as_ref().ok().map(|written| written.resource_version());
        if let Err(error) = outcome {
            tracing::warn!(app = %key, %error, "the status cannot tell the panic");
        }
    }
    let reason = Reason::InternalError.as_str();
    let news = News { warning: true, reason, message: message.to_owned() };
    operator.events.publish(&operator.kubernetes, operator.clock.as_ref(), &app, &news).await;
    version
}

/// The stored status with other conditions: as where the state cannot be read.
fn status(
    app: &Application,
    previous: Option<&FlinkApplicationStatus>,
    message: &str,
    now: Timestamp,
) -> FlinkApplicationStatus {
    let generation = app.typed.metadata.generation.unwrap_or_default();
    // Nothing but the generation of it is told.
    let desired = Desired::new(app.uid, generation, app.version.hashes.plain, app.version.digest);
    let what = "an operator without this defect".to_owned();
    let waiting = Some(Waiting { what, until: None, cures: Vec::new() });
    let (reason, message) = (Reason::InternalError, message.to_owned());
    let state = State::unreadable(now, message.clone());
    let verdict = Verdict { reason, message, waiting };
    let (effects, events) = (Vec::new(), Vec::new());
    let decision = Decision { state, effects, events, verdict, wake: None };
    let (seen, figures) = (Observation::default(), project::Figures::default());
    project::status(previous, &desired, &decision, &seen, &figures, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_its_own_words_on_one_line_that_is_not_too_long() {
        assert_eq!(words(&"at\n  the end"), "at the end");
        assert_eq!(words(&String::from("with a number: 7")), "with a number: 7");
        assert_eq!(words(&7), "it said nothing");
        let long = words(&"é".repeat(1000));
        assert_eq!((long.chars().count(), long.chars().last()), (LONGEST + 1, Some('…')));
    }
}
