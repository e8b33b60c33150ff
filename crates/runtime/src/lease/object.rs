//! Where the Lease lies.

use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;

use crate::kubernetes::{KubeError, Kubernetes};

/// Reads and writes the one Lease. For tests there is another.
pub(crate) trait Place: Send + Sync {
    /// As it is now; none: there is no such object.
    fn read(&self) -> impl Future<Output = Result<Option<Lease>, KubeError>> + Send;

    /// Creates it, or replaces the version that `lease` names.
    fn write(&self, lease: &Lease) -> impl Future<Output = Result<Lease, KubeError>> + Send;

    /// For the log.
    fn name(&self) -> String;
}

/// The object in the operator's own namespace.
pub(crate) struct Object {
    kubernetes: Kubernetes,
    namespace: String,
    name: String,
}

impl Object {
    /// Of this name, in the namespace of the account that `kubernetes` is asked with.
    #[must_use]
    pub(crate) fn new(kubernetes: Kubernetes, name: String) -> Object {
        let namespace = kubernetes.client().default_namespace().to_owned();
        Object { kubernetes, namespace, name }
    }
}

impl Place for Object {
    async fn read(&self) -> Result<Option<Lease>, KubeError> {
        match self.kubernetes.get(&self.namespace, &self.name).await {
            Ok(lease) => Ok(Some(lease)),
            Err(KubeError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn write(&self, lease: &Lease) -> Result<Lease, KubeError> {
        if lease.resource_version().is_some() {
            return self.kubernetes.replace(&self.namespace, &self.name, lease).await;
        }
        let mut lease = lease.clone();
        lease.metadata.name = Some(self.name.clone());
        self.kubernetes.create(&self.namespace, &lease).await
    }

    fn name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}
