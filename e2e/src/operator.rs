//! The operator's process on this machine: started, stopped, killed, measured.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::kubernetes::Kubernetes;
use crate::wait::{not_yet, there, until};
use crate::{Arguments, account};

/// Below which the applications' Ingresses have their hosts. Nothing listens there.
pub(crate) const DOMAIN: &str = "flink.example.org";

/// Its settings, wherever it runs. Waits are short, so that the stories are; what is waited for is the same.
pub(crate) fn settings() -> Value {
    json!({
        "operator": {
            "ingressUrlFormat": format!("{{{{$jobCluster}}}}.{DOMAIN}"),
            "confirmAfter": "5s",
            "podTroubleGrace": "5s",
            "statusRefresh": "5s",
            "flinkPoll": { "busy": "500ms", "running": "2s" },
            "timeouts": {
                "clusterStart": "3m", "savepoint": "1m", "submit": "1m", "jobStart": "1m",
                "confirm": "2m", "delete": "1m",
            },
        },
        "logger": { "level": 5, "formatter": { "type": "text" } },
    })
}

/// How long it may drain when asked to end.
const DRAIN: Duration = Duration::from_secs(30);
const SIGABRT: i32 = 6;

/// The operator, running or not.
pub(crate) struct Operator {
    binary: PathBuf,
    /// For its own account.
    kubeconfig: PathBuf,
    /// For whoever calls `preflight`, which needs other rights.
    preflight: PathBuf,
    config: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Operator {
    /// Writes its configuration and makes its account; starts nothing.
    pub(crate) async fn prepare(
        arguments: &Arguments,
        kubernetes: &Kubernetes,
    ) -> Result<Operator> {
        let binary = arguments.operator.canonicalize().context("the operator's binary")?;
        let preflight = arguments.kubeconfig.canonicalize().context("the kubeconfig")?;
        fs::create_dir_all(&arguments.logs)?;
        let kubeconfig = account::make(kubernetes, arguments).await.context("its account")?;
        let (config, log) =
            (arguments.logs.join("config.yaml"), arguments.logs.join("operator.log"));
        let mut settings = settings();
        settings["operator"]["limitNamespace"] = json!(arguments.namespace);
        settings["operator"]["profilerPort"] = json!(arguments.port);
        settings["operator"]["flinkAccess"] = json!(arguments.flink_access);
        settings["operator"]["leaderElection"] = json!({ "enabled": false });
        // JSON is YAML.
        fs::write(&config, settings.to_string())?;
        File::create(&log)?;
        Ok(Operator { binary, kubeconfig, preflight, config, log, child: None })
    }

    /// Starts it; `crash_at` is where it ends itself.
    pub(crate) fn start(&mut self, crash_at: Option<&str>) -> Result<()> {
        ensure!(self.child.is_none(), "the operator runs already");
        let log = File::options().append(true).open(&self.log)?;
        let mut command = Command::new(&self.binary);
        command.arg("--kubeconfig").arg(&self.kubeconfig).arg("--config").arg(&self.config);
        if let Some(point) = crash_at {
            command.args(["--crash-at", point]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().context("starting the operator")?);
        Ok(())
    }

    /// Ends it as a node's failure would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the operator does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let pid = self.pid()?;
        Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
        let status = self.end(DRAIN).await?;
        ensure!(status.success(), "the operator ended with {status} when asked to stop");
        Ok(())
    }

    /// Waits until it has ended itself at its crash point.
    pub(crate) async fn crash(&mut self, limit: Duration) -> Result<()> {
        let status = self.end(limit).await?;
        ensure!(status.signal() == Some(SIGABRT), "the operator ended with {status}");
        Ok(())
    }

    /// Makes sure that it runs.
    pub(crate) fn check(&mut self) -> Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        if let Some(status) = child.try_wait()? {
            self.child = None;
            bail!("the operator ended by itself with {status}");
        }
        Ok(())
    }

    /// Whether it has been started and not ended.
    pub(crate) fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// Runs `preflight` with its settings: whether the switch can be made, and the report.
    pub(crate) fn preflight(&self, namespace: &str, arguments: &[&str]) -> Result<(bool, Value)> {
        let mut command = Command::new(&self.binary);
        command.args(["preflight", "-o", "json", "-n", namespace]).args(arguments);
        command.arg("--kubeconfig").arg(&self.preflight).arg("--config").arg(&self.config);
        let output = command.stdin(Stdio::null()).output().context("starting preflight")?;
        let text = String::from_utf8_lossy(&output.stderr);
        let report = serde_json::from_slice(&output.stdout);
        Ok((output.status.success(), report.with_context(|| format!("preflight: {text}"))?))
    }

    /// Its resident memory in KiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("VmRSS")?.parse()?)
    }

    /// The size of its binary in bytes.
    pub(crate) fn size(&self) -> Result<u64> {
        Ok(fs::metadata(&self.binary)?.len())
    }

    /// The last lines of its log.
    pub(crate) fn log_tail(&self, lines: usize) -> Result<String> {
        let text = fs::read_to_string(&self.log)?;
        let all: Vec<&str> = text.lines().collect();
        Ok(all[all.len().saturating_sub(lines)..].join("\n"))
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the operator does not run")?.id())
    }

    async fn end(&mut self, limit: Duration) -> Result<ExitStatus> {
        let child = self.child.as_mut().context("the operator does not run")?;
        let ended = until("the operator ends", limit, async || match child.try_wait()? {
            Some(status) => there(status),
            None => not_yet("it runs"),
        });
        let status = ended.await?;
        self.child = None;
        Ok(status)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Nothing can be done about a process that cannot be killed.
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

/// A moment within `span`, from a seed that is changed (xorshift: even enough, and no dependency).
pub(crate) fn moment(seed: &mut u64, span: Duration) -> Duration {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(*seed % millis)
}

/// Runs something and tells how long it took.
pub(crate) async fn timed<T>(action: impl Future<Output = Result<T>>) -> Result<(T, Duration)> {
    let begun = Instant::now();
    let value = action.await?;
    Ok((value, begun.elapsed()))
}
