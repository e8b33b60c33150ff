//! The subcommand `preflight`: what is looked at in a cluster before one operator takes the place of another.

use std::fmt::Display;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use flinkk8soperator_preflight::read::Reader;
use flinkk8soperator_preflight::{back, dump, takeover};
use flinkk8soperator_runtime::config::{Sources, load};
use flinkk8soperator_runtime::{Settings, client};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::arguments::{kubeconfig, output, path};
use crate::offline::read;

/// Something does not rest, or would not go on resting. As with `replay`, trouble is another code.
const RESTLESS: u8 = 1;
const TROUBLE: u8 = 2;

const AFTER_HELP: &str = "\
Nothing is written to the cluster.

A dump holds the environment of the application's containers, its flinkConfig and its programArgs, and with \
them whatever secrets stand there in clear. Look through it before you give it away.

Exit code: 0 written, or everything goes on as it is; 1 something would be redeployed or does not rest; \
2 it could not be found out";

/// The subcommand.
pub(crate) fn command() -> Command {
    Command::new("preflight")
        .about("Looks, before operators are swapped, at what there is and what would become of it")
        .long_about(
            "Tells what this operator would do with each application if it took over now: tried, for each, in a \
             simulated cluster that begins as the application stands",
        )
        .after_help(AFTER_HELP)
        .group(ArgGroup::new("what").args(["dump", "back"]))
        .arg(
            path("dump", "Write an application with everything around it, for simulate --world")
                .requires("namespace")
                .requires("name")
                .conflicts_with("output"),
        )
        .arg(
            Arg::new("back")
                .long("back")
                .action(ArgAction::SetTrue)
                .conflicts_with("name")
                .help("Tell instead what the reference operator would do with each application"),
        )
        .arg(
            Arg::new("namespace")
                .short('n')
                .long("namespace")
                .value_name("NAMESPACE")
                .help("Where; all namespaces if it is not given, but for --dump"),
        )
        .arg(Arg::new("name").value_name("NAME").requires("dump").help("The application to dump"))
        .arg(path("config", "The configuration file of the operator that takes over, or, with --dump, that runs"))
        .arg(kubeconfig())
        .arg(output().help("A table, or a report for machines"))
}

/// Runs it.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    match preflight(matches) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(RESTLESS),
        Err(error) => {
            eprintln!("flinkk8soperator: {error:#}");
            ExitCode::from(TROUBLE)
        }
    }
}

/// Whether everything is as one would have it.
fn preflight(matches: &ArgMatches) -> Result<bool> {
    let runtime = Runtime::new().context("cannot start")?;
    match matches.get_one::<PathBuf>("dump") {
        Some(file) => {
            let dumped = runtime.block_on(dump(matches, file));
            dumped.with_context(|| format!("{} is not written", file.display())).map(|()| true)
        }
        None if matches.get_flag("back") => runtime.block_on(back(matches)),
        None => takeover(&runtime, matches),
    }
}

async fn dump(matches: &ArgMatches, file: &Path) -> Result<()> {
    let (namespace, name) =
        text(matches, "namespace").zip(text(matches, "name")).context("NAME")?;
    let section = config(matches).map(operator_section).transpose()?;
    let section = section.unwrap_or_else(|| json!({}));
    let world = dump::read(&connect(matches).await?, namespace, name, section).await?;
    Ok(dump::write(file, &world)?)
}

async fn back(matches: &ArgMatches) -> Result<bool> {
    let rendering = settings(matches)?.rendering.config;
    let reader = connect(matches).await?;
    let report = back::look(&reader, text(matches, "namespace"), &rendering).await?;
    tell(matches, &report)?;
    Ok(report.is_good())
}

/// One application after the other: each is read and tried.
fn takeover(runtime: &Runtime, matches: &ArgMatches) -> Result<bool> {
    let settings = settings(matches)?;
    let reader = runtime.block_on(connect(matches))?;
    let listed = takeover::applications(&reader, text(matches, "namespace"));
    let mut applications = Vec::new();
    for (namespace, name) in runtime.block_on(listed)? {
        match runtime.block_on(dump::read(&reader, &namespace, &name, json!({}))) {
            Ok(world) => applications.push(takeover::tried(&world, &settings)),
            // In a fleet somebody deletes one while the others are looked at.
            Err(error) if error.is_gone() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let report = takeover::Report { applications };
    tell(matches, &report)?;
    Ok(report.is_good())
}

fn tell(matches: &ArgMatches, report: &(impl Serialize + Display)) -> Result<()> {
    let told = match text(matches, "output") {
        Some("json") => serde_json::to_string_pretty(report)? + "\n",
        _ => report.to_string(),
    };
    stdout().write_all(told.as_bytes()).context("cannot write the report")
}

async fn connect(matches: &ArgMatches) -> Result<Reader> {
    let kubeconfig = matches.get_one::<PathBuf>("kubeconfig");
    Ok(Reader::new(client::connect(kubeconfig.map(PathBuf::as_path)).await?.client))
}

fn text<'m>(matches: &'m ArgMatches, name: &str) -> Option<&'m str> {
    matches.get_one::<String>(name).map(String::as_str)
}

fn config(matches: &ArgMatches) -> Option<&Path> {
    matches.get_one::<PathBuf>("config").map(PathBuf::as_path)
}

/// Section `operator` of the file, as it stands there.
fn operator_section(file: &Path) -> Result<Value> {
    let document: Value = serde_saphyr::from_str(&read(file)?)
        .with_context(|| format!("{} is not valid", file.display()))?;
    Ok(document.get("operator").filter(|section| section.is_object()).cloned().unwrap_or(json!({})))
}

/// What the file says. This process' own environment has no say in it.
fn settings(matches: &ArgMatches) -> Result<Settings> {
    let Some(file) = config(matches) else {
        eprintln!(
            "flinkk8soperator: without --config: the hashes are those of an operator without \
             containerNameFormat and schedulerName"
        );
        return Ok(Settings::default());
    };
    fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    let loaded = load(&Sources { file: Some(file.to_owned()), ..Sources::default() })?;
    loaded.warnings.iter().for_each(|warning| eprintln!("flinkk8soperator: {warning}"));
    Ok(loaded.settings)
}
