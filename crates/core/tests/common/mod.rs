//! One round, as an embedder runs it: `needs` until it wants nothing more, then `decide`. Facts
//! come from the test; only what was asked for reaches the machine.

use flinkk8soperator_core::{Context, Decision, FactRequest, Observation, State, decide, needs};

/// How often `needs` may grow: the objects, the JobManager among them, what its answers bring up.
const QUESTIONS: usize = 3;

/// What is seen in a round, where `answer` knows everything.
pub(crate) fn observe(
    cx: &Context<'_>,
    state: &State,
    answer: impl Fn(&FactRequest) -> Observation,
) -> Observation {
    let mut seen = Observation::default();
    let mut asked = FactRequest::default();
    for _ in 0..QUESTIONS {
        asked = needs(cx, state, &seen);
        seen = answer(&asked);
    }
    assert_eq!(needs(cx, state, &seen), asked, "asked more than {QUESTIONS} times: {state:?}");
    seen
}

/// A whole round.
pub(crate) fn round(
    cx: &Context<'_>,
    state: &State,
    answer: impl Fn(&FactRequest) -> Observation,
) -> Decision {
    decide(cx, state, &observe(cx, state, answer))
}
