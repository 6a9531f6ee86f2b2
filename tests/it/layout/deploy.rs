//! `leoflow deploy --image-layout`: what was built elsewhere, pushed as it is and registered with its own spec.

use std::fs;
use std::path::Path;

use leoflow::layers::Digest;
use serde_json::Value;

use crate::support::{Home, Ran, SandboxProcess};

fn deploy(home: &Home, sandbox: &SandboxProcess, arguments: &[&str]) -> Ran {
    let to = ["--server", &sandbox.control_plane, "--token", "t", "--registry", &sandbox.registry];
    home.run(&[&["deploy", "etl_sales", "--output", "json"][..], arguments, &to[..]].concat())
}

fn build(home: &Home, sandbox: &SandboxProcess, arguments: &[&str]) {
    home.run(&[&["build", "etl_sales", "--base", &sandbox.base][..], arguments].concat()).exits(0);
}

/// Returns whether the registry has anything of the project.
fn pushed(home: &Home) -> bool {
    home.path().join(".local/share/leoflow/sandbox/registry/etl_sales").exists()
}

#[test]
fn an_image_that_was_built_elsewhere_is_pushed_as_it_is_and_registered() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.project("etl_sales");
    for (number, destination) in ["oci:dir", "oci:x.tar", "docker-archive:d.tar"].into_iter().enumerate() {
        let version = format!("v{number}");
        let platform: &[&str] = if number == 1 { &["--platform", "linux/amd64,linux/arm64"] } else { &[] };
        let out = ["-o", destination, "--dag-version", &version, "--output", "json"];
        let built = [&["build", "etl_sales", "--base", &sandbox.base][..], &out, platform].concat();
        let built = home.run(&built).exits(0).json();
        let deployed = deploy(&home, &sandbox, &["--image-layout", destination]).exits(0).json();
        assert_eq!(deployed["digest"], built["digest"], "{destination}");
        for key in ["platform", "digest", "base_digest"] {
            let of = |json: &serde_json::Value, at: usize| json["platforms"][at][key].clone();
            let both = [0, 1].map(|at| (of(&deployed, at), of(&built, at)));
            assert!(both.iter().all(|(deployed, built)| deployed == built), "{destination}: {key}");
        }
        assert_eq!(deployed["platforms"][0]["packages"], serde_json::Value::Null, "it is taken as it is");
        let records = home.path().join(".local/share/leoflow/sandbox/control-plane/dags/etl_sales/versions");
        let record = records.join(format!("{}.json", deployed["version"].as_str().unwrap()));
        let record: serde_json::Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
        assert_eq!(record["image"], deployed["image"]);
        assert_eq!(record["dag_version"], version, "as the image says");
    }
}

#[test]
fn an_image_of_other_files_is_refused_before_it_is_pushed() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let project = home.project("etl_sales");
    build(&home, &sandbox, &["-o", "oci:x.tar", "--platform", "linux/amd64,linux/arm64"]);
    home.run(&["image", "copy", &sandbox.base, "oci:base"]).exits(0);
    deploy(&home, &sandbox, &["--image-layout", "oci:base"]).exits(3).says(&["not built of these files"]);
    let report = project.join("report.py");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, format!("{text}\n# more\n")).unwrap();
    let ran = deploy(&home, &sandbox, &["--image-layout", "oci:x.tar"]).exits(3);
    ran.says(&["x.tar` was not built of these files", "(the one for linux/amd64)", "leoflow build -o oci:"]);
    assert!(!pushed(&home));
    fs::write(&report, text).unwrap();
    deploy(&home, &sandbox, &["--image-layout", "oci:x.tar"]).exits(0);
    assert!(pushed(&home));
}

/// Puts another text in the place of a blob, and returns it with its digest.
fn replaced(layout: &Path, digest: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (String, usize) {
    let path = |digest: &str| layout.join("blobs/sha256").join(&digest["sha256:".len()..]);
    let bytes = change(fs::read(path(digest)).unwrap());
    let digest = Digest::of(&bytes).to_string();
    fs::write(path(&digest), &bytes).unwrap();
    (digest, bytes.len())
}

/// Edits a document's descriptor: the part it describes is another one now.
fn point(descriptor: &mut Value, (digest, size): (String, usize)) {
    descriptor["digest"] = digest.into();
    descriptor["size"] = size.into();
}

#[test]
fn an_image_that_only_says_that_it_is_of_these_files_is_refused_before_it_is_pushed() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.project("etl_sales");
    build(&home, &sandbox, &["-o", "oci:dir"]);
    let layout = home.path().join("dir");
    let mut index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let entry = &mut index["manifests"][0];
    let manifest = replaced(&layout, entry["digest"].as_str().unwrap(), |manifest| {
        let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let top = manifest["layers"].as_array_mut().unwrap().last_mut().unwrap();
        let evil = replaced(&layout, top["digest"].as_str().unwrap(), |_| b"other files".to_vec());
        point(top, evil);
        manifest.to_string().into_bytes()
    });
    point(entry, manifest);
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    deploy(&home, &sandbox, &["--image-layout", "oci:dir"]).exits(6).says(&["does not unpack to sha256:"]);
    assert!(!pushed(&home));
}

#[test]
fn a_damaged_image_is_refused_before_it_is_pushed() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.project("etl_sales");
    build(&home, &sandbox, &["-o", "oci:x.tar"]);
    let archive = home.path().join("x.tar");
    let mut bytes = fs::read(&archive).unwrap();
    let gzip = bytes.windows(4).rposition(|bytes| bytes == [0x1f, 0x8b, 8, 0]).unwrap();
    bytes[gzip + 20] ^= 1;
    fs::write(&archive, bytes).unwrap();
    deploy(&home, &sandbox, &["--image-layout", "oci:x.tar"]).exits(6).says(&["is damaged", "copy the image again"]);
    assert!(!pushed(&home));
}

#[test]
fn flags_that_contradict_an_image_are_refused() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.project("etl_sales");
    for other in [&["--base", "x"][..], &["--platform", "linux/arm64"], &["--all"]] {
        deploy(&home, &sandbox, &[&["--image-layout", "oci:x.tar"], other].concat()).exits(2);
    }
    let place = format!("{}/x", sandbox.registry);
    deploy(&home, &sandbox, &["--image-layout", &place]).exits(2).says(&["is in a registry"]);
}
