//! The CRD on a real API server: it is taken, small enough for client-side apply, refuses what cannot
//! work with a message, and leaves alone what was stored before.
//!
//! The cases are those of the api crate (`tests/data/admission.json`). What was stored before is made
//! under a CRD such as the reference operator's: ours without its rules and without the fields that the
//! reference's does not list. Works in a namespace of its own; the CRD stays in the cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde::Deserialize;
use serde_json::{Value, json};

mod kept;

use kept::Kept;

const NAMESPACE: &str = "e2e-crd";
const CRD_NAME: &str = "flinkapplications.flink.k8s.io";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The cases: `base` is a valid application, `set` of each case a JSON merge patch on it.
#[derive(Deserialize)]
struct Cases {
    base: Value,
    /// Fields of spec and status that the reference's CRD does not list and therefore keeps unseen.
    unlisted: BTreeMap<String, Vec<String>>,
    rules: Vec<Case>,
    schema: Vec<Case>,
    accepted: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    about: String,
    set: Value,
    /// What the refusal must say.
    #[serde(default)]
    message: String,
    /// A change of the same fields to something that cannot work either.
    worse: Option<Value>,
    /// Whether the reference's CRD would have stored it.
    #[serde(default = "yes")]
    stored: bool,
}

fn yes() -> bool {
    true
}

/// Runs all checks, printing a line for each.
///
/// # Errors
/// At the first check that fails, saying which.
pub(crate) async fn run(client: Client) -> Result<()> {
    let cases: Cases =
        serde_json::from_str(include_str!("../../crates/api/tests/data/admission.json"))?;
    let namespace = json!({ "metadata": { "name": NAMESPACE } });
    let namespaces = Api::<Namespace>::all(client.clone());
    if namespaces.get_opt(NAMESPACE).await?.is_none() {
        namespaces.create(&PostParams::default(), &serde_json::from_value(namespace)?).await?;
    }

    put_crd(&client, &loose_crd(&cases)?).await?;
    let applications = applications(&client);
    wait_until(&applications, &cases, Result::is_ok).await?;
    let stored = store(&applications, &cases).await?;
    let kept = Kept::store(&applications).await?;
    put_crd(&client, &flinkk8soperator_api::crd()).await?;
    wait_until(&applications, &cases, Result::is_err).await?;
    fits_into_an_annotation(&client).await?;

    for (index, case) in cases.rules.iter().chain(&cases.schema).enumerate() {
        let object = application(&cases.base, &format!("new-{index}"), &case.set)?;
        let refusal = dry_run(&applications, &object).await?.err();
        expect_refusal(refusal, case).with_context(|| format!("creating {}", case.about))?;
        println!("ok   refused on create: {}", case.about);
    }
    for (index, case) in cases.accepted.iter().enumerate() {
        let object = application(&cases.base, &format!("good-{index}"), &case.set)?;
        if let Err(refusal) = dry_run(&applications, &object).await? {
            bail!("{} is refused: {refusal}", case.about);
        }
        println!("ok   accepted: {}", case.about);
    }
    kept.is_as_it_was(&applications).await?;
    println!("ok   stored before, kept as it was: an application with every field");
    for (name, case) in stored {
        still_writable(&applications, &name, case)
            .await
            .with_context(|| format!("stored before: {}", case.about))?;
        println!("ok   stored before, still writable: {}", case.about);
    }
    namespaces.delete(NAMESPACE, &DeleteParams::default()).await?;
    Ok(())
}

fn applications(client: &Client) -> Api<DynamicObject> {
    crate::application::stored(client, NAMESPACE)
}

/// A CRD such as the reference operator's: no rules, and fewer fields listed.
fn loose_crd(cases: &Cases) -> Result<CustomResourceDefinition> {
    let mut crd = serde_json::to_value(flinkk8soperator_api::crd())?;
    remove_rules(&mut crd);
    let schema = &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    for (part, fields) in &cases.unlisted {
        let properties = schema["properties"][part]["properties"].as_object_mut();
        let properties = properties.context("spec and status list their fields")?;
        for field in fields {
            ensure!(properties.remove(field).is_some(), "{part}.{field} is not in the CRD");
        }
    }
    Ok(serde_json::from_value(crd)?)
}

fn remove_rules(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("x-kubernetes-validations");
            members.values_mut().for_each(remove_rules);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_rules),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Creates the CRD or puts it in the place of the one that is there, and waits until it is served.
async fn put_crd(client: &Client, crd: &CustomResourceDefinition) -> Result<()> {
    let crds = Api::<CustomResourceDefinition>::all(client.clone());
    match crds.get_opt(CRD_NAME).await? {
        None => crds.create(&PostParams::default(), crd).await?,
        Some(there) => {
            let mut crd = crd.clone();
            crd.metadata.resource_version = there.metadata.resource_version;
            crds.replace(CRD_NAME, &PostParams::default(), &crd).await?
        }
    };
    for _ in 0..300 {
        if applications(client).list(&Default::default()).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the CRD is not served after 30 s")
}

/// What client-side `kubectl apply` does with a manifest: an annotation holds it whole.
async fn fits_into_an_annotation(client: &Client) -> Result<()> {
    let manifest = serde_json::to_string(&flinkk8soperator_api::crd())?;
    let patch = json!({ "metadata": { "annotations": { LAST_APPLIED: manifest } } });
    let crds = Api::<CustomResourceDefinition>::all(client.clone());
    crds.patch(CRD_NAME, &PatchParams::default(), &Patch::Merge(patch)).await?;
    println!("ok   fits into the annotation of client-side apply: {} bytes", manifest.len());
    Ok(())
}

/// The base with a name and the case's patch on it.
fn application(base: &Value, name: &str, set: &Value) -> Result<DynamicObject> {
    let mut object = base.clone();
    object["metadata"]["name"] = json!(name);
    merge(&mut object, set);
    Ok(serde_json::from_value(object)?)
}

/// JSON merge patch, RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().map(|members| members.remove(key));
        } else {
            merge(&mut target[key], value);
        }
    }
}

/// Stores what the rules would refuse; the name that each got is given back.
async fn store<'a>(
    applications: &Api<DynamicObject>,
    cases: &'a Cases,
) -> Result<Vec<(String, &'a Case)>> {
    let mut stored = Vec::new();
    let storable = cases.rules.iter().chain(&cases.schema).filter(|case| case.stored);
    for (index, case) in storable.enumerate() {
        let object = application(&cases.base, &format!("stored-{index}"), &case.set)?;
        let created = applications
            .create(&PostParams::default(), &object)
            .await
            .with_context(|| format!("storing {}", case.about))?;
        stored.push((created.name_any(), case));
    }
    Ok(stored)
}

/// A changed CRD takes effect a moment after it was written: asks until what the first rule refuses is
/// answered as `expected`.
async fn wait_until(
    applications: &Api<DynamicObject>,
    cases: &Cases,
    expected: fn(&Result<(), String>) -> bool,
) -> Result<()> {
    let case = cases.rules.first().context("there are rules")?;
    let object = application(&cases.base, "probe", &case.set)?;
    for _ in 0..300 {
        if expected(&dry_run(applications, &object).await?) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the changed CRD is not in effect after 30 s")
}

/// Ok(Err(message)) where the API server refuses the object as invalid. One whose name is taken has
/// passed validation: what is stored is looked at after that.
async fn dry_run(
    applications: &Api<DynamicObject>,
    object: &DynamicObject,
) -> Result<Result<(), String>> {
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    judge(applications.create(&dry, object).await)
}

fn judge(answer: kube::Result<DynamicObject>) -> Result<Result<(), String>> {
    match answer {
        Ok(_) => Ok(Ok(())),
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(Ok(())),
        Err(kube::Error::Api(status)) if status.code == 422 => Ok(Err(status.message.clone())),
        Err(error) => Err(error.into()),
    }
}

fn expect_refusal(refusal: Option<String>, case: &Case) -> Result<()> {
    let refusal = refusal.context("it is accepted")?;
    ensure!(refusal.contains(&case.message), "refused, but not with {:?}: {refusal}", case.message);
    Ok(())
}

/// Status, finalizer and an unrelated field can be written; the field concerned not, if it stays wrong.
async fn still_writable(applications: &Api<DynamicObject>, name: &str, case: &Case) -> Result<()> {
    let merge = |patch: Value| Patch::Merge(patch);
    let plain = PatchParams::default();
    let mut object = applications.get(name).await?;
    object.data["status"] = json!({
        "phase": "Running", "deployHash": "752c76d3", "observedGeneration": 1,
        "clusterStatus": { "availableTaskSlots": 0 }, "jobStatus": { "jarName": "", "parallelism": 0 },
        "machine": { "format": 1 }
    });
    applications
        .replace_status(name, &PostParams::default(), &object)
        .await
        .context("writing the status")?;
    let finalizer = json!({ "metadata": { "finalizers": ["job.finalizers.flink.k8s.io"] } });
    applications.patch(name, &plain, &merge(finalizer)).await.context("adding the finalizer")?;
    if object.data["spec"].is_object() {
        let unrelated = json!({ "spec": { "programArgs": "--changed" } });
        let after = applications.patch(name, &plain, &merge(unrelated)).await;
        let after = after.context("changing an unrelated field")?;
        ensure!(after.data["spec"]["programArgs"] == "--changed");
        ensure!(after.data["status"]["machine"]["format"] == 1, "the status was lost");
    }
    if let Some(worse) = &case.worse {
        let refusal = judge(applications.patch(name, &plain, &merge(worse.clone())).await)?.err();
        expect_refusal(refusal, case).context("changing the field to another wrong value")?;
    }
    let nothing = json!({ "metadata": { "finalizers": null } });
    applications.patch(name, &plain, &merge(nothing)).await.context("removing the finalizer")?;
    applications.delete(name, &DeleteParams::default()).await?;
    Ok(())
}
