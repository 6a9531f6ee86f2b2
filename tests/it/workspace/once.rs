//! What projects share is made once and sent once, however many work at a time: counted at the registry.

use std::collections::BTreeMap;

use super::*;
use crate::deploy::noise;
use crate::support::wheels::Wheel;

/// Eight projects that ask for one of two sets of packages, and the directory that these are in.
fn world() -> (World, String) {
    let names: Vec<String> = (0..8).map(|number| format!("dag_{number}")).collect();
    let world = World::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (number, name) in names.iter().enumerate() {
        let dependency = if number % 2 == 0 { "app" } else { "other" };
        let yaml = format!("dag_id: {name}\ndependencies: [{dependency}]\n");
        std::fs::write(world.path(&format!("{name}/leoflow.yaml")), yaml).unwrap();
    }
    let links = world.home.path().join("wheels");
    std::fs::create_dir(&links).unwrap();
    for wheel in [
        Wheel::new("app", "1.0").requires("heavy>=1"),
        Wheel::new("heavy", "1.0").file("heavy/data.bin", noise(2_100_000)),
        Wheel::new("other", "1.0"),
    ] {
        std::fs::write(links.join(wheel.filename()), wheel.build()).unwrap();
    }
    (world, links.display().to_string())
}

#[test]
fn every_distinct_blob_is_made_once_sent_once_and_mounted_elsewhere() {
    for cache_size in ["5GiB", "0B"] {
        let (world, links) = world();
        let mut command = world.command(&["--jobs", "4", "--no-index", "--find-links", &links, "--output", "json"]);
        command.env("LEOFLOW_CACHE_SIZE", cache_size);
        let json = Ran::of(command.output().unwrap()).exits(0).json();
        assert_eq!((&json["deployed"], &json["failed"]), (&8.into(), &0.into()), "{json:#}");
        let asked = world.registry.take();
        let sent = sent(&asked);
        assert!(sent.values().all(|times| *times == 1), "each blob is sent once: {sent:#?}");
        // Eight projects' layers and configs, three layers of packages, and records of two sets of them.
        assert_eq!((&json["blobs"]["uploaded"], sent.len()), (&19.into(), 21), "{:#}", json["blobs"]);
        // The base's layer in all, and in three of four what one has sent.
        assert_eq!(json["blobs"]["mounted"], 8 + 3 * 2 + 3, "{:#}", json["blobs"]);
        let bases = asked.iter().filter(|seen| seen.path.contains("/demo") && seen.path.contains("/manifests/py"));
        assert_eq!(bases.count(), 1, "the base's tag is asked for once: {asked:#?}");
        let made = made(&json);
        assert_eq!((made.len(), made.values().max()), (3, Some(&1)), "each layer is made once: {made:#?}");
    }
}

/// How often each blob was sent.
fn sent(asked: &[Seen]) -> BTreeMap<String, usize> {
    let commits = asked.iter().filter(|seen| seen.method == "PUT" && seen.path.contains("/blobs/uploads/"));
    counted(commits.filter_map(|seen| seen.path.split("digest=").nth(1).map(str::to_owned)))
}

/// How often each layer of packages was made.
fn made(json: &Value) -> BTreeMap<String, usize> {
    let results = json["results"].as_array().unwrap().iter();
    let layers = results.flat_map(|result| result["platforms"][0]["layers"].as_array().unwrap());
    let made = layers.filter(|layer| layer["holds"] == "packages" && layer["origin"] == "made");
    counted(made.map(|layer| text(&layer["digest"]).to_owned()))
}

fn counted(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}
