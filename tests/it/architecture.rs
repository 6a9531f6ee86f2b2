//! The lines between the rooms (`src/lib.rs`): who may import whom, and who alone touches the process's surroundings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room and the rooms that it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("code", &[]),
    ("secret", &[]),
    ("source", &[]),
    ("http", &["tls"]),
    ("tls", &["source"]),
    ("time", &[]),
    ("reference", &["layers"]),
    ("cache", &["layers"]),
    ("credentials", &["http", "reference", "secret", "source", "time", "tls"]),
    ("image", &["layers", "reference", "time"]),
    ("registry", &["cache", "credentials", "http", "tls", "image", "layers", "reference", "secret", "time"]),
    ("project", &["code", "layers", "reference", "secret", "source"]),
    ("inspect", &["image", "layers"]),
    (
        "packages",
        &["cache", "http", "image", "inspect", "layers", "project", "reference", "secret", "source", "time", "tls"],
    ),
    ("python", &["code", "source"]),
    ("dag", &["code", "image", "packages", "project", "python", "reference", "source"]),
    ("graph", &["dag"]),
    ("control_plane", &["dag", "http", "tls", "secret"]),
    ("diff", &["image", "layers"]),
    ("record", &["control_plane", "dag", "image", "layers", "reference"]),
    ("layout", &["image", "layers", "reference"]),
    ("sandbox", &["dag", "image", "layers", "layout", "reference", "secret", "time"]),
    (
        "deploy",
        &[
            "cache",
            "control_plane",
            "dag",
            "diff",
            "image",
            "inspect",
            "layers",
            "layout",
            "packages",
            "project",
            "python",
            "reference",
            "registry",
        ],
    ),
];

/// What only `cli` may touch, as it would be written.
const SURROUNDINGS: &[&str] =
    &["env::var", "env::current_dir", "env::args", "SystemTime::now", "io::stdin()", "io::stdout()", "io::stderr()"];

fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut pending = vec![src.join(format!("{room}.rs")), src.join(room)];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if is_source(&path) {
            found.push((path.clone(), code_of(&fs::read_to_string(&path).unwrap())));
        }
    }
    found
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") && path.exists()
}

/// Drops comments and everything from the unit tests on.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn imports(code: &str) -> BTreeSet<String> {
    let named = |path: &str| path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let crate_paths = code.split("crate::").skip(1).map(named);
    let layers = code.contains("leoflow_layers").then(|| "layers".to_owned());
    crate_paths.chain(layers).collect()
}

#[test]
fn rooms_import_only_what_the_map_allows() {
    for (room, allowed) in ROOMS {
        for (path, code) in sources(room) {
            for import in imports(&code) {
                let known = ROOMS.iter().any(|(name, _)| *name == import) || import == "layers" || import == "cli";
                let fine = !known || import == *room || allowed.contains(&import.as_str());
                assert!(fine, "{} imports `{import}`, which is not {room}'s to see", path.display());
            }
        }
    }
}

#[test]
fn every_room_is_on_the_map() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        let known = ROOMS.iter().any(|(room, _)| *room == name) || matches!(&*name, "lib" | "main" | "cli");
        assert!(known, "src/{name} has no line on the map");
    }
}

/// Where a room has its reason: a `Retry-After` date and a token's expiry count from now, and the worker is a process of
/// its own whose standard streams are its wire.
const REASONS: &[(&str, &[&str])] = &[
    ("src/http.rs", &["SystemTime::now"]),
    ("sandbox/control_plane/token.rs", &["SystemTime::now"]),
    ("python/worker.rs", &["io::stdin()", "io::stdout()"]),
];

#[test]
fn only_the_command_line_touches_the_surroundings() {
    for (room, _) in ROOMS {
        for (path, code) in sources(room) {
            for touch in SURROUNDINGS.iter().filter(|touch| code.contains(**touch)) {
                let excused = REASONS.iter().any(|(file, what)| path.ends_with(file) && what.contains(touch));
                assert!(excused, "{} uses {touch}", path.display());
            }
        }
    }
}

#[test]
fn an_import_that_crosses_a_line_is_seen() {
    let found = imports(&code_of("use crate::dag::DagSpec;\n// crate::cli\nfn f() { crate::project::files() }"));
    assert_eq!(found, ["dag".to_owned(), "project".to_owned()].into());
}
