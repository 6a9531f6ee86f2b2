//! One project for several platforms, and what an image says of itself.

use std::process::Command;

use leoflow::credentials::Keychain;
use leoflow::image::{Artifact, media_type};
use leoflow::registry::{Client, Options};
use serde_json::{Value, json};

use crate::support::{Home, SandboxProcess};

/// Fetches what a deploy pinned.
async fn pulled(image: &Value) -> Artifact {
    let client = Client::new(Options::new(Keychain::default())).unwrap();
    client.pull(&image.as_str().unwrap().parse().unwrap()).await.unwrap()
}

fn document(artifact: &Artifact) -> Value {
    serde_json::from_slice(&artifact.document).unwrap()
}

/// Deploys etl_sales and returns the result.
fn deploy(home: &Home, sandbox: &SandboxProcess, more: &[&str]) -> Value {
    home.run(&[&["deploy", "etl_sales", "--output", "json"][..], &sandbox.arguments()[..], more].concat())
        .exits(0)
        .json()
}

#[tokio::test]
async fn several_platforms_are_one_index_of_one_family() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let platforms = ["--platform", "linux/amd64,linux/arm64"];
    let deployed = deploy(&home, &sandbox, &platforms);
    let index = pulled(&deployed["image"]).await;
    assert_eq!(index.descriptor.media_type, media_type::OCI_INDEX);
    let listed = document(&index)["manifests"].as_array().unwrap().clone();
    let found: Vec<_> = listed.iter().map(|entry| (&entry["mediaType"], &entry["platform"])).collect();
    let manifest = json!(media_type::OCI_MANIFEST);
    let (amd64, arm64) =
        (json!({"os": "linux", "architecture": "amd64"}), json!({"os": "linux", "architecture": "arm64"}));
    assert_eq!(found, [(&manifest, &amd64), (&manifest, &arm64)]);
    for (entry, told) in listed.iter().zip(deployed["platforms"].as_array().unwrap()) {
        assert_eq!(entry["digest"], told["digest"]);
    }
    let project_layers: Vec<_> =
        index.children.iter().map(|child| child.blobs.last().unwrap().descriptor.digest).collect();
    assert_eq!(project_layers[0], project_layers[1], "the project is the same layer everywhere");

    let again = deploy(&home, &sandbox, &platforms);
    assert_eq!((&again["image"], &again["unchanged"]), (&deployed["image"], &json!(true)));
    let one = deploy(&home, &sandbox, &["--platform", "linux/arm64"]);
    assert_eq!(one["digest"], listed[1]["digest"], "a platform's image does not depend on its neighbours");
    assert_eq!(one["uploaded_bytes"], 0);
}

#[test]
fn platforms_may_stand_in_leoflow_yaml() {
    let home = Home::new();
    let yaml = home.project("etl_sales").join("leoflow.yaml");
    let text = std::fs::read_to_string(&yaml).unwrap();
    std::fs::write(&yaml, text + "\nbuild:\n  platforms: [linux/arm64, linux/amd64]\n").unwrap();
    let deployed = home.run(&["deploy", "etl_sales", "--sandbox", "--output", "json"]).exits(0).json();
    let platforms: Vec<_> = deployed["platforms"].as_array().unwrap().iter().map(|one| &one["platform"]).collect();
    assert_eq!(platforms, ["linux/arm64", "linux/amd64"]);
}

#[test]
fn a_platform_that_cannot_be_had_is_refused() {
    let home = Home::new();
    home.project("etl_sales");
    for (platforms, code, says) in [
        ("linux/amd64,linux/s390x", 6, "it has linux/amd64, linux/arm64"),
        ("linux/amd64,linux/x86_64", 2, "named twice"),
        ("linux/amd64,", 2, "is not a platform"),
        ("solaris/sparc", 2, "is not a platform"),
    ] {
        home.run(&["deploy", "etl_sales", "--sandbox", "--platform", platforms]).exits(code).says(&[says]);
    }
}

fn git(directory: &std::path::Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(["-c", "user.name=n", "-c", "user.email=e@example.com"]).args(arguments);
    assert!(git.env("HOME", directory).output().unwrap().status.success(), "git {arguments:?}");
}

#[tokio::test]
async fn an_image_says_where_it_comes_from() {
    let home = Home::new();
    let project = home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-qm", "first"]);
    git(&project, &["tag", "v1.2.0"]);
    git(&project, &["remote", "add", "origin", "https://ci:ghp_secret@github.com/org/etl.git"]);
    let path = std::env::var_os("PATH").unwrap();
    let deploy = || {
        let mut command = home.leoflow();
        command.args(["deploy", "etl_sales", "--output", "json"]).args(sandbox.arguments()).env("PATH", &path);
        crate::support::Ran::of(command.output().unwrap()).exits(0).json()
    };
    let deployed = deploy();
    let told = document(&pulled(&deployed["image"]).await)["annotations"].clone();
    let of = |name: &str| told[format!("org.opencontainers.image.{name}")].clone();
    assert_eq!((of("version"), of("source")), (json!("v1.2.0"), json!("https://github.com/org/etl")));
    assert_eq!(of("revision").as_str().unwrap().len(), 40);
    assert_eq!(of("base.digest"), deployed["base_digest"]);
    assert_eq!(of("base.name"), Value::Null, "a name on loopback means nothing elsewhere");

    git(&project, &["commit", "-q", "--allow-empty", "-m", "second"]);
    let second = deploy();
    assert_ne!(second["digest"], deployed["digest"], "the manifest says another commit");
    assert_eq!(second["uploaded_bytes"], 0, "and nothing else does");

    std::fs::write(project.join("dag.py"), std::fs::read_to_string(project.join("dag.py")).unwrap() + "\n# x\n")
        .unwrap();
    let told = document(&pulled(&deploy()["image"]).await)["annotations"].clone();
    let version = told["org.opencontainers.image.version"].as_str().unwrap();
    assert!(version.ends_with("-dirty"), "{version}");
    assert_eq!(told["org.opencontainers.image.revision"], Value::Null, "it is no commit's");
}
