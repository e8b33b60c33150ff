//! A file that appears whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::World;

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    /// Which.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

/// Writes a world, for its owner's eyes alone: the environment of its containers is in it. A file of that
/// name is replaced.
///
/// # Errors
/// See [`WriteError`]; then there is what was there before.
pub fn write(path: &Path, world: &World) -> Result<(), WriteError> {
    replace(path, world).map_err(|source| WriteError { path: path.to_owned(), source })
}

fn replace(path: &Path, world: &World) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Beside it, since only within a file system a name can be moved in one step.
    let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let text = serde_json::to_string_pretty(world)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
