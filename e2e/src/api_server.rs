//! The API server of a cluster that `cluster/up` brought up on this machine: killed as a crash does it, and started again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// The same as `cargo xtask e2e` uses to have it write down what it is asked for.
const SCRIPT: &str = include_str!("../restart-api-server");

/// Kills the one of this kubeconfig, which lies in the cluster's folder; after `away` starts it again, and waits until it
/// is ready.
pub(crate) async fn restart(kubeconfig: &Path, away: Duration) -> Result<()> {
    let cluster = kubeconfig.canonicalize()?.parent().context("a folder")?.to_owned();
    ensure!(
        cluster.join("processes").exists(),
        "{} is no folder of a cluster that cluster/up made",
        cluster.display()
    );
    let mut command = Command::new("bash");
    command.args(["-c", SCRIPT, "restart-api-server"]).arg(cluster);
    // What it starts lives on, and must not hold an end of a pipe that is waited for.
    command.arg(away.as_secs_f64().to_string()).stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.status()).await?;
    ensure!(ended.context("bash")?.success(), "the API server cannot be restarted");
    Ok(())
}
