//! `cargo xtask`: the chores of this workspace.
//!
//! Each chore is a module; this file only names them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

mod chart;
mod checks;
/// How core's tests play a scenario: what an exploration finds is printed as one.
#[path = "../../crates/core/tests/common/mod.rs"]
mod common;
mod crds;
mod demo;
#[path = "../../crates/core/tests/dialogue/mod.rs"]
#[expect(dead_code, reason = "what core's own tests use besides")]
mod dialogue;
mod e2e;
mod explore;
mod generated;
mod image;
mod mutants;
mod spec_changes;
mod stages;
mod test;
mod workspace;

/// For `explore`: millions of small copies.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that is checked without a cluster: build, lints, tests, generated files, documents.
    Test {
        /// Only the stages whose names contain one of these.
        only: Vec<String>,
    },
    /// Write the CRD, the reference of its fields, and what an edit of each comes to.
    Crds {
        /// Only tell whether the committed files are up to date.
        #[arg(long)]
        check: bool,
    },
    /// Lint the charts, render the operator's in its cases and `deploy/` from it, and compare with what is committed.
    ///
    /// With Helm of the version in `.ci/helm-version`: the program that HELM names, or `helm`.
    Chart {
        /// Write what differs instead.
        #[arg(long)]
        update: bool,
    },
    /// Explore the state machine in the simulated world.
    Explore {
        /// Only the suites whose names contain one of these.
        only: Vec<String>,
        /// With each planted defect instead, which has to be found.
        #[arg(long, conflicts_with = "only")]
        planted: bool,
        /// Explore everything, and write the diagram and the table of phases of the documents.
        #[arg(long, conflicts_with_all = ["only", "planted"])]
        write_docs: bool,
        /// Every suite, and larger ones than a test has time for, and write the table of them: an hour.
        #[arg(long, conflicts_with_all = ["planted", "write_docs"])]
        deep: bool,
    },
    /// The end-to-end stories with real Flink, from the build to the cluster's end; as root on Debian.
    E2e {
        /// Only these stories, on each line of Flink. Default: the fixed set that CI tells.
        #[arg(conflicts_with = "all")]
        only: Vec<String>,
        /// All stories, on each line of Flink.
        #[arg(long)]
        all: bool,
        /// The folder with `cluster` and `flink-image`, seen from the root of the repository.
        #[arg(long, default_value = "../shared")]
        tools: PathBuf,
        /// Where the cluster, the images, the jobs' state and the logs go.
        #[arg(long, default_value = "/var/tmp/flinkk8soperator-e2e")]
        work: PathBuf,
    },
    /// The operator's image, with a static binary, as an archive for Docker, containerd and registries.
    Image(image::Options),
    /// Change the state machine in one place after another: a test has to notice.
    Mutants(mutants::Choice),
    /// The story of an application, live on a simulated cluster, in under a minute.
    Demo {
        /// Keep the cluster, for kubectl, until Ctrl-C.
        #[arg(long)]
        hold: bool,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Arguments::parse().chore {
        Chore::Test { only } => test::run(&only),
        Chore::Crds { check } => crds::run(check),
        Chore::Chart { update } => chart::run(update),
        Chore::Explore { planted: true, .. } => explore::planted(),
        Chore::Explore { write_docs: true, .. } => explore::write_docs(),
        Chore::Explore { deep: true, only, .. } => explore::deep::run(&only),
        Chore::Explore { only, .. } => explore::run(&only),
        Chore::E2e { all: true, tools, work, .. } => e2e::run(&e2e::Choice::All, &tools, &work),
        Chore::E2e { only, tools, work, .. } if only.is_empty() => {
            e2e::run(&e2e::Choice::Fixed, &tools, &work)
        }
        Chore::E2e { only, tools, work, .. } => e2e::run(&e2e::Choice::Only(only), &tools, &work),
        Chore::Image(options) => image::run(&options),
        Chore::Mutants(choice) => mutants::run(&choice),
        Chore::Demo { hold } => demo::run(hold),
    }
}
