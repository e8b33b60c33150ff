//! The connection to the API server.
//!
//! No retries below us: a POST that is repeated behind our back is one that we did not decide on.
//! And no silence without end: a connection that says nothing is given up.
//!
//! Tokens and authorities that are files are read anew by kube, each minute.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError, NamedContext};
use kube::{Client, Config};

use crate::patience::Patience;
use crate::retry_after::Heard;

/// An answer comes within some seconds, each piece of it. A watch has a bookmark each minute and ends after
/// five.
const PATIENCE: Patience =
    Patience { answer: Duration::from_secs(30), watch: Duration::from_secs(6 * 60) };

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No configuration that can be used.
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[source] KubeconfigError),
    /// Neither a cluster around this process nor a kubeconfig.
    #[error("neither a cluster around this process nor a kubeconfig was found")]
    Infer(#[source] kube::config::InferConfigError),
    /// The configuration does not make a client.
    #[error("the configuration does not make a client")]
    Client(#[source] kube::Error),
}

/// A client, and whether this process runs inside the cluster.
pub struct Connection {
    /// The client.
    pub client: Client,
    /// Whether pods can be reached at their addresses.
    pub inside: bool,
}

/// Connects as the reference operator does: `--kubeconfig`, then `KUBECONFIG`, then the cluster
/// around this process, then `~/.kube/config`.
///
/// # Errors
/// See [`ClientError`].
pub async fn connect(kubeconfig: Option<&Path>) -> Result<Connection, ClientError> {
    let (mut config, inside) = match kubeconfig {
        Some(path) => (configured(Kubeconfig::read_from(path)).await?, false),
        None if std::env::var_os("KUBECONFIG").is_some() => {
            (configured(Kubeconfig::read()).await?, false)
        }
        None => match (Config::incluster(), Kubeconfig::read()) {
            (Ok(config), _) => (config, true),
            (Err(_), Ok(file)) => (configured(Ok(file)).await?, false),
            (Err(_), Err(_)) => (Config::infer().await.map_err(ClientError::Infer)?, false),
        },
    };
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config).map_err(ClientError::Client)?;
    let builder = builder.with_layer(&PATIENCE).with_layer(&Heard);
    Ok(Connection { client: builder.build(), inside })
}

/// What a kubeconfig says of its current context. A bundle of authorities that it names as a file is read again as the
/// one of a pod is: each minute, so that a rotation needs no restart.
async fn configured(file: Result<Kubeconfig, KubeconfigError>) -> Result<Config, ClientError> {
    let file = file.map_err(ClientError::Kubeconfig)?;
    let authorities = authorities(&file);
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(file, &options).await;
    let mut config = config.map_err(ClientError::Kubeconfig)?;
    config.root_cert_file = authorities;
    Ok(config)
}

/// The file with the authorities of the cluster that the current context is about; none: they stand in the kubeconfig
/// itself, which goes before.
fn authorities(file: &Kubeconfig) -> Option<PathBuf> {
    let of = |context: &&NamedContext| Some(&context.name) == file.current_context.as_ref();
    let context = file.contexts.iter().find(of)?.context.as_ref()?;
    let named = file.clusters.iter().find(|cluster| cluster.name == context.cluster)?;
    let cluster = named.cluster.as_ref()?;
    let inline = cluster.certificate_authority_data.is_some();
    cluster.certificate_authority.as_ref().filter(|_| !inline).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Whatever a server is verified by: it is only read here.
    const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[tokio::test]
    async fn the_authorities_of_a_kubeconfig_are_read_again_where_they_are_a_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.crt"), AUTHORITY).unwrap();
        let read = async |authorities: &str| {
            let path = folder.path().join("config");
            let cluster = format!("{{server: 'https://api:6443', {authorities}}}");
            let text = format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
                 contexts:\n- {{name: there, context: {{cluster: far, user: me}}}}\n\
                 - {{name: here, context: {{cluster: near, user: me}}}}\n\
                 clusters:\n- {{name: far, cluster: {{server: 'https://far'}}}}\n\
                 - {{name: near, cluster: {cluster}}}\n\
                 users: [{{name: me, user: {{}}}}]\n"
            );
            fs::write(&path, text).unwrap();
            configured(Kubeconfig::read_from(&path)).await.unwrap().root_cert_file
        };
        let file = folder.path().join("ca.crt");
        assert_eq!(read("certificate-authority: ca.crt").await, Some(file.clone()));
        let data =
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
        let inline = format!("certificate-authority-data: {data}");
        assert_eq!(read(&inline).await, None);
        assert_eq!(read(&format!("certificate-authority: ca.crt, {inline}")).await, None);
        assert_eq!(read("insecure-skip-tls-verify: true").await, None);
    }
}
