//! The files that are in the image.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result};

/// A file; the owner is root, so that the operator cannot write it.
pub(crate) struct Entry {
    /// Without a slash in front.
    pub(crate) path: &'static str,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a file is.
pub(crate) enum Kind {
    /// Everybody may run it.
    Program(Vec<u8>),
    /// Everybody may read it.
    Data(Vec<u8>),
    /// A symbolic link to that name.
    Link(&'static str),
}

/// All that is in the image.
pub(crate) fn of(binary: Vec<u8>, sbom: Vec<u8>) -> Vec<Entry> {
    vec![
        Entry { path: "flinkk8soperator", kind: Kind::Program(binary) },
        // What the reference operator's manifests start.
        Entry { path: "flinkoperator", kind: Kind::Link("flinkk8soperator") },
        Entry { path: "sbom.cdx.json", kind: Kind::Data(sbom) },
    ]
}

/// Writes them into a folder, which is made where it is missing.
///
/// # Errors
/// Where one cannot be written.
pub(crate) fn write(content: &[Entry], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    content.iter().try_for_each(|entry| {
        let path = folder.join(entry.path);
        put(&entry.kind, &path).with_context(|| path.display().to_string())
    })
}

fn put(kind: &Kind, path: &Path) -> std::io::Result<()> {
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path)?;
    }
    let (bytes, mode) = match kind {
        Kind::Program(bytes) => (bytes, 0o755),
        Kind::Data(bytes) => (bytes, 0o644),
        Kind::Link(to) => return symlink(to, path),
    };
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::{fs, of, write};

    #[test]
    fn the_files_can_be_written_twice_and_both_names_are_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        for program in ["one", "two"] {
            write(&of(program.into(), b"{}".to_vec()), folder.path()).expect("they are written");
            let read = |name| fs::read_to_string(folder.path().join(name)).expect("it is there");
            assert_eq!(read("flinkk8soperator"), program);
            assert_eq!(read("flinkoperator"), program);
            assert_eq!(read("sbom.cdx.json"), "{}");
        }
    }
}
