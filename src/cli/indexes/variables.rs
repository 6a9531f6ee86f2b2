//! What variables say of indexes: ours, uv's and pip's.

use std::path::PathBuf;

use url::Url;

use super::{IndexSettings, Lookup};
use crate::cli::pip_conf;

/// Reads our own variables, uv's and pip's, in this order.
pub(super) fn by_program(variable: Lookup<'_>) -> [(&'static str, IndexSettings); 3] {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let of = |program: &str| {
        let value = |name: &str| variable(&format!("{program}_{name}"));
        let list = |name: &str| value(name).map(words);
        IndexSettings {
            index_url: value("INDEX_URL"),
            extra_index_url: list("EXTRA_INDEX_URL"),
            find_links: list("FIND_LINKS"),
            no_index: value("NO_INDEX").map(|text| pip_conf::is_true(&text)),
            trusted_host: list("TRUSTED_HOST"),
            authorities: None,
        }
    };
    let authorities = variable("PIP_CERT").or_else(|| variable("REQUESTS_CA_BUNDLE")).map(PathBuf::from);
    [("LEOFLOW", of("LEOFLOW")), ("UV", of_uv(variable, of("UV"))), ("PIP", IndexSettings { authorities, ..of("PIP") })]
}

/// uv has names of its own for some, and commas between directories.
fn of_uv(variable: Lookup<'_>, usual: IndexSettings) -> IndexSettings {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let indexes =
        variable("UV_INDEX").map(|text| text.split_whitespace().map(|i| of_name(variable, i)).collect::<Vec<_>>());
    let extra = indexes.into_iter().flatten().chain(usual.extra_index_url.into_iter().flatten()).collect::<Vec<_>>();
    IndexSettings {
        index_url: variable("UV_DEFAULT_INDEX").map(|index| of_name(variable, &index)).or(usual.index_url),
        extra_index_url: (!extra.is_empty()).then_some(extra),
        find_links: variable("UV_FIND_LINKS").map(|text| text.split(',').map(|part| part.trim().to_owned()).collect()),
        trusted_host: variable("UV_INSECURE_HOST").map(words),
        ..usual
    }
}

/// Reads `name=https://…`; `UV_INDEX_NAME_USERNAME` and `_PASSWORD` say who we are to it.
fn of_name(variable: Lookup<'_>, text: &str) -> String {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let Some((name, url)) = text.split_once('=').filter(|(name, _)| is_name(name)) else { return text.to_owned() };
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let value = |what: &str| variable(&format!("UV_INDEX_{name}_{what}"));
    let Ok(mut full) = Url::parse(url) else { return url.to_owned() };
    if let (Some(user), true) = (value("USERNAME"), full.username().is_empty()) {
        // Only a URL without a host refuses these, and such a one is refused later.
        let _ = full.set_username(&user);
        let _ = full.set_password(value("PASSWORD").as_deref());
    }
    full.into()
}
