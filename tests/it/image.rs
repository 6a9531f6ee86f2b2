//! Manifests, indexes and configs as registries serve them, and what is built from them.

use leoflow::image::{BaseError, BaseImage, Family, Platform, parse_index, select};
use leoflow::layers::{DiffId, Digest};
use leoflow::reference::Repository;
use serde_json::{Value, json};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const DOCKER_FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

fn repository() -> Repository {
    "registry.example.com/base".parse().unwrap()
}

fn config(layers: usize) -> Value {
    let diff_ids: Vec<String> = (0..layers).map(|n| DiffId::of(&n.to_le_bytes()).to_string()).collect();
    json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}})
}

fn manifest(config: &Value, media_types: &[&str]) -> Value {
    let layer = |(n, media_type): (usize, &&str)| json!({"mediaType": media_type, "digest": Digest::of(&[n as u8]).to_string(), "size": n});
    json!({
        "schemaVersion": 2,
        "config": {"mediaType": OCI_CONFIG, "digest": Digest::of(&bytes(config)).to_string(), "size": bytes(config).len()},
        "layers": media_types.iter().enumerate().map(layer).collect::<Vec<_>>(),
    })
}

fn parse(manifest: &Value, config: &Value) -> Result<BaseImage, BaseError> {
    BaseImage::parse(&bytes(manifest), &bytes(config), &repository(), &platform("linux/amd64"))
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[key] = new;
    value
}

mod index {
    use super::*;

    fn entry(platform: Value) -> Value {
        let digest = Digest::of(&bytes(&platform)).to_string();
        json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": 7, "platform": platform})
    }

    fn index(platforms: &[&str]) -> Value {
        let entries = platforms.iter().map(|text| {
            let parts: Vec<&str> = text.split('/').collect();
            let mut platform = json!({"os": parts[0], "architecture": parts[1]});
            if let Some(variant) = parts.get(2) {
                platform["variant"] = json!(variant);
            }
            entry(platform)
        });
        json!({"schemaVersion": 2, "manifests": entries.collect::<Vec<_>>()})
    }

    fn check(platforms: &[&str], wanted: &str, expected: Option<usize>) {
        let entries = parse_index(&bytes(&index(platforms))).unwrap();
        let found = select(&entries, &platform(wanted));
        let position = found.ok().and_then(|found| entries.iter().position(|entry| std::ptr::eq(entry, found)));
        assert_eq!(position, expected, "{wanted} from {platforms:?}");
    }

    #[test]
    fn the_platform_that_suits_best_is_selected() {
        check(&["linux/arm64", "linux/amd64"], "linux/amd64", Some(1));
        check(&["linux/arm64/v8", "linux/amd64"], "linux/arm64", Some(0));
        check(&["linux/arm64"], "linux/arm64/v8", Some(0));
        check(&["linux/amd64", "linux/amd64"], "linux/amd64", Some(0));
        check(&["windows/amd64", "linux/amd64"], "linux/amd64", Some(1));
        check(&["unknown/unknown", "linux/amd64"], "linux/amd64", Some(1));
        check(&["linux/s390x"], "linux/s390x", Some(0));
    }

    #[test]
    fn a_variant_falls_back_to_what_it_also_runs() {
        check(&["linux/arm/v5", "linux/arm/v6", "linux/arm/v8"], "linux/arm/v7", Some(1));
        check(&["linux/arm/v6", "linux/arm/v7"], "linux/arm", Some(1));
        check(&["linux/arm/v6", "linux/arm"], "linux/arm/v7", Some(1));
        check(&["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v3", Some(1));
        check(&["linux/amd64/v2"], "linux/amd64", None);
        check(&["linux/arm/v7"], "linux/arm/v6", None);
        check(&["linux/arm/v7"], "linux/arm64", None);
        check(&["linux/arm/vv7", "linux/arm/v"], "linux/arm/v7", None);
    }

    #[test]
    fn a_missing_platform_is_told_with_what_there_is() {
        let platforms = ["linux/s390x", "unknown/unknown", "linux/arm/v7", "linux/s390x"];
        let entries = parse_index(&bytes(&index(&platforms))).unwrap();
        let error = select(&entries, &platform("linux/amd64")).unwrap_err();
        assert_eq!(error.to_string(), "it has no image for linux/amd64; it has linux/arm/v7, linux/s390x");
        assert!(error.help().unwrap().contains("--platform linux/arm/v7"));
    }

    #[test]
    fn a_lone_image_without_platform_is_left_to_its_config() {
        let lone = entry(Value::Null);
        let attestation = with(entry(json!(null)), "/annotations", json!({"vnd.docker.reference.type": "x"}));
        let artifact = with(entry(json!(null)), "/mediaType", json!("application/vnd.example+json"));
        let document = json!({"schemaVersion": 2, "manifests": [attestation, artifact, lone]});
        let entries = parse_index(&bytes(&document)).unwrap();
        assert_eq!(select(&entries, &platform("linux/amd64")), Ok(&entries[2]));
        let document = json!({"schemaVersion": 2, "manifests": [lone, lone]});
        assert!(select(&parse_index(&bytes(&document)).unwrap(), &platform("linux/amd64")).is_err());
    }

    #[test]
    fn what_is_no_index_is_refused() {
        let good = index(&["linux/amd64"]);
        assert!(parse_index(&bytes(&good)).is_ok());
        for key in ["layers", "config"] {
            let layers_or_config = manifest(&config(1), &[OCI_GZIP])[key].clone();
            let both = with(good.clone(), &format!("/{key}"), layers_or_config);
            assert_eq!(parse_index(&bytes(&both)), Err(BaseError::Ambiguous), "{key}");
        }
        for bad in [
            manifest(&config(1), &[OCI_GZIP]),
            with(good.clone(), "/manifests", json!({})),
            with(good.clone(), "/mediaType", json!(OCI_MANIFEST)),
            with(good.clone(), "/manifests/0/size", json!(-1)),
            with(good.clone(), "/manifests/0/size", json!(1e300)),
            with(good.clone(), "/manifests/0/digest", json!("sha256:short")),
        ] {
            let error = parse_index(&bytes(&bad)).unwrap_err();
            assert!(matches!(error, BaseError::Malformed { .. } | BaseError::Ambiguous), "{bad}");
        }
        let helm = with(good, "/mediaType", json!("application/vnd.example+json"));
        assert!(matches!(parse_index(&bytes(&helm)), Err(BaseError::UnsupportedMediaType(_))));
    }
}

mod base {
    use super::*;

    #[test]
    fn layers_pair_with_diff_ids() {
        let config = config(2);
        let manifest = manifest(&config, &[OCI_GZIP, OCI_ZSTD]);
        let base = parse(&manifest, &config).unwrap();
        assert_eq!(base.digest, Digest::of(&bytes(&manifest)));
        assert_eq!(base.family, Family::Oci);
        assert_eq!(base.config, config);
        let pairs: Vec<_> = base.layers.iter().map(|layer| (layer.descriptor.digest, layer.diff_id)).collect();
        let expected = [0, 1].map(|n: usize| (Digest::of(&[n as u8]), DiffId::of(&n.to_le_bytes())));
        assert_eq!(pairs, expected);
        assert!(base.layers.iter().all(|layer| layer.from == repository()));
    }

    #[test]
    fn every_layer_is_named_in_the_family_of_its_manifest() {
        let config = config(2);
        let docker = with(manifest(&config, &[OCI_GZIP, DOCKER_FOREIGN]), "/mediaType", json!(DOCKER_MANIFEST));
        let base = parse(&docker, &config).unwrap();
        assert_eq!(base.family, Family::Docker);
        let named: Vec<_> = base.layers.iter().map(|layer| layer.descriptor.media_type.as_str()).collect();
        assert_eq!(named, [DOCKER_GZIP, DOCKER_FOREIGN]);
        let silent = with(manifest(&config, &[OCI_GZIP, OCI_GZIP]), "/config/mediaType", json!(DOCKER_CONFIG));
        assert_eq!(parse(&silent, &config).unwrap().family, Family::Docker);
    }

    #[test]
    fn annotations_and_urls_of_a_layer_survive() {
        let config = config(1);
        let manifest = with(manifest(&config, &[DOCKER_FOREIGN]), "/layers/0/annotations", json!({"a": "b"}));
        let manifest = with(manifest, "/layers/0/urls", json!(["https://example.com/layer"]));
        let descriptor = &parse(&manifest, &config).unwrap().layers[0].descriptor;
        assert_eq!(descriptor.annotations["a"], "b");
        assert_eq!(descriptor.urls, ["https://example.com/layer"]);
    }

    #[test]
    fn a_config_without_variant_is_taken_at_the_index_word() {
        let check = |wanted: &str, variant: Value, expected: bool| {
            let config = with(with(config(0), "/architecture", json!("arm")), "/variant", variant.clone());
            let manifest = bytes(&manifest(&config, &[]));
            let base = BaseImage::parse(&manifest, &bytes(&config), &repository(), &platform(wanted));
            assert_eq!(base.is_ok(), expected, "{variant} for {wanted}: {base:?}");
        };
        check("linux/arm/v6", Value::Null, true);
        check("linux/arm/v6", json!(""), true);
        check("linux/arm/v7", json!("v6"), true);
        check("linux/arm/v6", json!("v7"), false);
        check("linux/amd64", Value::Null, false);
    }

    #[test]
    fn what_cannot_be_built_on_is_refused() {
        let config = config(1);
        let good = manifest(&config, &[OCI_GZIP]);
        let check = |manifest: Value, expected: &str| {
            let error = parse(&manifest, &config).unwrap_err();
            assert!(format!("{error:?}").starts_with(expected), "{error:?} for {manifest}");
            assert!(error.help().is_some());
        };
        check(with(good.clone(), "/manifests", json!([])), "Ambiguous");
        check(with(good.clone(), "/schemaVersion", json!(1)), "UnsupportedMediaType");
        check(with(good.clone(), "/config/mediaType", json!("application/vnd.cncf.helm.config.v1+json")), "Unsupp");
        check(with(good.clone(), "/layers/0/mediaType", json!(format!("{OCI_GZIP}+encrypted"))), "Unsupported");
        check(with(good.clone(), "/layers/0/size", json!("7")), "Malformed");
        check(with(good.clone(), "/layers", json!([])), "LayerCount { layers: 0, diff_ids: 1 }");
        check(with(good.clone(), "/layers", Value::Null), "Malformed");
        check(with(good.clone(), "/config/digest", json!(Digest::of(b"other").to_string())), "Malformed");
        check(json!([2, null, null, good["config"], good["layers"]]), "Malformed");
        check(with(good, "/config", Value::Null), "Malformed");
    }

    #[test]
    fn a_config_for_another_platform_is_refused() {
        let config = with(config(0), "/architecture", json!("s390x"));
        let error = parse(&manifest(&config, &[]), &config).unwrap_err();
        assert_eq!(error.to_string(), "the image is for linux/s390x, not for linux/amd64");
    }

    #[test]
    fn a_config_without_rootfs_is_malformed() {
        for pointer in ["/rootfs", "/os", "/architecture"] {
            let config = with(config(0), pointer, Value::Null);
            let error = parse(&manifest(&config, &[]), &config).unwrap_err();
            assert!(matches!(error, BaseError::Malformed { what: "config", .. }), "{pointer}: {error}");
        }
    }
}

mod append {
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
            let base = BaseImage::parse(&image.manifest, &image.config, &repository(), &platform("linux/amd64"));
            assert_eq!(base.unwrap().layers.len(), 3);
        }
    }

    #[test]
    fn media_types_are_of_the_family_of_the_base() {
        let check = |media_type, expected: &str| {
            let image = build(config(2), media_type, &changes()).unwrap();
            let text = String::from_utf8(image.manifest.clone()).unwrap();
            let count = |needle: &str| text.matches(needle).count();
            assert_eq!(count(expected), count("mediaType"), "{text}");
            assert!(image.descriptor.media_type.starts_with(expected));
        };
        check(None, "application/vnd.oci.image.");
        check(Some(OCI_MANIFEST), "application/vnd.oci.image.");
        check(Some(DOCKER_MANIFEST), "application/vnd.docker.");
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
        for replaced in ["", "0", "root", "0:1000", "app", "1000:staff", "app:1000", "+5", "99999999999", "1:2:3", "5:"]
        {
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
        let image = append(parse(&manifest, &config).unwrap(), Vec::new(), &changes()).unwrap();
        let text = String::from_utf8(image.manifest).unwrap();
        assert!(text.contains(r#""urls":["https://example.com/layer"],"annotations":{"a":"1","b":"2"}"#), "{text}");
    }

    /// A golden: when it changes, so does every image, and the changelog says why.
    #[test]
    fn the_bytes_of_an_image_hold() {
        let config = with(with(config(1), "/zeta", json!(1)), "/alpha", json!({"b": 1, "a": [1.50]}));
        let base = parse(&manifest(&config, &[OCI_GZIP]), &config).unwrap();
        let image = append(base, vec![layer("ours")], &changes()).unwrap();
        let expected = "sha256:dca40032a3f1520beb99ad91d9857ae52cee3b0e27d3a00c127f10a194a3c339";
        assert_eq!(image.descriptor.digest.to_string(), expected);
    }
}
