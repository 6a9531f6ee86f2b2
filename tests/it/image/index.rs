//! Which image of an index fits a platform.

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
