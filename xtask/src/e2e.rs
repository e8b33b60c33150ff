//! `cargo xtask e2e`: the end-to-end stories from nothing: builds the operator and the images of Flink,
//! brings a cluster up, tells the stories on each line of Flink, takes the cluster down. `.ci/run` calls it.

mod rights;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::workspace::{cargo, output, root, run as execute, target_directory, text};
use crate::{chart, image};
use anyhow::{Context, Result, bail, ensure};

/// A line of Flink, and how the stories are told on it.
struct Line {
    /// The version of the image.
    version: &'static str,
    /// How the operator reaches Flink: outside a cluster it goes through the API server's proxy, inside it
    /// uses the pods' addresses. Each way is gone once.
    access: &'static str,
    /// Whether it runs in the cluster, as its chart installs it, where a story is not about its process.
    installed: bool,
    /// The stories of the fixed set: on the older line all but those that the newer one tells.
    fixed: &'static [&'static str],
}

const LINES: [Line; 2] = [
    Line {
        version: "1.20.5",
        access: "apiServer",
        installed: false,
        fixed: &[
            "crd",
            "deploy",
            "update",
            "missing-image",
            "wrong-class",
            "alone",
            "in-place",
            "kill-points",
            "a-b-a",
            "bounded",
            "taken-over",
            "blue-green",
        ],
    },
    Line {
        version: "2.3.0",
        access: "pod",
        installed: true,
        fixed: &["deploy", "rest-tls", "in-place-adaptive", "recovery", "installed", "delete"],
    },
];

/// Which stories are told.
pub(crate) enum Choice {
    /// The fixed set: each kind of update, recovery and failure once, in at most 25 minutes.
    Fixed,
    /// All, on each line.
    All,
    /// These, on each line.
    Only(Vec<String>),
}

impl Choice {
    /// Whether all that the operator does comes to pass.
    fn is_complete(&self) -> bool {
        matches!(self, Choice::Fixed | Choice::All)
    }
}

/// Where things are.
struct Places {
    /// The folder with `cluster` and `flink-image`.
    tools: PathBuf,
    /// The cluster, the images, the jobs' state and the operator's logs.
    work: PathBuf,
    /// What cargo builds.
    target: PathBuf,
}

/// Tells the stories. The first that fails ends the run; the cluster goes in any case.
///
/// # Errors
/// Where something cannot be built or brought up, or a story failed.
pub(crate) fn run(choice: &Choice, tools: &Path, work: &Path) -> Result<()> {
    let begun = Instant::now();
    if let Choice::Only(only) = choice {
        known(only)?;
    }
    // Known before anything is built.
    chart::check_helm()?;
    let places = Places::find(tools, work)?;
    let operator = stage("operator", || places.operator())?;
    stage("images", || places.images())?;
    let told = places.told(choice, &operator).and_then(|()| {
        stage("the operator's rights", || {
            rights::Asked::read(&places.audit_log())?.compare(choice.is_complete())
        })
    });
    let down = stage("cluster down", || places.down());
    told.and(down)?;
    println!(
        "=== all of it: ok, {} s; logs in {}",
        begun.elapsed().as_secs(),
        places.logs().display()
    );
    Ok(())
}

/// Each of these is a story: a slip is told before the build, not minutes later.
fn known(only: &[String]) -> Result<()> {
    let stories = stories()?;
    match only.iter().find(|only| !stories.contains(only)) {
        None => Ok(()),
        Some(unknown) => bail!("there is no story {unknown}; there are {}", stories.join(", ")),
    }
}

/// The names of all stories. (The package `e2e` is a program, and not a dependency of this one.)
fn stories() -> Result<Vec<String>> {
    let list = text(&root().join("e2e/src/stories/mod.rs"))?;
    let name =
        |line: &str| Some(line.trim().strip_prefix("name: \"")?.split_once('"')?.0.to_owned());
    Ok(list.lines().filter_map(name).collect())
}

/// Runs one thing, and prints how long it took.
fn stage<T>(name: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("=== {name}");
    let begun = Instant::now();
    let outcome = action();
    let end = if outcome.is_ok() { "ok" } else { "FAILED" };
    println!("=== {name}: {end}, {} s", begun.elapsed().as_secs());
    outcome.with_context(|| name.to_owned())
}

impl Places {
    fn find(tools: &Path, work: &Path) -> Result<Places> {
        let tools = root().join(tools);
        for tool in ["cluster/up", "flink-image/build"] {
            let path = tools.join(tool);
            ensure!(path.exists(), "there is no {}: name the folder with --tools", path.display());
        }
        // Pods mount a folder of it, by a path that means the same to the kubelet.
        let work = std::path::absolute(work)?;
        fs::create_dir_all(&work).with_context(|| work.display().to_string())?;
        Ok(Places { tools, work, target: target_directory()? })
    }

    /// The operator as it is released, but with the points at which it can be made to die, as a binary and as an image;
    /// and the stories. Gives the path of the binary.
    fn operator(&self) -> Result<PathBuf> {
        execute(&mut cargo(&["build", "--locked", "--package", "e2e"]))?;
        image::with_crash_points(&self.operator_image())
    }

    /// Each image twice, under two names: an update that changes nothing but the image.
    fn images(&self) -> Result<()> {
        LINES.iter().try_for_each(|line| {
            let mut build = self.tool("flink-image/build");
            build.arg(line.version).arg(self.image(line));
            execute(build.arg(format!("flink-test:{}-next", line.version)))
        })
    }

    fn told(&self, choice: &Choice, operator: &Path) -> Result<()> {
        let kubeconfig = stage("cluster", || self.up())?;
        LINES.iter().try_for_each(|line| {
            let name = format!("stories on Flink {}", line.version);
            stage(&name, || self.tell(line, choice, &kubeconfig, operator))
        })
    }

    /// Gives the path of the kubeconfig.
    fn up(&self) -> Result<String> {
        // What it does is told on standard error, which goes to the terminal.
        let kubeconfig = output(self.tool("cluster/up").stderr(Stdio::inherit()))?;
        self.write_down_who_asks_what()?;
        let images = LINES.iter().map(|line| self.image(line)).chain([self.operator_image()]);
        execute(self.tool("cluster/load-image").args(images))?;
        Ok(kubeconfig.trim().to_owned())
    }

    /// From here on the API server writes down what service accounts ask it for.
    fn write_down_who_asks_what(&self) -> Result<()> {
        let flag = |name: &str, value: &Path| format!("--{name}={}", value.display());
        let policy = root().join("xtask/src/e2e/audit-policy.yaml");
        let mut restart = Command::new(root().join("e2e/restart-api-server"));
        restart.arg(self.work.join("cluster")).arg("0").arg(flag("audit-policy-file", &policy));
        execute(restart.arg(flag("audit-log-path", &self.audit_log())))
    }

    fn tell(&self, line: &Line, choice: &Choice, kubeconfig: &str, operator: &Path) -> Result<()> {
        let mut stories = Command::new(self.target.join("debug/e2e"));
        stories.args(["--kubeconfig", kubeconfig, "--operator"]).arg(operator);
        stories.args(["--operator-image", &image::default_name()]);
        if line.installed {
            stories.arg("--installed");
        }
        stories.arg("--charts").arg(root().join("charts"));
        let (version, access) = (line.version, line.access);
        stories.args(["--image", &format!("flink-test:{version}")]);
        let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
        stories.args(["--flink-version", minor, "--flink-access", access]);
        stories.arg("--state-path").arg(self.work.join("state"));
        stories.arg("--logs").arg(self.logs().join(version));
        match choice {
            Choice::All => {}
            Choice::Fixed => drop(stories.args(["--only", &line.fixed.join(",")])),
            Choice::Only(only) => drop(stories.args(["--only", &only.join(",")])),
        }
        execute(&mut stories)
    }

    /// Ends the cluster, and removes what is large; the logs stay.
    fn down(&self) -> Result<()> {
        execute(&mut self.tool("cluster/down"))?;
        let images = LINES.iter().map(|line| self.image(line)).chain([self.operator_image()]);
        for image in images {
            fs::remove_file(&image).with_context(|| image.display().to_string())?;
        }
        Ok(())
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.tools.join(name));
        command.env("CLUSTER_DIR", self.work.join("cluster")).stdin(Stdio::null());
        command
    }

    fn image(&self, line: &Line) -> PathBuf {
        self.work.join(format!("flink-{}.tar", line.version))
    }

    fn operator_image(&self) -> PathBuf {
        self.work.join("operator.tar")
    }

    fn audit_log(&self) -> PathBuf {
        self.work.join("audit.log")
    }

    fn logs(&self) -> PathBuf {
        self.work.join("logs")
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, known, root, stories, text};

    #[test]
    fn the_fixed_set_names_stories_in_the_order_in_which_they_are_told() {
        let stories = stories().expect("the sources can be read");
        assert!(stories.len() > 10, "{stories:?}");
        for line in &LINES {
            let place = |name: &&str| stories.iter().position(|story| story == name);
            let places: Vec<usize> = line.fixed.iter().filter_map(place).collect();
            assert_eq!(places.len(), line.fixed.len(), "{:?} of {stories:?}", line.fixed);
            assert!(places.is_sorted(), "{:?} of {stories:?}", line.fixed);
        }
    }

    #[test]
    fn an_unknown_story_is_told_with_those_that_there_are() {
        assert!(known(&["bounded".to_owned()]).is_ok());
        let told = known(&["bounded".to_owned(), "bound".to_owned()]).unwrap_err().to_string();
        assert!(told.starts_with("there is no story bound; there are crd, deploy, "), "{told}");
    }

    #[test]
    fn the_documentation_has_a_row_for_every_story() {
        let readme = text(&root().join("e2e/README.md")).expect("e2e/README.md");
        for story in stories().expect("the sources can be read") {
            assert!(readme.contains(&format!("\n| `{story}` | ")), "{story}");
        }
    }
}
