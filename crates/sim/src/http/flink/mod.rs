//! Flink's REST API, answered from the world: what a JobManager's pod says on its port.

mod answers;
mod refusals;
mod routes;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use serde_json::Value;

use super::cluster::Life;
use super::cluster::intent::property;
use super::kubernetes::api::Api;
use super::kubernetes::proxy::{PodProxy, Refused};
use crate::world::{Answer, Process};
use routes::{Asked, Submission};

/// What the API server says of a server without TLS (Go's crypto/tls).
const NO_TLS: &str = "tls: first record does not look like a TLS handshake";

/// The Flink in the pods of a simulated cluster.
pub struct SimulatedFlink {
    life: Arc<Life>,
    api: Api,
}

impl SimulatedFlink {
    /// Answers from this world; the API server tells what the pods were configured with.
    #[must_use]
    pub fn new(life: Arc<Life>, api: Api) -> SimulatedFlink {
        SimulatedFlink { life, api }
    }

    /// The JobManager process in a pod, if it answers.
    fn process(&self, namespace: &str, pod: &str) -> Result<Process, Refused> {
        let refused = || Refused(format!("dial tcp: connection to pod {pod} refused"));
        let uid = self.life.pod(namespace, pod).ok_or_else(refused)?;
        self.life
            .with_world(|world| {
                let process = world.pod(uid)?.process();
                world.overview(process).map(|_| process)
            })
            .ok_or_else(refused)
    }
}

impl PodProxy for SimulatedFlink {
    fn call(
        &self,
        namespace: String,
        pod: String,
        _port: u16,
        tls: bool,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, Refused>> {
        let process = self.process(&namespace, &pod);
        let properties = self
            .api
            .store()
            .get(&super::kubernetes::kinds::PODS, &namespace, &pod)
            .map(|object| super::cluster::intent::properties(&object))
            .unwrap_or_default();
        let life = self.life.clone();
        Box::pin(async move {
            let process = process?;
            let speaks_tls = property(&properties, "security.ssl.rest.enabled") == Some("true");
            match (speaks_tls, tls) {
                (true, false) => return Ok(refusals::redirected(request.uri())),
                (false, true) => return Err(Refused(NO_TLS.to_owned())),
                (true, true) | (false, false) => {}
            }
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            answer(&life, process, &properties, &method, &path, &body).await
        })
    }
}

/// One exchange. A submission is answered when its `main()` is through.
async fn answer(
    life: &Life,
    process: Process,
    properties: &str,
    method: &Method,
    path: &str,
    body: &Value,
) -> Result<Response<Bytes>, Refused> {
    let asked = Asked { process, properties, method, path, body };
    match Submission::of(&asked) {
        Some(submission) => submit(life, process, submission).await,
        None => life
            .with_world(|world| routes::perform(world, &asked))
            .ok_or_else(|| Refused("connection reset by peer".to_owned())),
    }
}

async fn submit(
    life: &Life,
    process: Process,
    submission: Submission,
) -> Result<Response<Bytes>, Refused> {
    let reset = || Refused("connection reset by peer".to_owned());
    let job = submission.job;
    let mut changes = life.changes();
    life.with_world(|world| {
        let parallelism = submission.parallelism;
        let parallelism = parallelism.or_else(|| Some(world.spec_of(process)?.parallelism));
        world.submit(process, job, submission.from.as_deref(), parallelism.unwrap_or(1))
    })
    .map_err(|_| reset())?;
    loop {
        changes.borrow_and_update();
        if let Some(answer) = life.with_world_quietly(|world| told(world, process, &submission))? {
            return Ok(answer);
        }
        changes.changed().await.map_err(|_| reset())?;
    }
}

fn told(
    world: &mut crate::world::World,
    process: Process,
    submission: &Submission,
) -> Result<Option<Response<Bytes>>, Refused> {
    if world.jobmanager(process).is_none() {
        return Err(Refused("connection reset by peer".to_owned()));
    }
    let Submission { job, from, class, .. } = submission;
    Ok(world.take_answer(process, *job).map(|answer| match answer {
        Answer::Accepted => answers::ok(&serde_json::json!({ "jobid": answers::hex(job.0) })),
        Answer::Duplicate => refusals::duplicate(),
        Answer::Refused(words) => {
            refusals::submission(&words, class, from.as_deref().unwrap_or_default())
        }
    }))
}
