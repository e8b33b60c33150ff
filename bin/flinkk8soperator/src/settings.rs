//! `config`: the settings that the operator would have, and where each comes from.

use anyhow::{Context, Result};
use clap::{ArgMatches, Command};
use flinkk8soperator_runtime::config::{Setting, load};

use crate::arguments::{config, flags, output, sources};

pub(crate) fn command() -> Command {
    Command::new("config")
        .about("Prints every setting as the operator would have it, and where it comes from")
        .arg(config())
        .arg(output().help("text, or json"))
        .args(flags())
}

/// Prints them. What is wrong is an error, what is unknown is told beside them.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    let loaded = load(&sources(matches))?;
    loaded.warnings.iter().for_each(|warning| eprintln!("flinkk8soperator: {warning}"));
    let settings = loaded.settings.effective();
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
