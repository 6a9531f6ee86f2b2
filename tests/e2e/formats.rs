//! Images of other forms than one platform in gzip.

use serde_json::Value;

use crate::assert_tasks_run;
use crate::engine::Podman;
use crate::programs::{run, skopeo};
use crate::road::{Road, project};
use crate::yard::Yard;

#[test]
fn podman_runs_a_layer_of_zstd_on_a_base_of_gzip() {
    let road = Road::open();
    let deployed = road.deploy_with(&road.base, &project("etl_sales"), &["--compression", "zstd"]);
    let manifest: Value = serde_json::from_str(&road.manifest(&deployed.image)).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    let ends = |layer: &Value| layer["mediaType"].as_str().unwrap().rsplit('+').next().unwrap().to_owned();
    let (ours, base) = layers.split_last().unwrap();
    assert_eq!(ends(ours), "zstd", "{manifest}");
    assert!(base.iter().all(|layer| ends(layer) == "gzip"), "{manifest}");

    let podman = Podman::new(&road.home);
    podman.pull(&deployed.image);
    assert_tasks_run(|task| podman.run(&deployed.image, task));
}

#[test]
fn an_index_of_two_platforms_is_copied_whole_and_read_by_platform() {
    let yard = Yard::open();
    let registry = yard.target.host.clone();
    let mut deploy = yard.deploy(&project("etl_sales"), &registry);
    let report = run(deploy.args(["--platform", "linux/amd64,linux/arm64"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    let image = format!("docker://{}", report["image"].as_str().unwrap());

    let raw = run(skopeo().args(["inspect", "--tls-verify=false", "--raw", &image]));
    let index: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    let platform = |manifest: &Value| manifest["platform"]["architecture"].as_str().unwrap().to_owned();
    let platforms: Vec<String> = index["manifests"].as_array().unwrap().iter().map(platform).collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    for architecture in &platforms {
        let inspected = run(skopeo().args(["--override-arch", architecture, "inspect", "--tls-verify=false", &image]));
        let inspected: Value = serde_json::from_str(&inspected).unwrap();
        assert_eq!(inspected["Architecture"], architecture.as_str());
    }

    let copy = format!("oci:{}:copy", yard.home.path().join("copy").display());
    run(skopeo().args(["copy", "--all", "--quiet", "--src-tls-verify=false", &image, &copy]));
    assert_eq!(run(skopeo().args(["inspect", "--raw", &copy])), raw, "skopeo changes nothing on the way");
}
