//! `--offline`: what is asked is what must be, and that is told.

use serde_json::json;

use crate::support::{Home, SandboxProcess};

/// A home with a project and the sandbox's base carried into a layout.
fn carried(sandbox: &SandboxProcess, home: &Home) {
    home.project("etl_sales");
    let copied = home.run(&["image", "copy", &sandbox.base, "oci:base", "--output", "json"]).exits(0).json();
    assert!(copied["asked"][&sandbox.registry].as_u64().unwrap() > 2, "{copied}");
}

#[test]
fn a_build_asks_nobody_and_says_so() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    carried(&sandbox, &home);
    let build = ["build", "etl_sales", "--base", "oci:base", "-o", "oci:out", "--offline"];
    let built = home.run(&[&build[..], &["--output", "json"]].concat()).exits(0).json();
    assert_eq!(built["asked"], json!({}));
    let ran = home.run(&build).exits(0);
    assert!(ran.stdout.contains("offline: no registry was asked"), "{}", ran.stdout);
}

#[test]
fn a_deploy_asks_the_registry_that_the_image_goes_to() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    carried(&sandbox, &home);
    let server = ["--server", &sandbox.control_plane, "--token", "t", "--registry", &sandbox.registry, "--offline"];
    let carried = [&["deploy", "etl_sales", "--base", "oci:base"][..], &server].concat();
    let ran = home.run(&carried).exits(0);
    assert!(ran.stdout.contains(&format!("offline: asked {} (", sandbox.registry)), "{}", ran.stdout);
    let json = home.run(&[&carried[..], &["--output", "json"]].concat()).exits(0).json();
    assert_eq!(json["asked"], json!({ &sandbox.registry: 1 }), "the tag, and nothing else: {json}");
}

#[test]
fn a_base_elsewhere_is_refused_before_anything_is_asked() {
    let home = Home::new();
    home.project("etl_sales");
    for command in [
        &["build", "etl_sales", "-o", "oci:out"][..],
        &["deploy", "etl_sales", "--server", "http://127.0.0.1:9", "--token", "t", "--registry", "127.0.0.1:9"],
    ] {
        let base = ["--base", "registry.invalid/base:1", "--offline"];
        let ran = home.run(&[command, &base].concat()).exits(6);
        ran.says(&["registry.invalid is outside of what --offline allows", "leoflow image copy"]);
    }
}
