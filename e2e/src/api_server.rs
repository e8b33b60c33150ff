//! The API server's process on this machine: killed as a crash does it, and started again as it was.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::Arguments;
use crate::kubernetes::Kubernetes;
use crate::wait::{not_yet, there, until};

/// For its start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// How the API server was started.
pub(crate) struct ApiServer {
    pid: u32,
    command: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: PathBuf,
    log: PathBuf,
    cgroup: Option<PathBuf>,
}

impl ApiServer {
    /// The one at the port that the kubeconfig names.
    pub(crate) fn find(arguments: &Arguments) -> Result<ApiServer> {
        let text = fs::read_to_string(&arguments.kubeconfig)?;
        let port = text.split("server:").nth(1).and_then(port).context("the server's port")?;
        let mut all = fs::read_dir("/proc")?.filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, arguments_of(&entry.path())?))
        });
        let is = |(_, command): &(u32, Vec<OsString>)| {
            let names = command
                .iter()
                .take(2)
                .any(|part| part.to_string_lossy().ends_with("kube-apiserver"));
            let listens = command
                .windows(2)
                .any(|pair| pair[0] == "--secure-port" && pair[1].to_str() == Some(port));
            names && listens
        };
        let (pid, command) = all
            .find(is)
            .with_context(|| format!("no kube-apiserver listens on port {port} of this machine"))?;
        let place = PathBuf::from(format!("/proc/{pid}"));
        let environment = fs::read(place.join("environ"))?;
        let environment = environment.split(|byte| *byte == 0).filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((text_of(&pair[..at]), text_of(&pair[at + 1..])))
        });
        Ok(ApiServer {
            pid,
            command,
            environment: environment.collect(),
            directory: fs::read_link(place.join("cwd"))?,
            log: fs::read_link(place.join("fd/1"))?,
            cgroup: cgroup(&place)?,
        })
    }

    /// Kills it.
    pub(crate) fn kill(&self) -> Result<()> {
        let status = Command::new("kill").args(["-KILL", &self.pid.to_string()]).status()?;
        status.success().then_some(()).context("the API server cannot be killed")
    }

    /// Starts it again, in the cgroup that its cluster ends with, and waits until it answers.
    pub(crate) async fn start(&mut self, kubernetes: &Kubernetes) -> Result<()> {
        let log = File::options().append(true).open(&self.log)?;
        // A shell enters the cgroup for it; nothing of ours would be taken along otherwise.
        let mut command = Command::new("setsid");
        match &self.cgroup {
            Some(cgroup) => command
                .args(["sh", "-c", r#"echo 0 > "$0" && exec "$@""#])
                .arg(cgroup.join("cgroup.procs")),
            None => command.arg("--"),
        };
        command.args(&self.command).env_clear().envs(self.environment.iter().cloned());
        command.current_dir(&self.directory).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        self.pid = command.spawn().context("starting the API server")?.id();
        until("the API server answers", START, async || {
            match kubernetes.client.apiserver_version().await {
                Ok(_) => there(()),
                Err(error) => not_yet(error),
            }
        })
        .await
    }
}

/// The digits behind the last colon of the first word.
fn port(server: &str) -> Option<&str> {
    let word = server.split_whitespace().next()?;
    let (_, port) = word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).rsplit_once(':')?;
    port.split(|c: char| !c.is_ascii_digit()).next()
}

fn arguments_of(place: &Path) -> Option<Vec<OsString>> {
    let line = fs::read(place.join("cmdline")).ok()?;
    let line = line.strip_suffix(&[0])?;
    Some(line.split(|byte| *byte == 0).map(text_of).collect())
}

fn text_of(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// The folder of the cgroup (of the controller `pids`, where each has a tree of its own); none: the root.
fn cgroup(place: &Path) -> Result<Option<PathBuf>> {
    let text = fs::read_to_string(place.join("cgroup"))?;
    let find = |controllers: &str| {
        let mut paths = text.lines().filter_map(|line| {
            let (names, path) = line.split_once(':')?.1.split_once(':')?;
            (names == controllers).then(|| path.trim_start_matches('/').to_owned())
        });
        paths.next()
    };
    let root = Path::new("/sys/fs/cgroup");
    let found = find("pids").map(|path| root.join("pids").join(path));
    let found = found.or_else(|| find("").map(|path| root.join(path)));
    Ok(found.filter(|path| path.join("cgroup.procs").exists()))
}
