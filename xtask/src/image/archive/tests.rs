//! The archive as those read it who load it: every digest is that of what it names.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::Value;
use tar::EntryType;

use super::super::arch::Arch;
use super::super::content;
use super::{Archive, Config, Name, digest, pack};

/// What the tests take for the binary.
const BINARY: &[u8] = b"\x7fELF and so on";
const MADE: i64 = 1_700_000_000;

fn config() -> Config {
    let created = Timestamp::from_second(MADE).expect("a time");
    Config { arch: Arch::Arm64, created: Some(created), revision: Some("0123abc".to_owned()) }
}

fn packed_with(binary: &[u8], names: &[&str]) -> Archive {
    let names: Vec<Name> = names.iter().map(|name| name.parse().expect("a name")).collect();
    let content = content::of(binary.to_vec(), b"{}".to_vec(), &[]).expect("it is small");
    pack(&content, &config(), &names).expect("an archive")
}

fn packed(names: &[&str]) -> Vec<u8> {
    packed_with(BINARY, names).bytes
}

/// The files of an archive by their names.
fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().expect("a tar archive");
    entries
        .map(|entry| {
            let mut entry = entry.expect("an entry");
            let path = entry.path().expect("a path").display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its bytes");
            (path, bytes)
        })
        .collect()
}

fn json(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Value {
    serde_json::from_slice(&files[path]).expect(path)
}

/// The path of the blob that a descriptor names; size and digest are those of the blob.
fn blob(files: &BTreeMap<String, Vec<u8>>, descriptor: &Value) -> String {
    let named = descriptor["digest"].as_str().expect("a digest");
    let path = format!("blobs/{}", named.replace(':', "/"));
    let bytes = &files[&path];
    assert_eq!(digest(bytes), named);
    assert_eq!(descriptor["size"], bytes.len());
    path
}

fn unpacked(layer: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(layer).read_to_end(&mut bytes).expect("it is compressed");
    bytes
}

#[test]
fn docker_and_containerd_find_the_same_image() {
    let files = files(&packed(&["operator:1", "example.com/operator:2"]));
    assert_eq!(json(&files, "oci-layout")["imageLayoutVersion"], "1.0.0");
    let index = json(&files, "index.json");
    let entries = index["manifests"].as_array().expect("manifests");
    assert_eq!(entries.len(), 2);
    let names = ["docker.io/library/operator:1", "example.com/operator:2"];
    for (entry, name) in entries.iter().zip(names) {
        assert_eq!(entry["annotations"]["io.containerd.image.name"], name);
        assert_eq!(entry["platform"]["architecture"], "arm64");
        assert_eq!(entry["digest"], entries[0]["digest"]);
    }
    let manifest = json(&files, &blob(&files, &entries[0]));
    let layers = manifest["layers"].as_array().expect("layers");
    let [layer] = &layers[..] else { panic!("one layer, not {layers:?}") };
    let (config, layer) = (blob(&files, &manifest["config"]), blob(&files, layer));
    let docker = &json(&files, "manifest.json")[0];
    assert_eq!(docker["Config"], config);
    assert_eq!(docker["Layers"], serde_json::json!([layer]));
    assert_eq!(docker["RepoTags"], serde_json::json!(["operator:1", "example.com/operator:2"]));
    // Nothing is in the archive that nobody names.
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    let ids = &json(&files, &config)["rootfs"]["diff_ids"];
    assert_eq!(*ids, serde_json::json!([digest(&unpacked(&files[&layer]))]));
}

#[test]
fn the_image_is_not_run_as_root_and_says_what_it_is() {
    let files = files(&packed(&["operator:1"]));
    let manifest = json(&files, &blob(&files, &json(&files, "index.json")["manifests"][0]));
    let image = json(&files, &blob(&files, &manifest["config"]));
    assert_eq!(image["architecture"], "arm64");
    assert_eq!(image["created"], "2023-11-14T22:13:20Z");
    let config = &image["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/flinkk8soperator"]));
    assert_eq!(config["ExposedPorts"], serde_json::json!({ "10254/tcp": {} }));
    let labels = &config["Labels"];
    assert_eq!(*labels, manifest["annotations"]);
    assert_eq!(labels["org.opencontainers.image.revision"], "0123abc");
    assert_eq!(labels["org.opencontainers.image.created"], image["created"]);
    assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn what_is_not_known_is_not_said() {
    let config = Config { created: None, revision: None, ..config() };
    assert!(!config.labels().contains_key("org.opencontainers.image.created"));
    assert!(!config.labels().contains_key("org.opencontainers.image.revision"));
    assert!(config.json("").get("created").is_none());
}

#[test]
fn the_layer_has_the_program_under_both_names_and_all_of_it_is_roots() {
    let files = files(&packed(&["operator:1"]));
    let docker = &json(&files, "manifest.json")[0];
    let layer = unpacked(&files[docker["Layers"][0].as_str().expect("a layer")]);
    let mut archive = tar::Archive::new(&layer[..]);
    let mut found = Vec::new();
    for entry in archive.entries().expect("a tar archive") {
        let mut entry = entry.expect("an entry");
        let header = entry.header();
        assert_eq!((header.uid().expect("a uid"), header.gid().expect("a gid")), (0, 0));
        assert_eq!(header.mtime().expect("a time"), MADE as u64);
        let (kind, mode) = (header.entry_type(), header.mode().expect("a mode"));
        let path = entry.path().expect("a path").display().to_string();
        let link = entry.link_name().expect("a link").map(|to| to.display().to_string());
        if path == "flinkk8soperator" {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its bytes");
            assert_eq!(bytes, BINARY);
        }
        found.push((path, kind, mode, link));
    }
    let expected = [
        ("flinkk8soperator".to_owned(), EntryType::Regular, 0o755, None),
        ("flinkoperator".to_owned(), EntryType::Symlink, 0o777, Some("flinkk8soperator".into())),
        ("sbom.cdx.json".to_owned(), EntryType::Regular, 0o644, None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_same_content_gives_the_same_bytes_and_another_one_does_not() {
    assert_eq!(packed(&["operator:1"]), packed(&["operator:1"]));
    let other = packed_with(b"another", &["operator:1"]);
    assert_ne!(other.digest, packed_with(BINARY, &["operator:1"]).digest);
}
