//! A base and layers into an image.

use std::collections::BTreeMap;

use leoflow::image::{AppendError, Changes, Image, ImageLayer, append};
use leoflow::layers::{Blob, Layer};

use super::*;

fn layer(content: &str) -> Layer {
    let blob = Blob::from_bytes(content.as_bytes().to_vec());
    let (digest, diff_id) = (Digest::of(content.as_bytes()), DiffId::of(content.as_bytes()));
    Layer { media_type: OCI_GZIP, digest, diff_id, uncompressed_size: blob.size(), blob }
}

fn changes() -> Changes {
    Changes { user: Some("65532".to_owned()), history: vec!["leoflow: files".to_owned()], ..Changes::default() }
}

/// Appends one layer to a base of two, whose config and manifest were edited.
fn build(config: Value, media_type: Option<&str>, changes: &Changes) -> Result<Image, AppendError> {
    let manifest = manifest(&config, &[OCI_GZIP, OCI_ZSTD]);
    let manifest = with(manifest, "/mediaType", json!(media_type));
    append(parse(&manifest, &config).unwrap(), vec![layer("ours")], changes)
}

fn built(config: Value, changes: &Changes) -> Value {
    serde_json::from_slice(&build(config, None, changes).unwrap().config).unwrap()
}

fn pairs(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[test]
fn everything_refers_to_the_bytes_that_are_sent() {
    let image = build(config(2), None, &changes()).unwrap();
    let manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
    assert_eq!(image.descriptor.digest, Digest::of(&image.manifest));
    assert_eq!(image.config_descriptor.digest, Digest::of(&image.config));
    assert_eq!(manifest["config"]["digest"], image.config_descriptor.digest.to_string());
    assert_eq!(manifest["config"]["size"], image.config.len());
    let digests: Vec<_> = image.layers.iter().map(|layer| json!(layer.digest().to_string())).collect();
    let listed = manifest["layers"].as_array().unwrap();
    assert_eq!(listed.iter().map(|layer| layer["digest"].clone()).collect::<Vec<_>>(), digests);
    assert!(matches!(image.layers[..], [ImageLayer::Base(_), ImageLayer::Base(_), ImageLayer::Assembled(_)]));
    let config: Value = serde_json::from_slice(&image.config).unwrap();
    let diff_ids: Vec<_> = image.layers.iter().map(|layer| layer.diff_id().to_string()).collect();
    assert_eq!(config["rootfs"], json!({"type": "layers", "diff_ids": diff_ids}));
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
}

#[test]
fn what_is_built_parses_as_a_base() {
    for media_type in [None, Some(DOCKER_MANIFEST)] {
        let image = build(config(2), media_type, &changes()).unwrap();
        let base = BaseImage::parse(&image.manifest, &image.config, &platform("linux/amd64"), here);
        assert_eq!(base.unwrap().layers.len(), 3);
    }
}

#[test]
fn whatever_the_base_is_the_image_is_oci_through_and_through() {
    for media_type in [None, Some(OCI_MANIFEST), Some(DOCKER_MANIFEST)] {
        let image = build(config(2), media_type, &changes()).unwrap();
        let text = String::from_utf8(image.manifest.clone()).unwrap();
        let count = |needle: &str| text.matches(needle).count();
        assert_eq!(count("application/vnd.oci.image."), count("mediaType"), "{text}");
        assert_eq!(image.descriptor.media_type, OCI_MANIFEST);
    }
}

#[test]
fn what_is_not_understood_survives() {
    let odd = json!({"Cmd": ["x"], "Healthcheck": {"Interval": 30000000000_u64, "Odd": 1.50}, "Volumes": null});
    let config = with(with(config(2), "/config", odd.clone()), "/moby.buildkit.x", json!("€"));
    let found = built(config, &changes());
    for key in ["Cmd", "Healthcheck", "Volumes"] {
        assert_eq!(found["config"][key], odd[key]);
    }
    assert_eq!(found["moby.buildkit.x"], "€");
    assert_eq!((&found["os"], &found["architecture"]), (&json!("linux"), &json!("amd64")));
}

#[test]
fn variables_are_replaced_where_they_stand() {
    let check = |env: Value, expected: Value| {
        let env = with(config(2), "/config", json!({"Env": env}));
        let set = pairs(&[("PYTHONPATH", "/home/leoflow"), ("LANG", "C.UTF-8"), ("A", "")]);
        assert_eq!(built(env, &Changes { env: set, ..changes() })["config"]["Env"], expected);
    };
    check(Value::Null, json!(["A=", "LANG=C.UTF-8", "PYTHONPATH=/home/leoflow"]));
    check(
        json!(["PATH=/bin", "PYTHONPATH=/x=y", "PYTHONPATHS=z", "LANG", "PYTHONPATH=again"]),
        json!(["PATH=/bin", "PYTHONPATH=/home/leoflow", "PYTHONPATHS=z", "LANG=C.UTF-8", "A="]),
    );
}

#[test]
fn the_user_ends_numeric_and_not_root() {
    let check = |base: &str, wanted: Option<&str>, expected: Result<&str, &str>| {
        let changes = Changes { user: wanted.map(Into::into), ..changes() };
        let found = build(with(config(2), "/config", json!({"User": base})), None, &changes);
        let found =
            found.map(|image| serde_json::from_slice::<Value>(&image.config).unwrap()["config"]["User"].clone());
        assert_eq!(found, expected.map(Value::from).map_err(|user| AppendError::User(user.to_owned())), "{base:?}");
    };
    for kept in ["65532", "1000:1000", "1000:0"] {
        check(kept, Some("65532"), Ok(kept));
    }
    for replaced in ["", "0", "root", "0:1000", "app", "1000:staff", "app:1000", "+5", "99999999999", "1:2:3", "5:"] {
        check(replaced, Some("65532:65532"), Ok("65532:65532"));
        check(replaced, None, Err(replaced));
    }
    check("root", Some("0"), Err("0"));
    check("root", Some("app"), Err("app"));
}

#[test]
fn history_tells_each_layer_once() {
    let check = |history: Value, expected: &[&str]| {
        let found = built(with(config(2), "/history", history), &changes());
        let lines = found["history"].as_array().unwrap().iter();
        let told = lines.filter(|line| line["empty_layer"] != true);
        let told: Vec<_> = told.map(|line| line["created_by"].as_str().unwrap_or("?").to_owned()).collect();
        assert_eq!(told, expected);
    };
    let line = |text: &str| json!({"created_by": text});
    let empty = json!({"created_by": "ENV", "empty_layer": true});
    check(Value::Null, &["?", "?", "leoflow: files"]);
    check(json!([line("a"), empty, line("b")]), &["a", "b", "leoflow: files"]);
    check(json!([line("a"), empty]), &["a", "?", "leoflow: files"]);
    check(json!([line("a"), line("b"), line("c")]), &["?", "?", "leoflow: files"]);
    check(json!(["garbage", 7]), &["?", "?", "leoflow: files"]);
}

#[test]
fn history_tells_what_else_was_changed() {
    let set = Changes {
        env: pairs(&[("PYTHONPATH", "/home/leoflow")]),
        working_directory: Some("/home/leoflow".to_owned()),
        labels: pairs(&[("team", "data")]),
        ..changes()
    };
    let found = built(config(2), &set);
    let empty = found["history"].as_array().unwrap().iter().filter(|line| line["empty_layer"] == true);
    let told: Vec<_> = empty.map(|line| line["created_by"].as_str().unwrap()).collect();
    assert_eq!(told, ["ENV PYTHONPATH=/home/leoflow", "WORKDIR /home/leoflow", "LABEL team=data"]);
}

#[test]
fn labels_and_working_directory_are_set() {
    let base = with(config(2), "/config", json!({"Labels": {"kept": "1", "replaced": "1"}, "WorkingDir": "/"}));
    let set = Changes {
        labels: pairs(&[("replaced", "2"), ("new", "3")]),
        working_directory: Some("/home/leoflow".to_owned()),
        created: 86_400,
        ..changes()
    };
    let found = built(base.clone(), &set);
    assert_eq!(found["config"]["Labels"], json!({"kept": "1", "replaced": "2", "new": "3"}));
    assert_eq!(found["config"]["WorkingDir"], "/home/leoflow");
    assert_eq!(found["created"], "1970-01-02T00:00:00Z");
    assert_eq!(built(base, &changes())["config"]["WorkingDir"], "/");
}

#[test]
fn a_config_of_another_shape_is_refused() {
    for (pointer, bad) in [
        ("/config", json!([])),
        ("/config", json!({"Env": {}})),
        ("/config", json!({"Labels": "x"})),
        ("/history", json!("x")),
    ] {
        let changes = Changes { labels: pairs(&[("a", "b")]), ..changes() };
        let error = build(with(config(2), pointer, bad), None, &changes).unwrap_err();
        assert!(matches!(error, AppendError::Config(_)), "{error}");
    }
}

#[test]
fn no_more_than_127_layers() {
    let check = |base: usize| {
        let config = config(base);
        let manifest = manifest(&config, &vec![OCI_GZIP; base]);
        append(parse(&manifest, &config).unwrap(), vec![layer("same"), layer("same")], &changes())
    };
    assert_eq!(check(125).unwrap().layers.len(), 127);
    assert_eq!(check(126).unwrap_err(), AppendError::TooManyLayers(128));
}

#[test]
fn annotations_and_urls_of_base_layers_reach_the_manifest() {
    let config = config(1);
    let manifest = with(manifest(&config, &[DOCKER_FOREIGN]), "/layers/0/annotations", json!({"b": "2", "a": "1"}));
    let manifest = with(manifest, "/layers/0/urls", json!(["https://example.com/layer"]));
    let image = append(parse(&manifest, &config).unwrap(), Vec::<Layer>::new(), &changes()).unwrap();
    let text = String::from_utf8(image.manifest).unwrap();
    assert!(text.contains(r#""urls":["https://example.com/layer"],"annotations":{"a":"1","b":"2"}"#), "{text}");
}

#[test]
fn annotations_reach_the_manifest() {
    let set = Changes { annotations: pairs(&[("org.opencontainers.image.version", "1.2")]), ..changes() };
    let manifest: Value = serde_json::from_slice(&build(config(2), None, &set).unwrap().manifest).unwrap();
    assert_eq!(manifest["annotations"], json!({"org.opencontainers.image.version": "1.2"}));
    let manifest: Value = serde_json::from_slice(&build(config(2), None, &changes()).unwrap().manifest).unwrap();
    assert!(manifest.get("annotations").is_none());
}

/// A golden: when it changes, so does every image, and the changelog says why.
#[test]
fn the_bytes_of_an_image_hold() {
    let config = with(with(config(1), "/zeta", json!(1)), "/alpha", json!({"b": 1, "a": [1.50]}));
    let base = parse(&manifest(&config, &[OCI_GZIP]), &config).unwrap();
    let image = append(base, vec![layer("ours")], &changes()).unwrap();
    let expected = "sha256:5f9e51e5e87284a0f28de2ef1226b8e1beddbd0c769d2bae6c8719fa539a9927";
    assert_eq!(image.descriptor.digest.to_string(), expected);
}
