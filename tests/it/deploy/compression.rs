//! `--compression`: what the manifest lists then, and what is refused.

use serde_json::Value;

use crate::support::{Home, SandboxProcess};

/// Returns the manifest that was registered, as the registry has it.
fn deployed(home: &Home, sandbox: &SandboxProcess, arguments: &[&str]) -> Value {
    let deploy = [&["deploy", "etl_sales", "--output", "json"][..], &sandbox.arguments()[..], arguments].concat();
    let json = home.run(&deploy).exits(0).json();
    let url = format!("http://{}/v2/etl_sales/manifests/{}", sandbox.registry, json["digest"].as_str().unwrap());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let get = async { reqwest::get(url).await.unwrap().bytes().await.unwrap() };
    serde_json::from_slice(&tokio::runtime::Runtime::new().unwrap().block_on(get)).unwrap()
}

fn media_types(manifest: &Value) -> Vec<&str> {
    manifest["layers"].as_array().unwrap().iter().map(|layer| layer["mediaType"].as_str().unwrap()).collect()
}

#[test]
fn a_layer_in_zstd_lies_on_a_base_in_gzip() {
    const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    for (arguments, expected) in [
        (&[][..], [GZIP, GZIP]),
        (&["--compression", "gzip"], [GZIP, GZIP]),
        (&["--compression", "zstd"], [GZIP, ZSTD]),
        (&["--compression", "zstd:19"], [GZIP, ZSTD]),
    ] {
        let manifest = deployed(&home, &sandbox, arguments);
        assert_eq!(media_types(&manifest), expected, "{arguments:?}");
        assert_eq!(manifest, deployed(&home, &sandbox, arguments), "{arguments:?}");
    }
    let [three, nineteen] = ["zstd:3", "zstd:19"].map(|how| deployed(&home, &sandbox, &["--compression", how]));
    assert_eq!(three, deployed(&home, &sandbox, &["--compression", "zstd"]), "3 is the level without a number");
    assert_ne!(three["layers"], nineteen["layers"]);
    assert_ne!(three["layers"][1]["size"], nineteen["layers"][1]["size"]);
}

#[test]
fn a_compression_that_there_is_not_is_a_wrong_command_line() {
    let home = Home::new();
    home.project("etl_sales");
    for (how, says) in [("brotli", "`zstd:LEVEL`"), ("gzip:9", "`zstd:LEVEL`"), ("zstd:20", "from 1 to 19")] {
        home.run(&["deploy", "etl_sales", "--sandbox", "--compression", how]).exits(2).says(&["--compression", says]);
    }
}
