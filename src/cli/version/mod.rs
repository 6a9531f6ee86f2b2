//! `leoflow version`: which program this is, for reports of faults and for scripts.

mod auditable;

use serde_json::json;

use super::exit::Exit;
use super::report::Failure;
use super::session::Session;
use crate::python;

/// What layers can be compressed with.
const COMPRESSIONS: &[&str] = &["gzip", "zstd"];

pub(super) fn run(session: &Session) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    // Whoever builds a release says so; a build script would make every build another one.
    let commit = option_env!("LEOFLOW_COMMIT").filter(|commit| !commit.is_empty());
    let has_dependencies = auditable::has_list(&session.environment.program);
    let dependencies = if has_dependencies { "listed in this binary (cargo-auditable)" } else { "not listed" };
    let text = format!(
        "leoflow {version}\n{:14}{}\n{:14}{}\n{:14}{} (RustPython)\n{:14}{}\n{:14}{dependencies}\n",
        "commit",
        commit.unwrap_or("unknown"),
        "built for",
        target(),
        "python",
        python::embedded_version(),
        "compression",
        COMPRESSIONS.join(", "),
        "dependencies",
    );
    let json = json!({
        "schema": "leoflow.version/v1",
        "version": version,
        "commit": commit,
        "target": target(),
        "python": {"version": python::embedded_version(), "implementation": "RustPython"},
        "compressions": COMPRESSIONS,
        "dependency_list": has_dependencies,
    });
    session.print(&text, &json)?;
    Ok(Exit::Success)
}

/// Returns the target triple, of what the compiler tells of it.
fn target() -> String {
    use std::env::consts::{ARCH, OS};
    let (vendor, os) = if cfg!(target_vendor = "apple") { ("apple", "darwin") } else { ("unknown", OS) };
    let environment = if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "gnu") {
        "-gnu"
    } else {
        ""
    };
    format!("{ARCH}-{vendor}-{os}{environment}")
}
