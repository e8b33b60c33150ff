//! The account that the operator beside the stories has: with the rights that the documentation names, and no more.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{DeleteParams, PostParams};
use kube::config::{AuthInfo, Kubeconfig, NamedAuthInfo};
use serde_json::{Value, json};

use crate::Arguments;
use crate::kubernetes::Kubernetes;

/// Of the account, its role and their binding. Not the chart's name, which may be installed in the same namespace.
const NAME: &str = "flinkk8soperator-e2e";
/// What is granted to the operator on applications; a test compares it with the documentation.
const GRANTED: &str = include_str!("../../deploy/2-rights.yaml");
/// Longer than any run.
const HOURS: i64 = 4;

/// Makes the account, and a kubeconfig for it beside the logs.
pub(crate) async fn make(kubernetes: &Kubernetes, arguments: &Arguments) -> Result<PathBuf> {
    let role = json!({ "metadata": { "name": NAME }, "rules": rules()? });
    let account = json!({ "metadata": { "name": NAME } });
    kubernetes.put::<ServiceAccount>(account).await?;
    kubernetes.put::<Role>(role).await?;
    kubernetes.put::<RoleBinding>(binding(NAME)).await?;
    let logs = arguments.logs.canonicalize()?;
    let (kubeconfig, token_file) = (logs.join("kubeconfig"), logs.join("token"));
    fs::write(&token_file, token(kubernetes).await?)?;
    fs::write(&kubeconfig, config(&arguments.kubeconfig, &kubernetes.namespace, &token_file)?)?;
    Ok(kubeconfig)
}

/// Lets the account read one Secret.
pub(crate) async fn allow_secret(kubernetes: &Kubernetes, secret: &str) -> Result<()> {
    let name = format!("{NAME}-{secret}");
    let rule = json!({
        "apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get"],
    });
    kubernetes.put::<Role>(json!({ "metadata": { "name": name }, "rules": [rule] })).await?;
    kubernetes.put::<RoleBinding>(binding(&name)).await
}

/// Takes that right from it again.
pub(crate) async fn forbid_secret(kubernetes: &Kubernetes, secret: &str) -> Result<()> {
    let (name, params) = (format!("{NAME}-{secret}"), DeleteParams::default());
    kubernetes.all::<RoleBinding>().delete(&name, &params).await?;
    kubernetes.all::<Role>().delete(&name, &params).await?;
    Ok(())
}

/// Removes the account from a namespace that stays.
pub(crate) async fn remove(kubernetes: &Kubernetes) -> Result<()> {
    let params = DeleteParams::default();
    kubernetes.all::<RoleBinding>().delete(NAME, &params).await?;
    kubernetes.all::<Role>().delete(NAME, &params).await?;
    kubernetes.all::<ServiceAccount>().delete(NAME, &params).await?;
    Ok(())
}

/// Those on applications; and, as it may run outside the cluster, on Flink behind the API server
/// (`docs/operations/permissions.md`).
fn rules() -> Result<Vec<Value>> {
    let documents = GRANTED.split("---\n").map(serde_saphyr::from_str::<Value>);
    let documents = documents.collect::<Result<Vec<_>, _>>().context("deploy/2-rights.yaml")?;
    let role = documents.iter().find(|document| document["kind"] == "ClusterRole");
    let rules = role.and_then(|role| role["rules"].as_array());
    let mut rules = rules.context("deploy/2-rights.yaml has no ClusterRole")?.clone();
    rules.push(json!({
        "apiGroups": [""], "resources": ["pods/proxy"],
        "verbs": ["get", "create", "update", "patch"],
    }));
    Ok(rules)
}

/// A role's binding to the account, of the role's name.
fn binding(role: &str) -> Value {
    json!({
        "metadata": { "name": role },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role },
        "subjects": [{ "kind": "ServiceAccount", "name": NAME }],
    })
}

async fn token(kubernetes: &Kubernetes) -> Result<String> {
    let spec =
        TokenRequestSpec { expiration_seconds: Some(HOURS * 3_600), ..TokenRequestSpec::default() };
    let request = TokenRequest { spec, ..TokenRequest::default() };
    let accounts = kubernetes.all::<ServiceAccount>();
    let made = accounts.create_token_request(NAME, &PostParams::default(), &request).await?;
    Ok(made.status.context("no token was given")?.token)
}

/// A kubeconfig: the cluster of `admin`, the account whose token is in the file.
fn config(admin: &Path, namespace: &str, token_file: &Path) -> Result<String> {
    let mut config = Kubeconfig::read_from(admin)?;
    let user = json!({ "tokenFile": token_file });
    let user: AuthInfo = serde_json::from_value(user)?;
    config.auth_infos =
        vec![NamedAuthInfo { name: NAME.to_owned(), auth_info: Some(user), ..Default::default() }];
    for context in &mut config.contexts {
        if let Some(context) = &mut context.context {
            context.user = Some(NAME.to_owned());
            context.namespace = Some(namespace.to_owned());
        }
    }
    // JSON is YAML.
    Ok(serde_json::to_string(&config)?)
}
