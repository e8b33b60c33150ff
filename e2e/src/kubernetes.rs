//! The cluster: connection, the CRD, the namespace, and what exists there of an application.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::PartialObjectMeta;
use kube::{Client, Config, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::wait::{not_yet, there, until};
use crate::{Arguments, account, application};

/// Who applies what the stories make themselves.
pub(crate) const OURS: &str = "flinkk8soperator-e2e";
/// Long enough for pods that are ended with their grace period.
const LIMIT: Duration = Duration::from_secs(120);

/// A namespace of a cluster.
#[derive(Clone)]
pub(crate) struct Kubernetes {
    /// The connection.
    pub(crate) client: Client,
    /// The namespace worked in.
    pub(crate) namespace: String,
    /// Whether this run made the namespace.
    made: bool,
}

impl Kubernetes {
    /// Connects, and makes what is missing: the namespace and the CRD.
    pub(crate) async fn prepare(arguments: &Arguments) -> Result<Kubernetes> {
        let file = Kubeconfig::read_from(&arguments.kubeconfig)?;
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
        let client = Client::try_from(config)?;
        let namespace = arguments.namespace.clone();
        let made = make_namespace(&client, &namespace).await?;
        let kubernetes = Kubernetes { client, namespace, made };
        kubernetes.install_crd().await?;
        kubernetes.service_account().await?;
        Ok(kubernetes)
    }

    /// Objects of a kind in the namespace.
    pub(crate) fn all<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Makes an object, or brings it to what it says. It names itself, but not its kind.
    pub(crate) async fn put<K>(&self, mut object: Value) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + DeserializeOwned,
    {
        object["apiVersion"] = json!(K::api_version(&()));
        object["kind"] = json!(K::kind(&()));
        let name = object["metadata"]["name"].as_str().context("a name")?.to_owned();
        let ours = PatchParams::apply(OURS).force();
        let put = self.all::<K>().patch(&name, &ours, &Patch::Apply(object)).await;
        put.with_context(|| format!("making the {} {name}", K::kind(&())))?;
        Ok(())
    }

    /// Everything whose name begins with the application's, as `Kind/name`.
    pub(crate) async fn left_of(&self, application: &str) -> Result<Vec<String>> {
        let mut names = self.names::<Deployment>().await?;
        names.extend(self.names::<ReplicaSet>().await?);
        names.extend(self.names::<Pod>().await?);
        names.extend(self.names::<Service>().await?);
        names.extend(self.names::<Ingress>().await?);
        names.extend(self.names::<ControllerRevision>().await?);
        // Flink's, for high availability.
        names.extend(self.names::<ConfigMap>().await?);
        let of =
            |name: &String| name.split_once('/').is_some_and(|(_, n)| n.starts_with(application));
        Ok(names.into_iter().filter(of).collect())
    }

    /// What was told about the application, oldest first, as `Type Reason: message`.
    pub(crate) async fn events(&self) -> Result<Vec<String>> {
        let of = format!("involvedObject.name={}", application::NAME);
        let list = self.all::<Event>().list(&ListParams::default().fields(&of)).await?;
        let mut events = list.items;
        let version = |event: &Event| event.resource_version()?.parse::<u64>().ok();
        events.sort_by_key(version);
        Ok(events.iter().map(told).collect())
    }

    /// Removes the namespace if this run made it.
    pub(crate) async fn clear(&self) -> Result<()> {
        if !self.made {
            return account::remove(self).await;
        }
        let namespaces = Api::<Namespace>::all(self.client.clone());
        namespaces.delete(&self.namespace, &DeleteParams::default()).await?;
        until("the namespace is gone", LIMIT, async || {
            match namespaces.get_opt(&self.namespace).await? {
                None => there(()),
                Some(_) => not_yet("it is there"),
            }
        })
        .await
    }

    /// The objects of a kind, each as `Kind/name` and its metadata.
    pub(crate) async fn metadata<K>(&self) -> Result<Vec<(String, ObjectMeta)>>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + DeserializeOwned,
    {
        let list = self.all::<K>().list_metadata(&ListParams::default()).await?;
        let named = |object: PartialObjectMeta<K>| {
            (format!("{}/{}", K::kind(&()), object.name_any()), object.metadata)
        };
        Ok(list.items.into_iter().map(named).collect())
    }

    async fn names<K>(&self) -> Result<Vec<String>>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + DeserializeOwned,
    {
        Ok(self.metadata::<K>().await?.into_iter().map(|(name, _)| name).collect())
    }

    async fn install_crd(&self) -> Result<()> {
        let crd = flinkk8soperator_api::crd();
        let name = crd.name_any();
        let crds = cluster_wide::<CustomResourceDefinition>(&self.client);
        let ours = PatchParams::apply(OURS).force();
        crds.patch(&name, &ours, &Patch::Apply(&crd)).await.context("installing the CRD")?;
        until("the CRD is served", LIMIT, async || {
            match application::api(self).list(&ListParams::default()).await {
                Ok(_) => there(()),
                Err(error) => not_yet(error),
            }
        })
        .await
    }

    /// Pods can be made once the namespace has its service account.
    async fn service_account(&self) -> Result<()> {
        let accounts = self.all::<k8s_openapi::api::core::v1::ServiceAccount>();
        until("the namespace has a service account", LIMIT, async || {
            match accounts.get_opt("default").await? {
                Some(_) => there(()),
                None => not_yet("none"),
            }
        })
        .await
    }
}

fn cluster_wide<K>(client: &Client) -> Api<K>
where
    K: Resource<Scope = ClusterResourceScope, DynamicType = ()>,
{
    Api::all(client.clone())
}

async fn make_namespace(client: &Client, name: &str) -> Result<bool> {
    let namespaces = cluster_wide::<Namespace>(client);
    if namespaces.get_opt(name).await?.is_some() {
        return Ok(false);
    }
    let namespace = serde_json::from_value(json!({ "metadata": { "name": name } }))?;
    namespaces.create(&PostParams::default(), &namespace).await.context("making the namespace")?;
    Ok(true)
}

fn told(event: &Event) -> String {
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    format!("{} {}: {}", text(&event.type_), text(&event.reason), text(&event.message))
}
