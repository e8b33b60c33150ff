//! An update to a Flink whose REST API speaks TLS, and the way back: while it lasts one cluster is asked in the clear and
//! the other one not.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use serde_json::{Value, json};

use crate::application::{self, NAME};
use crate::stage::Stage;

/// Of the Secret.
const SECRET: &str = "rest-tls";
/// Of the keystore: Flink has no way without.
const PASSWORD: &str = "changeit";
/// Where Flink has the Secret.
const DIRECTORY: &str = "/etc/flink-rest";

pub(crate) async fn tell(stage: &mut Stage) -> Result<()> {
    let before = stage.running().await?;
    let old = stage.counting().await?;
    make_secret(stage).await?;
    stage.allow_secret(SECRET).await?;
    let spec = serde_json::to_value(&before.spec)?;
    stage.change(secured(&spec)).await?;
    let after = stage.confirmed().await?;
    let hash = application::deploy_hash(&after);
    ensure!(hash != application::deploy_hash(&before), "the version has the same hash");
    let error = after.status.as_ref().and_then(|status| status.last_error.as_ref());
    ensure!(error.is_none(), "something was wrong: {error:?}");
    let secured = stage.took_over(&old).await?;
    stage.only(&hash).await?;
    println!("     TLS: job {} counts from {} on", secured.job, secured.from);

    let keys = keys(|_| Value::Null);
    let [volumes, mounts] = ["volumes", "volumeMounts"].map(|name| spec[name].clone());
    let open = json!({
        "flinkRest": null, "flinkConfig": keys, "volumes": volumes, "volumeMounts": mounts,
    });
    stage.change(open).await?;
    let back = application::deploy_hash(&stage.confirmed().await?);
    ensure!(back == application::deploy_hash(&before), "not the version before: {back}");
    let open = stage.took_over(&secured).await?;
    stage.only(&back).await?;
    println!("     and without: job {} counts from {} on", open.job, open.from);
    stage.kubernetes.all::<Secret>().delete(SECRET, &Default::default()).await?;
    stage.forbid_secret(SECRET).await
}

/// The changes of a spec whose Flink speaks TLS then.
fn secured(spec: &Value) -> Value {
    let with = |name: &str, more: Value| {
        let all = spec[name].as_array().into_iter().flatten().cloned();
        all.chain([more]).collect::<Value>()
    };
    json!({
        "flinkRest": { "tls": { "secretName": SECRET } },
        "flinkConfig": keys(|value| json!(value)),
        "volumes": with("volumes", json!({ "name": SECRET, "secret": { "secretName": SECRET } })),
        "volumeMounts": with("volumeMounts", json!({ "name": SECRET, "mountPath": DIRECTORY })),
    })
}

/// Flink's own keys of it.
fn keys(value: impl Fn(&str) -> Value) -> Value {
    let keystore = format!("{DIRECTORY}/keystore.p12");
    let keys = [
        ("enabled", "true"),
        ("keystore", &keystore),
        ("keystore-type", "PKCS12"),
        ("keystore-password", PASSWORD),
        ("key-password", PASSWORD),
        ("truststore", &keystore),
        ("truststore-type", "PKCS12"),
        ("truststore-password", PASSWORD),
    ];
    let key = |(key, text): (&str, &str)| (format!("security.ssl.rest.{key}"), value(text));
    Value::Object(keys.map(key).into_iter().collect())
}

/// An authority, and Flink's certificate from it for the name that the operator expects.
async fn make_secret(stage: &Stage) -> Result<()> {
    let place = std::env::temp_dir().join(format!("{}-{SECRET}", stage.kubernetes.namespace));
    std::fs::create_dir_all(&place)?;
    let name = format!("{NAME}.{}.svc", stage.kubernetes.namespace);
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(&place, &format!("req -x509 {key} -keyout ca.key -out ca.crt -subj /CN=e2e"))?;
    let issued = "-CA ca.crt -CAkey ca.key -addext basicConstraints=CA:FALSE";
    let of =
        format!("-keyout tls.key -out tls.crt -subj /CN=flink -addext subjectAltName=DNS:{name}");
    openssl(&place, &format!("req -x509 {key} {issued} {of}"))?;
    let password = format!("-passout pass:{PASSWORD}");
    let from = "-in tls.crt -inkey tls.key -certfile ca.crt";
    openssl(&place, &format!("pkcs12 -export {from} -out keystore.p12 {password}"))?;
    let read = |file: &str| Ok((file.to_owned(), ByteString(std::fs::read(place.join(file))?)));
    let data = ["ca.crt", "keystore.p12"].map(read).into_iter().collect::<Result<_>>()?;
    std::fs::remove_dir_all(&place)?;
    let metadata = ObjectMeta { name: Some(SECRET.to_owned()), ..ObjectMeta::default() };
    let secret = Secret { metadata, data: Some(data), ..Secret::default() };
    stage.kubernetes.all::<Secret>().create(&PostParams::default(), &secret).await?;
    Ok(())
}

fn openssl(place: &Path, arguments: &str) -> Result<()> {
    let mut command = Command::new("openssl");
    let output = command.args(arguments.split(' ')).current_dir(place).output();
    let output = output.context("openssl cannot be run")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "openssl {arguments}: {told}");
    Ok(())
}
