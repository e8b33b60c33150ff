//! The subcommands that need no cluster: what would be created, and under which names.

use std::fs;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ArgMatches;
use flinkk8soperator_core::Incarnation;
use flinkk8soperator_resources::RenderConfig;
use flinkk8soperator_resources::text::{self, Which};
use flinkk8soperator_runtime::config::load;

use crate::arguments::sources;

/// `render`.
pub(crate) fn render(matches: &ArgMatches) -> Result<()> {
    let incarnation = matches.get_one::<u32>("incarnation").copied().unwrap_or(1);
    let which = match matches.get_flag("reference") {
        true => Which::Reference,
        false => Which::Created(Incarnation(incarnation)),
    };
    print!("{}", text::render(&input(matches)?, &config(matches)?, which)?);
    Ok(())
}

/// `hash`.
pub(crate) fn hash(matches: &ArgMatches) -> Result<()> {
    print!("{}", text::hash(&input(matches)?, &config(matches)?)?);
    Ok(())
}

fn config(matches: &ArgMatches) -> Result<RenderConfig> {
    let loaded = load(&sources(matches))?;
    loaded.warnings.iter().for_each(|warning| eprintln!("flinkk8soperator: {warning}"));
    Ok(loaded.settings.rendering.config)
}

fn input(matches: &ArgMatches) -> Result<String> {
    read(matches.get_one::<PathBuf>("file").context("-f FILE is missing")?)
}

/// The text of a file, or of standard input.
pub(crate) fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
