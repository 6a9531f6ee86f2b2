//! What is not put together, and not passed on.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_path_are_refused_by_name() {
    let world = World::new().await;
    world.index.put(&Wheel::new("one", "1.0").file("shared/data.txt", "1"));
    world.index.put(&Wheel::new("other", "1.0").file("shared/data.txt", "2"));
    world.write_project("dependencies: [one, other]\n");
    let ran = world.deploy(&[]).await.exits(5);
    ran.says(&["one-1.0-py3-none-any.whl", "other-1.0-py3-none-any.whl", "site-packages/shared/data.txt", "help: "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_that_are_kept_are_not_put_together_unchecked() {
    let mut world = World::new().await;
    world.index.put(&Wheel::new("rival", "1.0").file("heavy/data.bin", noise(2_200_000)));
    for package in ["heavy", "rival"] {
        world.write_project(&format!("dependencies: [{package}]\n"));
        world.deployed(&[]).await;
    }
    world.write_project("dependencies: [heavy, rival]\n");
    let names = ["heavy-1.0-py3-none-any.whl", "rival-1.0-py3-none-any.whl", "heavy/data.bin"];
    world.deploy(&[]).await.exits(5).says(&names);
    // Both layers are in the repository, which remembers them.
    world.elsewhere();
    world.deploy(&[]).await.exits(5).says(&names);
}

#[tokio::test(flavor = "multi_thread")]
async fn debian_packages_come_with_the_base_or_not_at_all() {
    let world = World::new().await;
    for (lines, layers) in [("system_packages: [libpq5]\n", 2), ("dependencies: [app]\nsystem_packages: [libpq5]\n", 4)]
    {
        world.write_project(lines);
        let (deployed, _) = world.deployed(&[]).await;
        assert_eq!(world.layers(&deployed).len(), layers, "{lines}");
    }
    world.write_project("dependencies: [app]\nsystem_packages: [libpq5, libgeos-c1v5]\n");
    let ran = world.deploy(&[]).await.exits(5);
    ran.says(&["does not have what `system_packages` asks for: libgeos-c1v5\n", "help: ", "`base_image:`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_was_built_before_has_the_packages_that_are_asked_for_now() {
    let world = World::new().await;
    world.run(&["build", "demo", "-o", "oci:with"]).await.exits(0);
    world.run(&["build", "demo", "-o", "oci:without", "--packages-in-base"]).await.exits(0);
    let deploy = |image: &str, flags: &[&str]| {
        let mut command = world.home.leoflow();
        world.send_here(command.args(["deploy", "demo", "--image-layout", image]).args(flags));
        finished(command)
    };
    let refusal = ["without` was built with other packages than the project asks for now", "leoflow build -o oci:"];
    deploy("oci:without", &[]).await.exits(3).says(&refusal);
    assert_eq!(world.registry.manifest("demo", "dev"), None, "nothing was pushed");
    deploy("oci:with", &["--packages-in-base"]).await.exits(3).says(&refusal[1..]);
    deploy("oci:without", &["--packages-in-base"]).await.exits(0);
    deploy("oci:with", &[]).await.exits(0);
    // Another requirement is another leoflow.yaml, which is packed.
    world.write_project("dependencies: [heavy]\n");
    deploy("oci:with", &[]).await.exits(3).says(&["not built of these files"]);
}
