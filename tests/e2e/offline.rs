//! Hosts that see no network: a base is carried in, an image is carried out, and others read and write the same files.

use std::path::PathBuf;

use serde_json::Value;

use crate::assert_tasks_run;
use crate::engine::Podman;
use crate::programs::{run, skopeo};
use crate::readers::assert_umoci_unpacks;
use crate::road::{Road, project};

/// Names a file or directory of the home in skopeo's words and ours.
fn place(road: &Road, transport: &str, name: &str) -> String {
    format!("{transport}:{}", road.home.path().join(name).display())
}

/// Builds the sample project onto a base that lies in a file.
fn build(road: &Road, base: &str, destination: &str) -> Value {
    let project = project("etl_sales").display().to_string();
    let arguments = ["build", &project, "--base", base, "-o", destination, "--dag-version", "v1", "--output", "json"];
    serde_json::from_str(&road.home.run(arguments)).unwrap()
}

#[test]
fn an_image_built_without_a_network_is_deployed_as_it_is() {
    let road = Road::open();
    let carried = place(&road, "oci", "base.tar");
    road.home.run(["image", "copy", &road.base.reference, &carried]);
    let layout = place(&road, "oci", "images");
    build(&road, &carried, &format!("{layout}:v1"));
    assert_umoci_unpacks(&road.home.path().join("images"), "v1", &road.home);
    let digest = run(skopeo().args(["inspect", "--format", "{{.Digest}}", &format!("{layout}:v1")]));

    let options = ["--image-layout", &format!("{layout}:v1")];
    let deployed = road.deploy_layout(&project("etl_sales"), &options);
    assert!(deployed.image.ends_with(digest.trim()), "{} is not {digest}", deployed.image);
    let podman = Podman::new(&road.home);
    podman.pull(&deployed.image);
    assert_tasks_run(|task| podman.run(&deployed.image, task));
}

#[test]
fn podman_loads_a_docker_archive_and_runs_it() {
    let road = Road::open();
    let archive = place(&road, "docker-archive", "image.tar");
    build(&road, &road.base.reference, &archive);
    let inspected: Value = serde_json::from_str(&run(skopeo().args(["inspect", &archive]))).unwrap();
    assert_eq!((&inspected["Os"], &inspected["Architecture"]), (&"linux".into(), &"amd64".into()));

    let podman = Podman::new(&road.home);
    let image = podman.load(&road.home.path().join("image.tar"));
    assert_tasks_run(|task| podman.run(&image, task));
}

#[test]
fn what_skopeo_writes_is_read_and_copied_without_a_change() {
    let road = Road::open();
    let source = format!("docker://{}", road.base.reference);
    let raw = run(skopeo().args(["inspect", "--raw", "--tls-verify=false", &source]));
    for (written, read) in
        [("oci:written:base", "oci:written:base"), ("oci-archive:written.tar:base", "oci:written.tar:base")]
    {
        let absolute = |text: &str| {
            let (transport, name) = text.split_once(':').unwrap();
            place(&road, transport, name)
        };
        run(skopeo().args(["copy", "--all", "--quiet", "--src-tls-verify=false", &source, &absolute(written)]));
        let copied = format!("{}/carried/{}", road.host, written.split(':').next().unwrap());
        road.home.run(["image", "copy", &absolute(read), &format!("{copied}:base")]);
        assert_eq!(road.manifest(&format!("{copied}:base")), raw, "{written}");
    }
}

#[test]
fn a_docker_archive_that_skopeo_writes_is_a_base() {
    let road = Road::open();
    let archive = place(&road, "docker-archive", "base.tar:runtime:base");
    let source = format!("docker://{}", road.base.reference);
    run(skopeo().args(["copy", "--quiet", "--src-tls-verify=false", &source, &archive]));
    let image = format!("{}/carried/archive:base", road.host);
    road.home.run(["image", "copy", &place(&road, "docker-archive", "base.tar"), &image]);
    assert_eq!(road.inspect(&image)["Architecture"], "amd64");
    let unpacked: PathBuf = road.home.path().join("unpacked");
    run(skopeo()
        .args(["copy", "--quiet", "--src-tls-verify=false", "--src-authfile"])
        .arg(road.home.registry_logins())
        .arg(format!("docker://{image}"))
        .arg(format!("dir:{}", unpacked.display())));
}
