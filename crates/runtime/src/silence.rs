//! For how long each question about an application has been asked in vain.
//!
//! By tokio's monotonic clock, since this process became leader: a deadline fires only on an answer
//! or after a silence, and a wall clock that jumps must not make a silence out of nothing.

use std::collections::{BTreeMap, BTreeSet};

use flinkk8soperator_core::{Fact, Silence};
use tokio::time::Instant;

/// Silences of one application.
#[derive(Debug, Default)]
pub(crate) struct Silences {
    since: BTreeMap<String, Instant>,
    asked: BTreeSet<String>,
}

impl Silences {
    /// Makes a fact of what came back for `question`, which names it among the application's.
    pub(crate) fn fact<T>(&mut self, question: &str, answer: Result<T, Silence>) -> Fact<T> {
        match answer {
            Ok(value) => {
                self.since.remove(question);
                Fact::Known(value)
            }
            Err(why) => {
                let now = Instant::now();
                let since = *self.since.entry(question.to_owned()).or_insert(now);
                self.asked.insert(question.to_owned());
                Fact::Unknown { why, for_how_long: now.duration_since(since) }
            }
        }
    }

    /// The round is over: a question that was not asked in it is not being asked in vain any more.
    pub(crate) fn end_round(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        self.since.retain(|question, _| asked.contains(question));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn length(fact: &Fact<()>) -> Option<Duration> {
        match fact {
            Fact::Unknown { for_how_long, .. } => Some(*for_how_long),
            Fact::Unasked | Fact::Known(()) => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_lasts_from_its_first_round_to_an_answer_or_a_round_without_the_question() {
        let mut silences = Silences::default();
        let mut ask = |answer| {
            let fact = silences.fact("jobs", answer);
            silences.end_round();
            length(&fact)
        };
        let second = Duration::from_secs(1);
        assert_eq!(ask(Err(Silence::TimedOut)), Some(Duration::ZERO));
        tokio::time::advance(second).await;
        assert_eq!(ask(Err(Silence::Unreachable)), Some(second));
        assert_eq!(ask(Ok(())), None);
        tokio::time::advance(second).await;
        assert_eq!(ask(Err(Silence::TimedOut)), Some(Duration::ZERO));
        silences.end_round();
        tokio::time::advance(second).await;
        let fact = silences.fact::<()>("jobs", Err(Silence::TimedOut));
        assert_eq!(length(&fact), Some(Duration::ZERO));
    }
}
