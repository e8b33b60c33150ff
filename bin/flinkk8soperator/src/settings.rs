//! `config`: the settings that the operator would have, and where each comes from.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command};
use flinkk8soperator_api::flink_version::Release;
use flinkk8soperator_runtime::config::{Scope, Setting, load};

use crate::arguments::{config, flags, output, sources};

pub(crate) fn command(layered: &BTreeSet<String>) -> Command {
    Command::new("config")
        .about("Prints every setting as the operator would have it, and where it comes from")
        .arg(config())
        .arg(output().help("text, or json"))
        .arg(
            Arg::new("namespace")
                .short('n')
                .long("namespace")
                .value_name("NAME")
                .value_parser(Scope::namespace)
                .help("As it is for applications of this namespace"),
        )
        .arg(
            Arg::new("flink-version")
                .long("flink-version")
                .value_name("VERSION")
                .value_parser(release)
                .help("As it is for applications with this spec.flinkVersion"),
        )
        .args(flags(layered))
}

fn release(version: &str) -> Result<Release, String> {
    Release::of(version)
        .ok_or_else(|| "this is no version of Flink, such as 1.20 or 1.20.1".to_owned())
}

/// Prints them. What is wrong is an error, what is unknown is told beside them.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    let loaded = load(&sources(matches))?;
    loaded.warnings.iter().for_each(|warning| eprintln!("flinkk8soperator: {warning}"));
    let namespace = matches.get_one::<Scope>("namespace").cloned();
    let settings = match (namespace, matches.get_one::<Release>("flink-version").copied()) {
        (None, None) => loaded.settings.effective(),
        (namespace, release) => loaded.settings.effective_for(namespace, release),
    };
    match matches.get_one::<String>("output").map(String::as_str) {
        Some("json") => println!("{}", serde_json::to_string_pretty(&settings).context("JSON")?),
        _ => print!("{}", table(&settings)),
    }
    Ok(())
}

/// A line each: key, value, origin.
fn table(settings: &[Setting]) -> String {
    let value = |setting: &Setting| match setting.value.as_str() {
        "" => "\"\"".to_owned(),
        value => value.to_owned(),
    };
    let width = |of: &dyn Fn(&Setting) -> usize| settings.iter().map(of).max().unwrap_or_default();
    let (keys, values) = (width(&|s| s.key.len()), width(&|s| value(s).chars().count()));
    let line = |setting: &Setting| {
        format!("{:keys$}  {:values$}  {}\n", setting.key, value(setting), setting.origin)
    };
    settings.iter().map(line).collect()
}
