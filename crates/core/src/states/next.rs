//! What a phase's step comes to, before the effects of the state it leads to are known.

use crate::context::Context;
use crate::cure::{self, Cure};
use crate::decision::{Event, EventReason, Verdict, Waiting};
use crate::reason::Reason;
use crate::state::{Phase, Record, State};
use crate::time::Timestamp;

/// The next state, with what to tell about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) state: State,
    pub(crate) events: Vec<Event>,
    pub(crate) verdict: Verdict,
    pub(crate) wake: Option<Timestamp>,
}

impl Next {
    /// In `phase`, with nothing else to tell.
    pub(crate) fn new(
        record: Record,
        phase: Phase,
        reason: Reason,
        message: impl Into<String>,
    ) -> Next {
        let verdict = Verdict { reason, message: message.into(), waiting: None };
        Next { state: State { record, phase }, events: Vec::new(), verdict, wake: None }
    }

    /// In the same state.
    pub(crate) fn stay(state: &State, reason: Reason, message: impl Into<String>) -> Next {
        Next::new(state.record.clone(), state.phase.clone(), reason, message)
    }

    /// On the way of a deploy, waiting.
    pub(crate) fn waiting(state: &State, what: impl Into<String>, until: Timestamp) -> Next {
        let what = what.into();
        Next::stay(state, Reason::Deploying, format!("waiting for {what}")).waits(what, Some(until))
    }

    /// Waiting for what the pods report to pass.
    pub(crate) fn troubled(
        cx: &Context<'_>,
        state: &State,
        until: Timestamp,
        message: String,
    ) -> Next {
        Next::stay(state, Reason::PodTrouble, message)
            .waits("the pods to recover", Some(until))
            .cured_by([Cure::Pods, Cure::NewSpec])
            .polls_busily(cx)
    }

    /// Tells what is being waited for, and wakes when the time is up.
    pub(crate) fn waits(mut self, what: impl Into<String>, until: Option<Timestamp>) -> Next {
        self.verdict.waiting = Some(Waiting { what: what.into(), until, cures: Vec::new() });
        self.wake = earlier(self.wake, until);
        self
    }

    /// Tells what a person can do about it, if anything; where nothing else is waited for, that is.
    pub(crate) fn cured_by(mut self, cures: impl Into<Vec<Cure>>) -> Next {
        let cures = cures.into();
        if cures.is_empty() {
            return self;
        }
        match &mut self.verdict.waiting {
            Some(waiting) => waiting.cures = cures,
            none => {
                let what = cure::in_words(&cures);
                *none = Some(Waiting { what, until: None, cures });
            }
        }
        self
    }

    /// Tells of pods that do not end although they were told to, and are waited for.
    pub(crate) fn held_up_by(mut self, pods: &[String]) -> Next {
        if let (Some(waiting), false) = (&mut self.verdict.waiting, pods.is_empty()) {
            let told = format!("; pods that do not end: {}", pods.join(", "));
            self.verdict.message.push_str(&told);
            waiting.cures.extend(pods.iter().map(|name| Cure::Remove(format!("pod {name}"))));
        }
        self
    }

    /// Wakes at an instant that is still to come, too.
    pub(crate) fn also_wakes(mut self, cx: &Context<'_>, at: Timestamp) -> Next {
        self.wake = earlier(self.wake, Some(at).filter(|at| *at > cx.now));
        self
    }

    /// Wakes at an instant, if there is one to come.
    pub(crate) fn may_wake(self, cx: &Context<'_>, at: Option<Timestamp>) -> Next {
        match at {
            Some(at) => self.also_wakes(cx, at),
            None => self,
        }
    }

    /// Calls itself again while something is under way in Flink that no event tells.
    pub(crate) fn polls_busily(mut self, cx: &Context<'_>) -> Next {
        self.wake = earlier(self.wake, Some(cx.now + cx.config.flink_poll.busy));
        self
    }

    /// Calls itself again now and then, to notice what no event tells.
    pub(crate) fn polls(mut self, cx: &Context<'_>) -> Next {
        self.wake = earlier(self.wake, Some(cx.now + cx.config.flink_poll.running));
        self
    }

    /// Calls itself again at long intervals, while a person is waited for.
    pub(crate) fn polls_seldom(mut self, cx: &Context<'_>) -> Next {
        self.wake = earlier(self.wake, Some(cx.now + cx.config.flink_poll.max));
        self
    }

    /// Adds a Normal event.
    pub(crate) fn tells(mut self, reason: EventReason, message: impl Into<String>) -> Next {
        self.events.push(Event { warning: false, reason, message: message.into() });
        self
    }

    /// Adds a Normal event before the others: it tells of what led to them.
    pub(crate) fn tells_first(mut self, reason: EventReason, message: impl Into<String>) -> Next {
        self.events.insert(0, Event { warning: false, reason, message: message.into() });
        self
    }

    /// Adds a Warning event before the others.
    pub(crate) fn warns_first(mut self, reason: EventReason, message: impl Into<String>) -> Next {
        self.events.insert(0, Event { warning: true, reason, message: message.into() });
        self
    }

    /// Adds a Warning event.
    pub(crate) fn warns(mut self, reason: EventReason, message: impl Into<String>) -> Next {
        self.events.push(Event { warning: true, reason, message: message.into() });
        self
    }
}

/// The earlier of two instants; none is never. An instant that has passed is no reason to wake.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, DeployHash, Desired, Digest, Uid};

    #[test]
    fn an_instant_that_has_come_wakes_nobody() {
        let (config, desired) =
            (Config::default(), Desired::new(Uid(1), 1, DeployHash(1), Digest(1)));
        let now = Timestamp(5000);
        let cx = Context { config: &config, desired: &desired, now, resumed: false };
        let woken = |at| {
            let next = Next::stay(&State::new(now), Reason::Running, "the job runs");
            next.also_wakes(&cx, at).wake
        };
        assert_eq!(woken(now), None);
        assert_eq!(woken(Timestamp(5001)), Some(Timestamp(5001)));
    }
}
