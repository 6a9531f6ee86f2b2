//! `leoflow build` and `leoflow image copy` from outside.

use std::fs;

use serde_json::Value;

use super::samples::{files, noise};
use crate::support::{Home, Ran, SandboxProcess};

fn build(home: &Home, sandbox: &SandboxProcess, destination: &str) -> Value {
    home.run(&["build", "etl_sales", "-o", destination, "--base", &sandbox.base, "--output", "json"]).exits(0).json()
}

fn copy(home: &Home, arguments: &[&str]) -> Ran {
    home.run(&[&["image", "copy"][..], arguments].concat())
}

#[test]
fn a_build_needs_neither_registry_nor_control_plane_and_gives_the_digest_that_a_deploy_pins() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let project = home.project("etl_sales");
    let deploy = [&["deploy", "etl_sales", "--output", "json"][..], &sandbox.arguments()[..]].concat();
    let deployed = home.run(&deploy).exits(0).json();
    let text = fs::read_to_string(project.join("leoflow.yaml")).unwrap();
    for destination in ["oci:dir", "oci:x.tar", "docker-archive:d.tar"] {
        let built = build(&home, &sandbox, destination);
        assert_eq!(built["digest"], deployed["digest"], "{destination}");
        assert_eq!(built["schema"], "leoflow.build/v1");
        assert_eq!(built["platforms"][0]["base_digest"], deployed["base_digest"]);
        assert!(home.path().join(destination.split_once(':').unwrap().1).exists(), "{destination}");
    }
    fs::write(project.join("leoflow.yaml"), text.split("registry:").next().unwrap()).unwrap();
    let ran = home.run(&["build", "etl_sales", "-o", "oci:plain", "--base", &sandbox.base]).exits(0);
    assert!(ran.stdout.starts_with("Built etl_sales -> oci:"), "{}", ran.stdout);
    ran.says(&["Compiled", "Assembled", "Built  image", "Written"]);
    let index = fs::read_to_string(home.path().join("plain/index.json")).unwrap();
    assert!(index.contains(r#""org.opencontainers.image.ref.name":"dev""#) && !index.contains("containerd"), "{index}");
}

#[test]
fn two_builds_give_one_archive_byte_for_byte() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.project("etl_sales");
    for (destination, file) in [("oci:x.tar", "x.tar"), ("docker-archive:d.tar", "d.tar")] {
        build(&home, &sandbox, destination);
        let first = fs::read(home.path().join(file)).unwrap();
        build(&home, &sandbox, destination);
        assert!(fs::read(home.path().join(file)).unwrap() == first, "{destination}");
    }
}

#[test]
fn what_is_built_into_the_project_is_no_part_of_it() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let project = home.project("etl_sales");
    let clean = build(&home, &sandbox, "oci:clean")["digest"].clone();
    for destination in ["oci:etl_sales/out", "oci:etl_sales/x.tar"] {
        let built: Vec<Value> = (0..2).map(|_| build(&home, &sandbox, destination)["digest"].clone()).collect();
        assert_eq!(built, [clean.clone(), clean.clone()], "{destination}");
        fs::write(project.join(".x.tar.leoflow-killed"), "half").unwrap();
        let _ = fs::remove_dir_all(project.join("out"));
    }
    assert_eq!(build(&home, &sandbox, "oci:etl_sales/x.tar")["digest"], clean);
    assert!(!project.join(".x.tar.leoflow-killed").exists());
}

#[test]
fn a_base_from_a_layout_gives_the_digest_of_the_same_base_from_its_registry() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let project = home.project("etl_sales");
    let expected = build(&home, &sandbox, "oci:expected")["digest"].clone();
    copy(&home, &[&sandbox.base, "oci:base"]).exits(0);
    let on = |arguments: &[&str]| {
        let arguments = [&["build", "etl_sales", "-o", "oci:out", "--output", "json"][..], arguments].concat();
        home.run(&arguments).exits(0).json()["digest"].clone()
    };
    assert_eq!(on(&["--base", "oci:base"]), expected);
    copy(&home, &[&sandbox.base, "oci:etl_sales/base.tar:py"]).exits(0);
    assert_eq!(on(&["--base", "oci:etl_sales/base.tar:py"]), expected);
    let yaml = fs::read_to_string(project.join("leoflow.yaml")).unwrap();
    let with_base =
        |base: &str| fs::write(project.join("leoflow.yaml"), format!("{yaml}\nbase_image: {base}\n")).unwrap();
    with_base("oci:base.tar:py");
    let from_yaml = on(&[]);
    with_base("oci:base.tar");
    assert_ne!(on(&[]), from_yaml, "leoflow.yaml is in the image, so this only shows that the base was found");
    with_base("oci:../nowhere");
    let ran = home.run(&["build", "etl_sales", "-o", "oci:out"]).exits(6);
    ran.says(&["nowhere", "No such file or directory", "check the path"]);
}

#[test]
fn an_image_is_copied_in_all_directions_with_its_digest() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let elsewhere = format!("{}/elsewhere/base", sandbox.registry);
    let mut digests = Vec::new();
    for (source, destination) in [
        (sandbox.base.as_str(), "oci:dir"),
        ("oci:dir", "oci:x.tar"),
        ("oci:x.tar", "oci:again:named"),
        ("oci:x.tar", elsewhere.as_str()),
        (&format!("docker://{elsewhere}:py3.11"), &format!("{elsewhere}2:v1")),
        (&format!("{elsewhere}2:v1"), "oci:dir:v1"),
    ] {
        let json = copy(&home, &[source, destination, "--output", "json"]).exits(0).json();
        assert_eq!(json["schema"], "leoflow.image-copy/v1");
        assert_eq!(json["manifests"].as_array().unwrap().len(), 2, "{source} -> {destination}");
        digests.push(json["digest"].as_str().unwrap().to_owned());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
    let ran = copy(&home, &[&sandbox.base, "docker-archive:d.tar", "--platform", "linux/arm64"]).exits(0);
    assert!(!ran.stderr.contains("warning"), "one of several is what it was: {}", ran.stderr);
    let tagged = format!("{elsewhere}:loaded");
    copy(&home, &["docker-archive:d.tar", &tagged]).exits(0);
    copy(&home, &[&tagged, "oci:loaded", "--platform", "linux/arm64"]).exits(0);
    copy(&home, &[&tagged, "oci:loaded", "--platform", "linux/amd64"]).exits(6).says(&["is for linux/arm64"]);
}

#[test]
fn some_platforms_of_an_image_do_not_have_the_digest_of_all_as_their_name() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let digest = copy(&home, &[&sandbox.base, "oci:whole", "--output", "json"]).exits(0).json()["digest"].clone();
    let repository = sandbox.base.rsplit_once(':').unwrap().0;
    let by_digest = format!("{repository}@{}", digest.as_str().unwrap());
    copy(&home, &[&by_digest, "oci:all"]).exits(0);
    copy(&home, &[&by_digest, "oci:one", "--platform", "linux/arm64"]).exits(0);
    copy(&home, &["oci:all", "oci:again", "--platform", "linux/arm64"]).exits(0);
    for (directory, named) in [("all", true), ("one", false), ("again", false)] {
        let index = fs::read_to_string(home.path().join(directory).join("index.json")).unwrap();
        assert_eq!(index.contains(&by_digest), named, "{directory}: {index}");
    }
}

#[test]
fn what_cannot_be_copied_is_told_before_anything_is_written() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let base = sandbox.base.as_str();
    copy(&home, &[base, "oci:dir"]).exits(0);
    let before = files(home.path());
    let digest = format!("sha256:{}", "0".repeat(64));
    let copied: Value = serde_json::from_slice(&fs::read(home.path().join("dir/index.json")).unwrap()).unwrap();
    let base_digest = copied["manifests"][0]["digest"].as_str().unwrap();
    let by_digest = format!("{}@{base_digest}", base.rsplit_once(':').unwrap().0);
    let nameless = format!("{}/nameless", sandbox.registry);
    for (source, destination, code, texts) in [
        (base, "oci:", 2, &["there is no path in it"][..]),
        (base, "docker-daemon:x", 2, &["leoflow reads and writes"]),
        (base, &format!("oci:x@{digest}"), 2, &["asks for a digest", "oci:PATH:NAME"]),
        (base, &format!("{nameless}@{digest}"), 2, &["a digest cannot be chosen", "TAG"]),
        (&by_digest, &nameless, 2, &["no tag is known", "nameless:TAG"]),
        (base, "docker-archive:d.tar", 6, &["an index of several", "--platform linux/amd64"]),
        ("oci:nowhere", "oci:x", 6, &["nowhere", "check the path"]),
        ("oci:dir:v9", "oci:x", 6, &["has no image `v9`", "py3.11"]),
        (base, "oci:no/such/directory/x.tar", 9, &["no/such/directory/x.tar", "No such file", "name a place"]),
    ] {
        copy(&home, &[source, destination]).exits(code).says(texts);
        assert_eq!(files(home.path()), before, "{source} -> {destination}");
    }
    home.project("etl_sales");
    for (destination, texts) in [
        (nameless.as_str(), &["is in a registry", "oci:DIR"][..]),
        (&format!("oci:x@{digest}"), &["asks for a digest"]),
    ] {
        home.run(&["build", "etl_sales", "-o", destination, "--base", base]).exits(2).says(texts);
    }
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let project = home.project("etl_sales");
    for destination in ["oci:dir", "oci:x.tar"] {
        build(&home, &sandbox, destination);
    }
    fs::write(project.join("noise.bin"), noise()).unwrap();
    let kept = |name: &str| fs::read(home.path().join(name)).unwrap();
    let before = (kept("dir/index.json"), kept("x.tar"), files(&home.path().join("dir")));
    for (destination, told) in [("oci:dir", "/dir`"), ("oci:x.tar", "/x.tar`"), ("docker-archive:y.tar", "/y.tar`")] {
        // No file may grow beyond 1 MiB; a shell that ignores the signal hands that on.
        let script = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"";
        let mut command = home.leoflow();
        let environment: Vec<_> =
            command.get_envs().map(|(key, value)| (key.to_owned(), value.map(ToOwned::to_owned))).collect();
        command = std::process::Command::new("/bin/sh");
        command.env_clear().envs(environment.into_iter().filter_map(|(key, value)| Some((key, value?))));
        command.args(["-c", script, env!("CARGO_BIN_EXE_leoflow"), "build", "etl_sales", "-o", destination]);
        let ran = Ran::of(command.args(["--base", &sandbox.base]).current_dir(home.path()).output().unwrap());
        ran.exits(9).says(&["cannot write `", told, "File too large", "free some space"]);
    }
    assert!((kept("dir/index.json"), kept("x.tar")) == (before.0, before.1));
    assert!(!home.path().join("y.tar").exists());
    let left = files(&home.path().join("dir"));
    assert!(left.iter().all(|name| before.2.contains(name) || name.starts_with("blobs/")), "{left:?}");
    let beside: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().contains(".leoflow-")), "{beside:?}");
}
