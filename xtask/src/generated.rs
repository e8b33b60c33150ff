//! Generated files that are committed: written, or compared with what would be written.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::workspace::shown;

/// A file's path and its text.
pub(crate) type File = (PathBuf, String);

/// Writes the files.
///
/// # Errors
/// Where one cannot be written.
pub(crate) fn write(files: &[File]) -> Result<()> {
    for (path, text) in files {
        let folder = path.parent().context("a generated file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
        println!("{} ({} bytes)", shown(path), text.len());
    }
    Ok(())
}

/// Compares the committed files with what would be written.
///
/// # Errors
/// Where one differs or cannot be read; the message names it, and the command that writes it.
pub(crate) fn compare(files: &[File], command: &str) -> Result<()> {
    let stale: Vec<_> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text))
        .map(|(path, _)| shown(path))
        .collect();
    if !stale.is_empty() {
        bail!("not what would be made; run `{command}` and commit: {}", stale.join(", "));
    }
    Ok(())
}
