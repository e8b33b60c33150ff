//! Serves the simulated Kubernetes API on a loopback port until it is interrupted.
//!
//! ```text
//! cargo run -p flinkk8soperator-sim --example apiserver -- [--port PORT] [CRD_FILE ...]
//! ```
//!
//! It writes a kubeconfig into the temporary directory and prints its path, for
//! `kubectl --kubeconfig`. Without a CRD file it serves the project's own definitions. Nothing
//! runs in this cluster: Deployments get no pods.

use flinkk8soperator_sim::http::kubernetes::server::{Server, ServerConfig};
use std::error::Error;
use std::path::{Path, PathBuf};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = ServerConfig::default();
    let mut files: Vec<PathBuf> = vec![];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--port" => {
                config.address.set_port(arguments.next().ok_or("--port needs a number")?.parse()?);
            }
            _ => files.push(argument.into()),
        }
    }
    if files.is_empty() {
        files = own_definitions()?;
    }
    for file in &files {
        config.definitions.push(serde_saphyr::from_str(&std::fs::read_to_string(file)?)?);
    }
    let server = Server::start(config).await?;
    let path = std::env::temp_dir().join(format!("simulated-{}.kubeconfig", std::process::id()));
    std::fs::write(&path, server.kubeconfig())?;
    println!("{}\nexport KUBECONFIG={}", server.url(), path.display());
    tokio::signal::ctrl_c().await?;
    Ok(std::fs::remove_file(path)?)
}

/// The definitions in `charts/flinkk8soperator-crds`.
fn own_definitions() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/flinkk8soperator-crds");
    let mut files = vec![];
    for folder in [chart.clone(), chart.join("crds"), chart.join("templates")] {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let is_definition = std::fs::read_to_string(&path)
                .is_ok_and(|text| text.contains("kind: CustomResourceDefinition"));
            if is_definition {
                files.push(path);
            }
        }
    }
    match files.is_empty() {
        true => Err(format!("no CustomResourceDefinition in {}", chart.display()).into()),
        false => Ok(files),
    }
}
