//! How the image is started, and what it says of itself. The Dockerfile says the same.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::arch::Arch;
use crate::workspace::{output, root};

/// The name of the program, and of its image.
pub(crate) const TITLE: &str = "flinkk8soperator";
/// The version of the workspace.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// No user of any system: 65532 is what images without a shell commonly have. A number, since the kubelet
/// cannot tell whether a name is root's.
const USER: &str = "65532:65532";
const ENTRYPOINT: &str = "/flinkk8soperator";
/// So that a manifest may start `flinkoperator` without a path, as the reference operator's does.
const ENVIRONMENT: &str = "PATH=/";
/// Metrics and health: `operator.profilerPort`.
const PORT: &str = "10254/tcp";
/// What is true of every build.
const LABELS: [(&str, &str); 4] = [
    ("org.opencontainers.image.title", TITLE),
    ("org.opencontainers.image.description", "Kubernetes operator for Apache Flink"),
    ("org.opencontainers.image.version", VERSION),
    ("org.opencontainers.image.licenses", env!("CARGO_PKG_LICENSE")),
];

/// What an image is built for and from.
pub(crate) struct Config {
    /// What it runs on.
    pub(crate) arch: Arch,
    /// When what it is built from was made: builds of the same sources give the same image.
    pub(crate) created: Option<Timestamp>,
    /// The commit.
    pub(crate) revision: Option<String>,
}

impl Config {
    /// From `SOURCE_DATE_EPOCH` and the commit; without them the image does not say.
    ///
    /// # Errors
    /// Where `SOURCE_DATE_EPOCH` is no time.
    pub(crate) fn here(arch: Arch) -> Result<Config> {
        let seconds = match env::var("SOURCE_DATE_EPOCH") {
            Ok(seconds) => Some(seconds),
            Err(_) => git(&["log", "-1", "--format=%ct"]),
        };
        let created = seconds.map(|seconds| time(&seconds)).transpose()?;
        // `-dirty` where files differ from the commit's.
        let describe = ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"];
        Ok(Config { arch, created, revision: git(&describe) })
    }

    /// The labels, which are the manifest's annotations, too.
    pub(crate) fn labels(&self) -> Map<String, Value> {
        let created = self.created.map(|created| created.to_string());
        let built = [
            ("org.opencontainers.image.created", created),
            ("org.opencontainers.image.revision", self.revision.clone()),
        ];
        let built = built.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let fixed = LABELS.iter().map(|(name, value)| (*name, (*value).to_owned()));
        fixed.chain(built).map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }

    /// The image's configuration, with the digest of the one layer before it was compressed.
    pub(crate) fn json(&self, layer: &str) -> Value {
        let mut config = json!({
            "architecture": self.arch.name(),
            "os": "linux",
            "config": {
                "User": USER,
                "ExposedPorts": { PORT: {} },
                "Env": [ENVIRONMENT],
                "Entrypoint": [ENTRYPOINT],
                "Labels": self.labels(),
            },
            "rootfs": { "type": "layers", "diff_ids": [layer] },
            "history": [{ "created_by": "cargo xtask image" }],
        });
        if let Some(created) = self.created {
            config["created"] = json!(created.to_string());
            config["history"][0]["created"] = json!(created.to_string());
        }
        config
    }
}

/// What git says; nothing where the sources are not in a repository.
fn git(arguments: &[&str]) -> Option<String> {
    let told = output(Command::new("git").args(arguments).current_dir(root())).ok()?;
    Some(told.trim().to_owned())
}

fn time(seconds: &str) -> Result<Timestamp> {
    let right = || format!("SOURCE_DATE_EPOCH: {seconds:?} are no seconds since 1970");
    Timestamp::from_second(seconds.trim().parse().with_context(right)?).with_context(right)
}

#[cfg(test)]
mod tests {
    use super::{ENTRYPOINT, ENVIRONMENT, LABELS, PORT, USER, time};
    use crate::workspace::{root, text};

    /// Instructions of the last stage, and the base of the first.
    fn dockerfile() -> (Vec<String>, String) {
        let file = text(&root().join("Dockerfile")).expect("Dockerfile");
        let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut stages: Vec<Vec<String>> = Vec::new();
        for line in lines {
            if line.starts_with("FROM ") {
                stages.push(Vec::new());
            }
            stages.last_mut().unwrap_or(&mut Vec::new()).push(line.to_owned());
        }
        let last = stages.pop().expect("a stage");
        let first = stages.first().expect("a stage before the last").first().cloned();
        (last, first.expect("its FROM"))
    }

    #[test]
    fn the_dockerfile_makes_the_same_image() {
        let mut expected = vec![
            "FROM scratch".to_owned(),
            "COPY --from=builder /image/ /".to_owned(),
            format!("USER {USER}"),
            format!("ENV {ENVIRONMENT}"),
            format!("EXPOSE {PORT}"),
            format!("ENTRYPOINT [\"{ENTRYPOINT}\"]"),
        ];
        expected.extend(LABELS.iter().map(|(name, value)| format!("LABEL {name}=\"{value}\"")));
        assert_eq!(dockerfile().0, expected);
    }

    #[test]
    fn the_dockerfile_builds_with_the_compiler_of_the_workspace() {
        let toolchain = text(&root().join("rust-toolchain.toml")).expect("rust-toolchain.toml");
        let version = toolchain.split('"').nth(1).expect("a channel");
        let from = dockerfile().1;
        assert!(from.contains(&format!(" rust:{version}-")), "{from}: not Rust {version}");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(time("0\n").expect("a time").to_string(), "1970-01-01T00:00:00Z");
        let error = time("yesterday").expect_err("no time").to_string();
        assert_eq!(error, "SOURCE_DATE_EPOCH: \"yesterday\" are no seconds since 1970");
    }
}
