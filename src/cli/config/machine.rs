//! Directories, times, colours, and where this runs.

use std::io::IsTerminal;
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};

use super::setting::Setting;
use crate::cli::cache;
use crate::cli::environment::Environment;
use crate::cli::progress::human_bytes;
use crate::cli::server::Said;
use crate::cli::session::Session;
use crate::layers::Compression;

const DEFAULT: &str = "the default";

/// Services that run jobs, by a variable that they set.
const SERVICES: &[(&str, &str)] =
    &[("GITHUB_ACTIONS", "GitHub Actions"), ("GITLAB_CI", "GitLab"), ("JENKINS_URL", "Jenkins"), ("CI", "some")];

pub(super) fn settings(session: &Session) -> Vec<Setting> {
    let environment = &session.environment;
    vec![
        directory(session, "cache", environment.cache_directory(), "XDG_CACHE_HOME"),
        cache_size(session),
        directory(session, "data", environment.data_directory(), "XDG_DATA_HOME"),
        directory(session, "temporary", Some(environment.temporary_directory()), "TMPDIR"),
        file_times(session),
        colours(session),
        Setting::one(
            "CI",
            SERVICES
                .iter()
                .filter_map(|(variable, name)| Environment::lookup(variable).map(|_| Said::new(*name, variable)))
                .take(1),
        ),
    ]
}

fn directory(session: &Session, name: &'static str, path: Option<PathBuf>, variable: &'static str) -> Setting {
    // A relative one is not followed (XDG Base Directory specification).
    let given = Environment::lookup(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let source = if given.is_some() { variable } else { DEFAULT };
    Setting::one(name, path.map(|path| Said::new(session.environment.shown(&path), source)))
}

fn cache_size(session: &Session) -> Setting {
    let given = session.environment.variable("LEOFLOW_CACHE_SIZE").map(|text| Said::new(text, "LEOFLOW_CACHE_SIZE"));
    let usual = Said::new(human_bytes(crate::cache::DEFAULT_MAX_SIZE), DEFAULT);
    Setting::one("cache size", given.into_iter().chain([usual])).checked(cache::max_size(session))
}

fn file_times(session: &Session) -> Setting {
    let given = session.environment.variable("SOURCE_DATE_EPOCH").map(|text| Said::new(text, "SOURCE_DATE_EPOCH"));
    let said = given.into_iter().chain([Said::new("0", DEFAULT)]);
    Setting::one("file times", said).checked(session.assembly(Compression::default()))
}

/// In the order in which the variables count (`anstream`).
fn colours(session: &Session) -> Setting {
    let stderr = std::io::stderr();
    let value = if AutoStream::choice(&stderr) == ColorChoice::Never { "no" } else { "yes" };
    let variable = |name: &str| session.environment.variable(name);
    let source = if variable("NO_COLOR").is_some() {
        "NO_COLOR"
    } else if variable("CLICOLOR_FORCE").is_some_and(|text| text != "0") {
        "CLICOLOR_FORCE"
    } else if variable("CLICOLOR").is_some_and(|text| text == "0") {
        "CLICOLOR"
    } else if !stderr.is_terminal() {
        "stderr is no terminal"
    } else if variable("TERM").is_none_or(|text| text == "dumb") {
        "TERM"
    } else {
        "stderr is a terminal"
    };
    Setting::one("colours", [Said::new(value, source)])
}
