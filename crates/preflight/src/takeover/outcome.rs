//! What became of an application in a takeover that was tried.

use std::fmt;

use flinkk8soperator_simulate::trial::Report;
use serde::Serialize;
use serde_json::Value;

use crate::report::Verdict;
use crate::text;

/// What becomes of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// Its job, or its jobs, go on as they are.
    Unchanged,
    /// It is ours already: its status is our operator's.
    Ours,
    /// What is under way, a deploy, a first one, or a deletion, goes on.
    Continued {
        /// The phase ten minutes later; empty: it is gone.
        to: String,
    },
    /// It rests, and does not go on resting: a cluster is made or removed, or something is asked of its job.
    Redeployed {
        /// The phase ten minutes later.
        to: String,
    },
    /// Ten minutes later it is still on its way.
    Unfinished {
        /// The phase that it is in then.
        phase: String,
        /// What it waits for, or does.
        why: String,
    },
    /// Nothing is done before a person does something.
    Stalled {
        /// The reason, as the status has it.
        reason: String,
        /// The same in a sentence.
        why: String,
        /// What helps.
        cure: Option<String>,
    },
    /// A promise was broken in the simulated cluster: a defect of our operator. Do not switch.
    Broken {
        /// What happened.
        what: Vec<String>,
    },
    /// What stands there cannot be tried.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// Phases in which the reference operator does nothing unless the spec is edited.
const RESTING: [&str; 3] = ["Running", "DeployFailed", "DualRunning"];

impl Outcome {
    /// Of the application as it was, by what came of it.
    #[must_use]
    pub fn of(app: &Value, report: &Report) -> Outcome {
        if !report.broken.is_empty() {
            return Outcome::Broken { what: report.broken.clone() };
        }
        let end = report.end.applications.first();
        if let Some(end) = end.filter(|end| end.stalled) {
            let (reason, why) = (end.reason.clone(), end.message.clone());
            return Outcome::Stalled { reason, why, cure: end.unblocked_by.clone() };
        }
        if let Some(end) = end.filter(|end| !end.rests()) {
            let why = end.waiting_for.clone().unwrap_or_else(|| end.message.clone());
            return Outcome::Unfinished { phase: end.phase.clone(), why };
        }
        let of_a_cluster = report.writes.iter().any(|write| {
            write.resource == "deployments" && ["create", "delete"].contains(&write.verb)
        });
        let touched = of_a_cluster || !report.flink_requests.is_empty();
        let rested = RESTING.contains(&text(app, "/status/phase"))
            && app.pointer("/metadata/deletionTimestamp").is_none();
        let to = end.map(|end| end.phase.clone()).unwrap_or_default();
        match (rested, touched) {
            (true, false) => Outcome::Unchanged,
            (true, true) => Outcome::Redeployed { to },
            (false, _) => Outcome::Continued { to },
        }
    }
}

impl Verdict for Outcome {
    fn is_good(&self) -> bool {
        match self {
            Outcome::Unchanged | Outcome::Ours | Outcome::Continued { .. } => true,
            Outcome::Redeployed { .. }
            | Outcome::Unfinished { .. }
            | Outcome::Stalled { .. }
            | Outcome::Broken { .. }
            | Outcome::Unreadable { .. } => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Unchanged => f.write_str("unchanged"),
            Outcome::Ours => f.write_str("is this operator's already"),
            Outcome::Continued { to } if to.is_empty() => f.write_str("goes on, and is gone"),
            Outcome::Continued { to } => write!(f, "goes on, to {to}"),
            Outcome::Redeployed { to } => write!(f, "does not go on as it is: {to}"),
            Outcome::Unfinished { phase, why } => {
                let phase = if phase.is_empty() { "New" } else { phase };
                write!(f, "not done after ten minutes ({phase}): {why}")
            }
            Outcome::Stalled { reason, why, cure } => {
                write!(f, "waits for a person: {reason}: {why}")?;
                cure.as_ref().map_or(Ok(()), |cure| write!(f, "; what helps: {cure}"))
            }
            Outcome::Broken { what } => {
                write!(f, "DO NOT SWITCH, a defect of this operator: {}", what.join("; "))
            }
            Outcome::Unreadable { why } => write!(f, "not known: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use flinkk8soperator_simulate::ledger::{FlinkRequest, Write};
    use flinkk8soperator_simulate::scene::{Application, Scene};
    use serde_json::json;

    use super::*;

    /// Nothing happened, and the application is in this phase.
    fn report(phase: &str) -> Report {
        let phase = phase.to_owned();
        let app = Application { phase, observed_generation: Some(0), ..Application::default() };
        Report {
            good: true,
            refused: Vec::new(),
            broken: Vec::new(),
            end: Scene { applications: vec![app], ..Scene::default() },
            writes: Vec::new(),
            flink_requests: Vec::new(),
            history: Vec::new(),
            simulated_seconds: 600.0,
            real_seconds: 0.1,
        }
    }

    fn wrote(verb: &'static str, resource: &str) -> Report {
        let (resource, namespace, name) = (resource.to_owned(), String::new(), String::new());
        let write = Write { at: 1.0, verb, resource, namespace, name, status: Some(200) };
        Report { writes: vec![write], ..report("Running") }
    }

    fn posted() -> Report {
        let (method, path) = ("POST".to_owned(), "/jobs/1/stop".to_owned());
        let request = FlinkRequest { at: 1.0, method, pod: String::new(), path, status: Some(202) };
        Report { flink_requests: vec![request], ..report("Running") }
    }

    fn stalled(mut report: Report) -> Report {
        let end = &mut report.end.applications[0];
        (end.stalled, end.reason) = (true, "ForeignJob".to_owned());
        end.message = "a job runs".to_owned();
        report
    }

    fn waiting(phase: &str) -> Report {
        let mut report = report(phase);
        let end = &mut report.end.applications[0];
        (end.reconciling, end.message) = (true, "waiting".to_owned());
        report
    }

    fn going(mut report: Report) -> Report {
        report.end.applications[0].deleting = true;
        report
    }

    #[test]
    fn what_becomes_of_an_application_is_told_by_what_came_of_it() {
        let running = json!({ "status": { "phase": "Running" } });
        let deleted = json!({
            "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" },
            "status": { "phase": "Running" },
        });
        let savepointing = json!({ "status": { "phase": "Savepointing" } });
        let gone = Report { end: Scene::default(), ..posted() };
        let broken = Report { broken: vec!["two jobs".to_owned()], ..stalled(posted()) };
        for (app, report, good, words) in [
            (&running, report("Running"), true, "unchanged"),
            (&running, wrote("update", "flinkapplications/status"), true, "unchanged"),
            (&running, wrote("create", "controllerrevisions"), true, "unchanged"),
            (&running, wrote("patch", "deployments"), true, "unchanged"),
            (&running, wrote("create", "deployments"), false, "does not go on as it is: Running"),
            (&running, wrote("delete", "deployments"), false, "does not go on as it is: Running"),
            (&running, posted(), false, "does not go on as it is: Running"),
            (&savepointing, posted(), true, "goes on, to Running"),
            (&json!({}), wrote("create", "deployments"), true, "goes on, to Running"),
            (&json!({}), waiting(""), false, "not done after ten minutes (New): waiting"),
            (&running, waiting("Running"), false, "not done after ten minutes (Running): waiting"),
            (&deleted, going(posted()), false, "not done after ten minutes (Running): "),
            (&deleted, gone, true, "goes on, and is gone"),
            (&running, stalled(posted()), false, "waits for a person: ForeignJob: a job runs"),
            (&running, broken, false, "DO NOT SWITCH, a defect of this operator: two jobs"),
        ] {
            let outcome = Outcome::of(app, &report);
            assert_eq!((outcome.to_string().as_str(), outcome.is_good()), (words, good), "{app}");
        }
    }
}
