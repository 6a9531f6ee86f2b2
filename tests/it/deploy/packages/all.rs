//! Several projects with packages in one go.

use super::*;

/// A second project; `lines` are of its leoflow.yaml.
fn write_second(world: &World, lines: &str) {
    world.home.write("second/leoflow.yaml", &format!("dag_id: second\n{lines}"));
    world.home.write("second/dag.py", &DAG.replace("demo", "second"));
}

async fn deployed(world: &World) -> (Value, Asked) {
    let mut command = world.command(&["deploy", "--all", ".", "--output", "json"]);
    world.send_here(&mut command);
    let ran = finished(command).await.exits(0);
    let (registry, index) = (world.registry.server.requests(), world.index.server.requests());
    (ran.json(), Asked { registry, index })
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_that_projects_share_are_made_once_and_sent_once() {
    let world = World::new().await;
    write_second(&world, "dependencies: [app]\n");
    let (deployed, asked) = deployed(&world).await;
    assert_eq!((&deployed["deployed"], &deployed["failed"]), (&json!(2), &json!(0)));
    let layers = |dag_id: &str| {
        let results = deployed["results"].as_array().unwrap();
        let of_dag = results.iter().find(|result| result["dag_id"] == dag_id).unwrap();
        let bytes = world.registry.manifest(dag_id, of_dag["digest"].as_str().unwrap()).unwrap();
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        manifest["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].clone()).collect::<Vec<_>>()
    };
    let (one, other) = (layers("demo"), layers("second"));
    assert_eq!((&one[..3], one.len()), (&other[..3], 4), "base, heavy and app are the same");
    assert_ne!(one[3], other[3], "the projects are not");
    assert_eq!(asked.wheels(), 2, "each wheel comes once: {:#?}", asked.index);
    let pages = asked.index.iter().filter(|request| request.path.starts_with("/simple/"));
    assert_eq!(pages.count(), 2, "each page is read once: {:#?}", asked.index);
    let large = asked.registry.iter().filter(|request| request.body.len() > 2_000_000).count();
    assert_eq!(large, 1, "heavy is sent once, and mounted: {:#?}", asked.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_whose_packages_cannot_be_had_stops_no_other() {
    let world = World::new().await;
    write_second(&world, "dependencies: [nosuch]\n");
    let mut command = world.command(&["deploy", "--all", "."]);
    world.send_here(&mut command);
    let ran = finished(command).await.exits(5);
    assert!(ran.stdout.starts_with("Deployed 1 DAG -> ") && ran.stdout.contains("1 deployed, 1 failed in "), "{}", ran.stdout);
    ran.says(&["`nosuch`"]);
}
