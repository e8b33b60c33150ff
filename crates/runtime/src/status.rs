//! When a status is written: only when it must be.
//!
//! A new state, and everything by which a person or a tool would act, at once; mere words (what is
//! being waited for) once they have stood still for a moment, because a deploy that goes well says
//! many things for a second each; numbers at most every `statusRefresh`.

use std::time::Duration;

use flinkk8soperator_api::project::differs_beyond_figures;
use flinkk8soperator_api::v1beta1::FlinkApplicationStatus;
use tokio::time::Instant;

/// How long words have to stand still. Shorter than a person's patience, longer than the steps of a
/// deploy that goes well.
const SETTLE: Duration = Duration::from_secs(5);
/// How long words that never stand still wait at most.
const LONGEST: Duration = Duration::from_secs(15);

/// What a status is to be told of before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Now.
    Now,
    /// Not before then, if nothing changes.
    At(Instant),
    /// Not for anything that is in it.
    Never,
}

/// Words that were not written yet.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Since when the stored ones are not the last ones, and since when these are.
    since: Option<(Instant, Instant)>,
    last: Vec<String>,
}

impl Pending {
    /// Everything is written.
    pub(crate) fn clear(&mut self) {
        *self = Pending::default();
    }

    /// When to write `new` over `stored`.
    pub(crate) fn write(
        &mut self,
        stored: Option<&FlinkApplicationStatus>,
        new: &FlinkApplicationStatus,
        now: Instant,
    ) -> Write {
        let Some(stored) = stored else { return Write::Now };
        if !differs_beyond_figures(stored, new) {
            self.clear();
            return Write::Never;
        }
        if differs_beyond_figures(&without_words(stored), &without_words(new)) {
            return Write::Now;
        }
        let words = words(new);
        let same = self.last == words;
        let (first, still) = self.since.unwrap_or((now, now));
        let still = if same { still } else { now };
        self.since = Some((first, still));
        self.last = words;
        let at = (still + SETTLE).min(first + LONGEST);
        if at <= now { Write::Now } else { Write::At(at) }
    }
}

/// The sentences of a status.
fn words(status: &FlinkApplicationStatus) -> Vec<String> {
    let waiting = status.waiting_for.iter();
    let waiting =
        waiting.flat_map(|w| [w.what.clone(), w.unblocked_by.clone().unwrap_or_default()]);
    waiting.chain(status.conditions.iter().map(|condition| condition.message.clone())).collect()
}

/// A status without the sentences that explain it.
fn without_words(status: &FlinkApplicationStatus) -> FlinkApplicationStatus {
    let mut status = status.clone();
    status.waiting_for = None;
    for condition in &mut status.conditions {
        condition.message.clear();
    }
    status
}

#[cfg(test)]
mod tests {
    use flinkk8soperator_api::v1beta1::{Phase, WaitingFor};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;

    fn waiting(what: &str) -> FlinkApplicationStatus {
        let since = Time(jiff::Timestamp::UNIX_EPOCH);
        let (what, until, unblocked_by) = (what.to_owned(), None, None);
        let waiting_for = Some(WaitingFor { what, since, until, unblocked_by });
        FlinkApplicationStatus { waiting_for, ..FlinkApplicationStatus::default() }
    }

    #[test]
    fn words_are_written_once_they_stand_still() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        let stored = waiting("a");
        let mut write = |what: &str, second: f64| {
            let now = start + Duration::from_secs_f64(second);
            let at = |write| match write {
                Write::At(at) => Some((at - start).as_secs()),
                Write::Now => Some(0),
                Write::Never => None,
            };
            at(pending.write(Some(&stored), &waiting(what), now))
        };
        assert_eq!(write("a", 0.0), None);
        assert_eq!(write("b", 1.0), Some(6));
        assert_eq!(write("b", 5.0), Some(6));
        assert_eq!(write("c", 5.5), Some(10));
        assert_eq!(write("d", 10.0), Some(15));
        assert_eq!(write("e", 14.0), Some(16), "words that never stand still wait for ever");
        assert_eq!(write("e", 16.0), Some(0));
    }

    #[test]
    fn what_people_act_by_is_written_at_once() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        assert_eq!(pending.write(None, &waiting("a"), now), Write::Now);
        let running = FlinkApplicationStatus { phase: Phase::Running, ..waiting("b") };
        assert_eq!(pending.write(Some(&waiting("a")), &running, now), Write::Now);
    }
}
