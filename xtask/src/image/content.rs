//! The files that are in the image.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// What the image may have on a node, where it is not compressed: as it is released, and with traces.
const LIMIT: usize = 15_000_000;
const LIMIT_WITH_TRACES: usize = 16_000_000;

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
///
/// # Errors
/// Where it is too much.
pub(crate) fn of(binary: Vec<u8>, sbom: Vec<u8>, features: &[String]) -> Result<Vec<Entry>> {
    let size = binary.len() + sbom.len();
    let traces = features.iter().any(|feature| feature == "opentelemetry");
    let limit = if traces { LIMIT_WITH_TRACES } else { LIMIT };
    ensure!(
        size <= limit,
        "the image has {size} bytes, and may have {limit}: what has come into the binary?"
    );
    Ok(vec![
        Entry { path: "flinkk8soperator", kind: Kind::Program(binary) },
        // What the reference operator's manifests start.
        Entry { path: "flinkoperator", kind: Kind::Link("flinkk8soperator") },
        Entry { path: "sbom.cdx.json", kind: Kind::Data(sbom) },
    ])
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
    use super::{LIMIT, LIMIT_WITH_TRACES, fs, of, write};

    #[test]
    fn the_files_can_be_written_twice_and_both_names_are_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        for program in ["one", "two"] {
            let content = of(program.into(), b"{}".to_vec(), &[]).expect("it is small");
            write(&content, folder.path()).expect("they are written");
            let read = |name| fs::read_to_string(folder.path().join(name)).expect("it is there");
            assert_eq!(read("flinkk8soperator"), program);
            assert_eq!(read("flinkoperator"), program);
            assert_eq!(read("sbom.cdx.json"), "{}");
        }
    }
    #[test]
    fn too_large_an_image_is_refused() {
        assert!(of(vec![0; LIMIT - 2], b"{}".to_vec(), &[]).is_ok());
        let error = of(vec![0; LIMIT - 1], b"{}".to_vec(), &[]).err().expect("it is refused");
        assert!(error.to_string().contains("has 15000001 bytes, and may have 15000000"), "{error}");
        let traces = ["opentelemetry".to_owned()];
        assert!(of(vec![0; LIMIT - 1], b"{}".to_vec(), &traces).is_ok());
        assert!(of(vec![0; LIMIT_WITH_TRACES - 1], b"{}".to_vec(), &traces).is_err());
    }
}
