//! A manifest and a config into a base, or a refusal.

use super::*;

#[test]
fn layers_pair_with_diff_ids() {
    let config = config(2);
    let manifest = manifest(&config, &[OCI_GZIP, OCI_ZSTD]);
    let base = parse(&manifest, &config).unwrap();
    assert_eq!(base.digest, Digest::of(&bytes(&manifest)));
    assert_eq!(base.config, config);
    let pairs: Vec<_> = base.layers.iter().map(|layer| (layer.descriptor.digest, layer.diff_id)).collect();
    let expected = [0, 1].map(|n: usize| (Digest::of(&[n as u8]), DiffId::of(&n.to_le_bytes())));
    assert_eq!(pairs, expected);
    assert!(base.layers.iter().all(|layer| layer.from == LayerSource::Registry(repository())));
}

#[test]
fn every_layer_is_named_as_oci_has_it() {
    let config = config(2);
    let docker = with(manifest(&config, &[OCI_GZIP, DOCKER_FOREIGN]), "/mediaType", json!(DOCKER_MANIFEST));
    let base = parse(&docker, &config).unwrap();
    let named: Vec<_> = base.layers.iter().map(|layer| layer.descriptor.media_type.as_str()).collect();
    assert_eq!(named, [OCI_GZIP, OCI_FOREIGN]);
    let silent = with(manifest(&config, &[OCI_GZIP, OCI_GZIP]), "/config/mediaType", json!(DOCKER_CONFIG));
    assert_eq!(parse(&silent, &config).unwrap().layers.len(), 2);
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
        let base = BaseImage::parse(&manifest, &bytes(&config), &platform(wanted), here);
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
