//! What Flink is asked, through the API server's proxy to the versioned Services.

use std::collections::{BTreeMap, BTreeSet};

use flinkk8soperator_resources::labels;
use serde_json::Value;

use super::Answers;
use crate::read::{ReadError, Reader};

/// Flink's web port where a Service does not name its own.
const DEFAULT_PORT: u64 = 8081;

/// The answers behind every versioned Service.
pub(super) async fn ask(
    reader: &Reader,
    application: &Value,
    services: &[Value],
) -> Result<BTreeMap<String, Answers>, ReadError> {
    let named = Named::of(application);
    let mut all = BTreeMap::new();
    for service in services.iter().filter(|s| !label(s, labels::HASH).is_empty()) {
        let (namespace, name) = (metadata(service, "namespace"), metadata(service, "name"));
        let ports = service.pointer("/spec/ports").and_then(Value::as_array);
        let ui = ports.into_iter().flatten().find(|port| port["name"] == "ui");
        let port = ui.and_then(|port| port["port"].as_u64()).unwrap_or(DEFAULT_PORT);
        let behind = Behind { reader, namespace, service: name, port };
        all.insert(name.to_owned(), behind.answers(&named).await?);
    }
    Ok(all)
}

fn metadata<'a>(object: &'a Value, member: &str) -> &'a str {
    object["metadata"][member].as_str().unwrap_or_default()
}

fn label<'a>(object: &'a Value, name: &str) -> &'a str {
    object["metadata"]["labels"][name].as_str().unwrap_or_default()
}

/// What the status names.
struct Named {
    jobs: BTreeSet<String>,
    trigger: Option<String>,
}

impl Named {
    fn of(application: &Value) -> Named {
        let status = &application["status"];
        let versions = status["versionStatuses"].as_array().into_iter().flatten();
        let jobs = versions.chain([status]).map(|of| &of["jobStatus"]["jobID"]);
        let known = |value: &Value| value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        Named {
            jobs: jobs.filter_map(known).collect(),
            trigger: known(&status["savepointTriggerId"]),
        }
    }
}

/// The JobManager behind a Service.
struct Behind<'a> {
    reader: &'a Reader,
    namespace: &'a str,
    service: &'a str,
    port: u64,
}

impl Behind<'_> {
    async fn answers(&self, named: &Named) -> Result<Answers, ReadError> {
        let mut answers = Answers::new();
        // One that does not answer this is not asked for more.
        if !self.ask("/overview", &mut answers).await? {
            return Ok(answers);
        }
        for path in ["/config", "/jobs", "/taskmanagers"] {
            self.ask(path, &mut answers).await?;
        }
        let listed = listed(&answers);
        for job in listed.union(&named.jobs) {
            let known = self.ask(&format!("/jobs/{job}"), &mut answers).await?;
            if known || listed.contains(job) {
                self.ask(&format!("/jobs/{job}/checkpoints"), &mut answers).await?;
                self.ask(&format!("/jobs/{job}/checkpoints/config"), &mut answers).await?;
                if let Some(trigger) = &named.trigger {
                    self.ask(&format!("/jobs/{job}/savepoints/{trigger}"), &mut answers).await?;
                }
            }
        }
        Ok(answers)
    }

    /// Whether the answer is a good one.
    async fn ask(&self, path: &str, answers: &mut Answers) -> Result<bool, ReadError> {
        let answer = self.reader.ask(self.namespace, self.service, self.port, path).await?;
        let good = answer.is_good();
        answers.insert(format!("GET {path}"), answer);
        Ok(good)
    }
}

/// The jobs that the JobManager lists.
fn listed(answers: &Answers) -> BTreeSet<String> {
    let jobs = answers.get("GET /jobs").and_then(|answer| answer.body["jobs"].as_array());
    let ids = jobs.into_iter().flatten().filter_map(|job| job["id"].as_str());
    ids.map(str::to_owned).collect()
}
