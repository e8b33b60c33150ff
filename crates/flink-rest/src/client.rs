//! One Flink, one method for each call. Builds with [`crate::request`], sends over
//! [`crate::transport`], reads with [`crate::response`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use tower::{Service, ServiceExt};
use tracing::Instrument;

use crate::error::Error;
use crate::ids::{JobId, TriggerId, VertexId};
use crate::model::{
    Accepted, CheckpointConfig, Checkpoints, Exceptions, Jars, Job, JobConfig, JobManagerConfig,
    Jobs, Operation, Overview, Parallelism, ResourceRequirements, SavepointLocation, ServerConfig,
    Submitted, TaskManagers, Triggered, TriggeredCheckpoint,
};
use crate::request::{self, Request, Run, Savepoint};
use crate::response;
use crate::security::Security;
use crate::span;
use crate::transport::{Exchange, Failure, Target, TimeLimit, Transport};
use crate::version::FlinkVersion;

/// The Flink behind one address. Cheap to clone. Every method is one call and fails with [`Error`].
#[derive(Clone)]
pub struct Client {
    exchange: Exchange,
    base: String,
    authorization: Option<HeaderValue>,
    told: Option<Arc<Told>>,
}

/// Is told what came of each call.
type Told = dyn Fn(Option<&Error>) + Send + Sync;

impl Client {
    /// Over any service that exchanges whole bodies, with `base` before every path:
    /// `http://HOST:PORT`, or `/api/v1/namespaces/NS/pods/NAME:PORT/proxy` of an API server.
    #[must_use]
    pub fn new<S>(service: S, base: impl Into<String>) -> Self
    where
        S: Service<http::Request<Bytes>, Response = http::Response<Bytes>, Error = Failure>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        let (exchange, base) = (Exchange::new(service), base.into());
        Self { exchange, base, authorization: None, told: None }
    }

    /// Of the pod at `target`, at its own address.
    #[must_use]
    pub fn direct(transport: &Transport, target: &Target, security: &Security) -> Self {
        let tls = security.tls.as_ref();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let authorization = security.basic_auth.as_ref().map(|user| user.0.clone());
        let client = Self::new(transport.to(target, tls), target.base(scheme));
        Self { authorization, ..client }
    }

    /// With someone who is told what came of each call: the error, or none.
    #[must_use]
    pub fn telling(self, told: impl Fn(Option<&Error>) + Send + Sync + 'static) -> Self {
        Self { told: Some(Arc::new(told)), ..self }
    }

    /// Sends any request of [`crate::request`].
    ///
    /// # Errors
    /// Everything but a success with an `A`.
    pub async fn send<A: DeserializeOwned>(&self, request: Request<A>) -> Result<A, Error> {
        self.exchanged(&request, None).await
    }

    /// `/overview`.
    pub async fn overview(&self) -> Result<Overview, Error> {
        self.send(request::overview()).await
    }

    /// `/config`.
    pub async fn config(&self) -> Result<ServerConfig, Error> {
        self.send(request::config()).await
    }

    /// `/jobmanager/config`.
    pub async fn job_manager_config(&self) -> Result<JobManagerConfig, Error> {
        self.send(request::job_manager_config()).await
    }

    /// `/taskmanagers`.
    pub async fn task_managers(&self) -> Result<TaskManagers, Error> {
        self.send(request::task_managers()).await
    }

    /// `/jobs`.
    pub async fn jobs(&self) -> Result<Jobs, Error> {
        self.send(request::jobs()).await
    }

    /// `/jobs/ID`.
    pub async fn job(&self, job: JobId) -> Result<Job, Error> {
        self.send(request::job(job)).await
    }

    /// `/jobs/ID/config`.
    pub async fn job_config(&self, job: JobId) -> Result<JobConfig, Error> {
        self.send(request::job_config(job)).await
    }

    /// `/jobs/ID/checkpoints`.
    pub async fn checkpoints(&self, job: JobId) -> Result<Checkpoints, Error> {
        self.send(request::checkpoints(job)).await
    }

    /// `/jobs/ID/checkpoints/config`.
    pub async fn checkpoint_config(&self, job: JobId) -> Result<CheckpointConfig, Error> {
        self.send(request::checkpoint_config(job)).await
    }

    /// `/jobs/ID/exceptions`.
    pub async fn exceptions(&self, job: JobId) -> Result<Exceptions, Error> {
        self.send(request::exceptions(job)).await
    }

    /// `/jars`, see [`request::jars`].
    pub async fn jars(&self) -> Result<Jars, Error> {
        self.send(request::jars()).await
    }

    /// Runs a jar; `limit` is how long `main` may take before the client gives up. Giving up stops
    /// nothing: the job may appear later.
    pub async fn run(
        &self,
        version: &FlinkVersion,
        run: &Run,
        limit: Duration,
    ) -> Result<Submitted, Error> {
        self.exchanged(&request::run(version, run)?, Some(TimeLimit(limit))).await
    }

    /// Takes a savepoint, see [`request::savepoint`].
    pub async fn savepoint(
        &self,
        version: &FlinkVersion,
        savepoint: &Savepoint,
        cancel_job: bool,
    ) -> Result<Triggered, Error> {
        self.send(request::savepoint(version, savepoint, cancel_job)).await
    }

    /// Stops a job with a savepoint, see [`request::stop`].
    pub async fn stop(
        &self,
        version: &FlinkVersion,
        savepoint: &Savepoint,
        drain: bool,
    ) -> Result<Triggered, Error> {
        self.send(request::stop(version, savepoint, drain)).await
    }

    /// What became of a savepoint or stop.
    pub async fn savepoint_status(
        &self,
        job: JobId,
        trigger: TriggerId,
    ) -> Result<Operation<SavepointLocation>, Error> {
        self.send(request::savepoint_status(job, trigger)).await
    }

    /// Cancels a job, see [`request::cancel`].
    pub async fn cancel(&self, job: JobId) -> Result<Accepted, Error> {
        self.send(request::cancel(job)).await
    }

    /// Makes a checkpoint now (1.17 and newer).
    pub async fn checkpoint(
        &self,
        version: &FlinkVersion,
        job: JobId,
        trigger: TriggerId,
    ) -> Result<Triggered, Error> {
        self.send(request::checkpoint(version, job, trigger)?).await
    }

    /// What became of a checkpoint that was asked for (1.17 and newer).
    pub async fn checkpoint_status(
        &self,
        version: &FlinkVersion,
        job: JobId,
        trigger: TriggerId,
    ) -> Result<Operation<TriggeredCheckpoint>, Error> {
        self.send(request::checkpoint_status(version, job, trigger)?).await
    }

    /// The parallelism that each vertex may have (1.18 and newer, adaptive scheduler).
    pub async fn resource_requirements(
        &self,
        version: &FlinkVersion,
        job: JobId,
    ) -> Result<ResourceRequirements, Error> {
        self.send(request::resource_requirements(version, job)?).await
    }

    /// Gives every vertex its parallelism (1.18 and newer, adaptive scheduler).
    pub async fn set_resource_requirements(
        &self,
        version: &FlinkVersion,
        job: JobId,
        wanted: &BTreeMap<VertexId, Parallelism>,
    ) -> Result<Accepted, Error> {
        self.send(request::set_resource_requirements(version, job, wanted)?).await
    }

    async fn exchanged<A: DeserializeOwned>(
        &self,
        request: &Request<A>,
        limit: Option<TimeLimit>,
    ) -> Result<A, Error> {
        let outcome = self.answered(request, limit).await;
        if let Some(told) = &self.told {
            told(outcome.as_ref().err());
        }
        outcome
    }

    async fn answered<A: DeserializeOwned>(
        &self,
        request: &Request<A>,
        limit: Option<TimeLimit>,
    ) -> Result<A, Error> {
        let mut http = request.to_http(&self.base).map_err(Error::Address)?;
        if let Some(limit) = limit {
            http.extensions_mut().insert(limit);
        }
        let authorization = self.authorization.iter().cloned();
        http.headers_mut().extend(authorization.map(|header| (AUTHORIZATION, header)));
        let span = span::of(&http, &request.path);
        let answer = self.exchange.clone().oneshot(http).instrument(span.clone()).await;
        span::tell(&span, &answer);
        let response = answer?;
        tracing::debug!(
            method = %request.method, path = %request.path, status = %response.status(),
            "Flink asked"
        );
        response::parse(response.status(), response.body())
    }
}
