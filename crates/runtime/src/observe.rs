//! Answers what the machine asked for. Never fails: what cannot be found out is a fact of its own.
//!
//! `FactRequest` in, `Observation` filled in. What was answered in this round is not asked again.

pub(crate) mod figures;
pub(crate) mod flink;
pub(crate) mod kube;

use flinkk8soperator_core::{Config, Fact, FactRequest, Observation, State};

use crate::application::Application;
use crate::memory::Memory;
use crate::operator::Operator;

/// Asks what `want` names and `seen` lacks.
pub(crate) async fn observe(
    operator: &Operator,
    app: &Application,
    config: &Config,
    state: &State,
    want: &FactRequest,
    seen: &mut Observation,
    memory: &mut Memory,
) {
    if want.objects && seen.objects == Fact::Unasked {
        let answer = kube::objects(operator, app, config, memory).await;
        seen.objects = memory.silences.fact("objects", answer);
    }
    if want.live_pods && seen.live_pods == Fact::Unasked {
        let answer = kube::live_pods(operator, app, config).await;
        seen.live_pods = memory.silences.fact("live pods", answer);
    }
    for incarnation in &want.revisions {
        if seen.revisions.contains_key(incarnation) {
            continue;
        }
        let answer = kube::revision(operator, app, state, *incarnation, memory).await;
        let answer = answer.map(|revision| revision.is_some());
        let name = format!("revision {incarnation}");
        seen.revisions.insert(*incarnation, memory.silences.fact(&name, answer));
    }
    if want.newest_revision && seen.newest_revision == Fact::Unasked {
        let answer = kube::newest_revision(operator, app).await;
        seen.newest_revision = memory.silences.fact("newest revision", answer);
    }
    if let (Some(incarnation), Fact::Unasked) = (want.change, &seen.change) {
        let answer = kube::change(operator, app, state, incarnation, memory).await;
        seen.change = memory.silences.fact("change", answer);
    }
    for request in &want.flink {
        let told = seen.flink.entry(request.incarnation).or_default();
        flink::ask(operator, app, request, told, memory).await;
    }
    if let Some(job) = want.last_seen {
        seen.last_seen = Fact::Known(memory.last_seen.get(&job).cloned());
    }
}
