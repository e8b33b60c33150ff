//! `cargo xtask image`: the operator's image as an archive, without Docker. The same builds give the same bytes.
//!
//! The Dockerfile calls it, too, with `--directory`: what is in the image is decided here alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::workspace::target_directory;
use arch::Arch;
use config::Config;
use content::Entry;
use name::Name;

mod arch;
mod archive;
mod build;
mod config;
mod content;
mod name;
mod sbom;

/// What is asked for.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// The archive. Default: `flinkk8soperator-VERSION-ARCH.tar` in cargo's target folder.
    #[arg(long, value_name = "FILE.tar")]
    output: Option<PathBuf>,
    /// No archive, but the files that are in the image, in this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["output", "tag"])]
    directory: Option<PathBuf>,
    /// What it runs on. Default: as here.
    #[arg(long, value_enum)]
    arch: Option<Arch>,
    /// Features of the operator: `opentelemetry`, or `crash-points` for tests.
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    features: Vec<String>,
    /// This binary, instead of building it. It has to have been built with the same features.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// A name of the image; may come more than once. Default: `flinkk8soperator:VERSION`.
    #[arg(long, value_name = "NAME:TAG")]
    tag: Vec<Name>,
}

/// Builds the binary unless it is given, and makes the image.
///
/// # Errors
/// Where the binary cannot be built or is none for the image, where the image would be too large, and
/// where a file cannot be read or written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let arch = options.arch.unwrap_or(Arch::HERE);
    let path = match &options.binary {
        Some(path) => path.clone(),
        None => build::operator(arch, &options.features)?,
    };
    let binary = fs::read(&path).with_context(|| path.display().to_string())?;
    build::is_static(&binary, arch).with_context(|| path.display().to_string())?;
    println!("binary   {}, {}", megabytes(binary.len()), path.display());
    let sbom = sbom::of(&binary, arch, &options.features)?;
    let content = content::of(binary, sbom.clone(), &options.features)?;
    if let Some(folder) = &options.directory {
        return content::write(&content, folder);
    }
    let output = match &options.output {
        Some(output) => output.clone(),
        None => target_directory()?.join(format!(
            "{}-{}-{}.tar",
            config::TITLE,
            config::VERSION,
            arch.name()
        )),
    };
    save(&content, &Config::here(arch)?, &names(options)?, &output)?;
    let beside = output.with_extension("cdx.json");
    fs::write(&beside, sbom).with_context(|| beside.display().to_string())
}

/// Builds the operator with the points at which it can be made to die, and makes its image, under the default name. Gives
/// the path of the binary. For the end-to-end stories.
///
/// # Errors
/// See [`run`].
pub(crate) fn with_crash_points(output: &Path) -> Result<PathBuf> {
    let features = vec!["crash-points".to_owned()];
    let binary = build::operator(Arch::HERE, &features)?;
    let (output, given) = (Some(output.to_owned()), Some(binary.clone()));
    run(&Options { output, features, binary: given, ..Options::default() })?;
    Ok(binary)
}

/// What it is called unless it is said otherwise.
pub(crate) fn default_name() -> String {
    format!("{}:{}", config::TITLE, config::VERSION)
}

fn names(options: &Options) -> Result<Vec<Name>> {
    if options.tag.is_empty() {
        return Ok(vec![default_name().parse()?]);
    }
    Ok(options.tag.clone())
}

/// Writes the archive, and tells what came out.
fn save(content: &[Entry], config: &Config, names: &[Name], output: &Path) -> Result<()> {
    let archive = archive::pack(content, config, names)?;
    fs::write(output, &archive.bytes).with_context(|| output.display().to_string())?;
    println!("layer    {}", megabytes(archive.layer));
    println!("archive  {}, {}", megabytes(archive.bytes.len()), output.display());
    println!("digest   {}", archive.digest);
    names.iter().for_each(|name| println!("name     {}", name.given()));
    Ok(())
}

fn megabytes(bytes: usize) -> String {
    format!("{:.2} MB ({bytes} bytes)", bytes as f64 / 1e6)
}
