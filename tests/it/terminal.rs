//! What people see on a terminal, through a pseudo-terminal.

mod interrupts;
mod keys;
mod manners;
mod pictures;
mod screens;

use std::process::Command;

use leoflow::layers::{DiffId, Digest};
use serde_json::json;

use crate::support::Home;
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::{Interruption, Request};
use crate::support::terminal::{Size, Terminal};

const WIDE: Size = (80, 24);
const NARROW: Size = (40, 24);

/// The program, as somebody runs it on a terminal.
fn leoflow(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.leoflow();
    command.env("TERM", "xterm-256color").env("PATH", "/usr/bin:/bin").args(arguments);
    command
}

/// A registry with an image of so many layers of 24 MB each, and one that takes but the beginning of any blob.
async fn source_and_sink(layers: usize) -> (FakeRegistry, FakeRegistry) {
    let source = FakeRegistry::start().await;
    let layers: Vec<Vec<u8>> = (0..layers).map(|number| vec![number as u8 + 1; 24_000_000]).collect();
    put_image(&source, "platform/python", "py3.11", &layers);
    let sink = FakeRegistry::interrupting(|_, _| None, |request| is_upload(request).then_some(Interruption::Stall(1)));
    (source, sink.await)
}

fn is_upload(request: &Request) -> bool {
    request.method == "PUT" && request.path.contains("/blobs/uploads/")
}

fn put_image(registry: &FakeRegistry, repository: &str, tag: &str, layers: &[Vec<u8>]) {
    let diff_ids: Vec<String> = layers.iter().map(|layer| DiffId::of(layer).to_string()).collect();
    let config = json!({"os": "linux", "architecture": "amd64", "config": {"User": "65532"},
                        "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config = config.to_string().into_bytes();
    registry.put_blob(repository, &config);
    let media_type = "application/vnd.oci.image.layer.v1.tar";
    let described = |bytes: &[u8], media_type: &str| json!({"mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len()});
    let listed: Vec<_> = layers.iter().map(|layer| described(layer, media_type)).collect();
    layers.iter().for_each(|layer| drop(registry.put_blob(repository, layer)));
    let manifest = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                          "config": described(&config, "application/vnd.oci.image.config.v1+json"), "layers": listed});
    registry.put_manifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", manifest.to_string().as_bytes());
}

/// A copy that never ends, on a terminal, as soon as all that can move does.
async fn copying(home: &Home, size: Size, environment: &[(&str, &str)]) -> (Terminal, (FakeRegistry, FakeRegistry)) {
    let registries = source_and_sink(6).await;
    let from = format!("{}/platform/python:py3.11", registries.0.host());
    let to = format!("{}/mirrors/platform/python:py3.11", registries.1.host());
    let mut command = leoflow(home, &["image", "copy", &from, &to]);
    command.envs(environment.iter().copied());
    (Terminal::start(&command, size), registries)
}

/// Hides what differs from run to run: ports, digests, amounts, times.
fn masked(screen: &str) -> String {
    let patterns = [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\b[0-9a-f]{64}\b", "DIGEST"),
        (r"\b[0-9a-f]{12}\b", "012345678901"),
        (r" +\d+%", "  NN%"),
        (r"\d+(\.\d+)? [KM]?i?B( of)", "N MiB$2"),
        (r"( of) \d+\.\d+ MiB", "$1 N MiB"),
        (r"  \d+s$", "  Ns"),
    ];
    let mask = |text: String, (pattern, by): (&str, &str)| {
        regex::Regex::new(&format!("(?m){pattern}")).unwrap().replace_all(&text, by).into_owned()
    };
    patterns.into_iter().fold(screen.to_owned(), mask)
}
