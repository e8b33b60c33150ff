//! The archive: an OCI image layout, and beside it the `manifest.json` by which `docker load` of before
//! version 25 finds the same image in it.
//!
//! <https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md>

use std::io::Write;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::config::Config;
use super::content::{Entry, Kind};
use super::name::Name;

/// An image as an archive.
pub(crate) struct Archive {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// Of the manifest: by this a registry names the image.
    pub(crate) digest: String,
    /// The size of the layer before it was compressed.
    pub(crate) layer: usize,
}

/// A blob of the layout.
struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

/// Packs an image of one layer.
///
/// # Errors
/// Where it is said to be made before 1970.
pub(crate) fn pack(content: &[Entry], config: &Config, names: &[Name]) -> Result<Archive> {
    let modified = config.created.map_or(0, |created| created.as_second());
    let modified = u64::try_from(modified).context("it was made before 1970")?;
    let layer = layer(content, modified)?;
    let image = Blob::json(&config.json(&digest(&layer)))?;
    let packed = Blob::new(compressed(&layer)?);
    let manifest = Blob::json(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": image.descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": [packed.descriptor("application/vnd.oci.image.layer.v1.tar+gzip")],
        "annotations": config.labels(),
    }))?;
    let index = Blob::json(&index(&manifest, config, names))?;
    let docker = Blob::json(&json!([{
        "Config": image.path(),
        "RepoTags": names.iter().map(Name::given).collect::<Vec<_>>(),
        "Layers": [packed.path()],
    }]))?;
    let mut archive = Builder::new(Vec::new());
    let layout = br#"{"imageLayoutVersion":"1.0.0"}"#;
    file(&mut archive, "oci-layout", layout, 0o644, modified)?;
    file(&mut archive, "index.json", &index.bytes, 0o644, modified)?;
    file(&mut archive, "manifest.json", &docker.bytes, 0o644, modified)?;
    for blob in [&manifest, &image, &packed] {
        file(&mut archive, &blob.path(), &blob.bytes, 0o644, modified)?;
    }
    Ok(Archive { bytes: archive.into_inner()?, digest: manifest.digest, layer: layer.len() })
}

/// One entry a name: containerd takes one name from each.
fn index(manifest: &Blob, config: &Config, names: &[Name]) -> Value {
    let manifests: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut entry = manifest.descriptor("application/vnd.oci.image.manifest.v1+json");
            entry["platform"] = json!({ "architecture": config.arch.name(), "os": "linux" });
            entry["annotations"] = json!({
                "io.containerd.image.name": name.full(),
                "org.opencontainers.image.ref.name": name.full(),
            });
            entry
        })
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": manifests,
    })
}

fn layer(content: &[Entry], modified: u64) -> Result<Vec<u8>> {
    let mut layer = Builder::new(Vec::new());
    for entry in content {
        match &entry.kind {
            Kind::Program(bytes) => file(&mut layer, entry.path, bytes, 0o755, modified)?,
            Kind::Data(bytes) => file(&mut layer, entry.path, bytes, 0o644, modified)?,
            Kind::Link(to) => {
                let mut header = header(0, 0o777, modified);
                header.set_entry_type(EntryType::Symlink);
                layer.append_link(&mut header, entry.path, to)?;
            }
        }
    }
    Ok(layer.into_inner()?)
}

fn file(
    archive: &mut Builder<Vec<u8>>,
    path: &str,
    bytes: &[u8],
    mode: u32,
    modified: u64,
) -> Result<()> {
    let mut header = header(bytes.len(), mode, modified);
    archive.append_data(&mut header, path, bytes).with_context(|| path.to_owned())
}

/// Root's, and nothing of where and when the archive was made.
fn header(size: usize, mode: u32, modified: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_size(size as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modified);
    header
}

fn compressed(layer: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(layer)?;
    Ok(encoder.finish()?)
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Blob {
        Blob { digest: digest(&bytes), bytes }
    }

    fn json(value: &Value) -> Result<Blob> {
        Ok(Blob::new(serde_json::to_vec(value)?))
    }

    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replace(':', "/"))
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest, "size": self.bytes.len() })
    }
}

#[cfg(test)]
mod tests;
