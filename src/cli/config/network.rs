//! Mirrors, package indexes, proxies and authorities.

use super::control_plane::unshown;
use super::setting::Setting;
use crate::cli::args::ConfigShowArgs;
use crate::cli::environment::Environment;
use crate::cli::indexes::{self, IndexSettings};
use crate::cli::report::Failure;
use crate::cli::server::{SETTINGS, Said};
use crate::cli::session::Session;
use crate::cli::targets;
use crate::packages::index::PYPI;

/// What one place says of indexes, and which place that is.
type Place = (String, IndexSettings);

pub(super) fn settings(session: &Session, args: &ConfigShowArgs) -> Vec<Setting> {
    let places = indexes::places(session);
    let fault = places.as_ref().err().cloned();
    let places = places.unwrap_or_default();
    let index = index(&places);
    let list = |name, of: fn(&IndexSettings) -> Option<&Vec<String>>| {
        let said = |(source, settings): &Place| Some(of(settings)?.iter().map(|text| said(text, source)).collect());
        Setting::first_list(name, places.iter().filter_map(said))
    };
    vec![
        Setting::list("mirrors", mirrors(session, args)),
        fault.map_or_else(|| index.clone(), |fault| index.clone().checked(Err::<(), _>(fault))),
        list("extra indexes", |settings| settings.extra_index_url.as_ref()),
        list("find links", |settings| settings.find_links.as_ref()),
        list("trusted hosts", |settings| settings.trusted_host.as_ref()),
        proxy("proxy https", &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
        proxy("proxy http", http_proxies()),
        proxy("no proxy", &["NO_PROXY", "no_proxy"]),
        authorities(session),
    ]
}

fn said(text: &str, source: &str) -> Said {
    Said { value: unshown(text), source: source.to_owned().into(), target: None }
}

/// Those of the target come before those of `registries:`.
fn mirrors(session: &Session, args: &ConfigShowArgs) -> Vec<Said> {
    let selected = targets::selected(args.server.named.as_deref(), &session.environment, &session.settings);
    let of_target = selected.ok().flatten().into_iter().flat_map(|selected| {
        let one = |(host, places): (&String, &Vec<targets::MirrorPlace>)| {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            Said::by_target(format!("{host} at {}", places.join(", then ")), selected.target)
        };
        selected.target.mirrors.iter().map(one).collect::<Vec<_>>()
    });
    let rules = session.settings.registries.registries.rules.iter().filter(|rule| !rule.mirrors.is_empty());
    let of_settings = rules.map(|rule| {
        let places: Vec<&str> = rule.mirrors.iter().map(|mirror| mirror.location.as_str()).collect();
        Said::new(format!("{} at {}", rule.prefix, places.join(", then ")), SETTINGS)
    });
    of_target.chain(of_settings).collect()
}

/// Who names an index wants one to be asked; who says `no-index` before that wants none.
fn index(places: &[Place]) -> Setting {
    let of_place = |(source, settings): &Place| match (&settings.index_url, settings.no_index) {
        (Some(url), _) => Some(said(url, source)),
        (None, Some(true)) if settings.extra_index_url.is_none() => Some(said("none is asked", source)),
        _ => None,
    };
    Setting::one("index", places.iter().filter_map(of_place).chain([Said::new(PYPI, "the default")]))
}

fn proxy(name: &'static str, variables: &[&'static str]) -> Setting {
    let value = |variable: &&'static str| Some(said(&Environment::lookup(variable)?.to_string_lossy(), variable));
    Setting::one(name, variables.iter().filter_map(value))
}

/// `HTTP_PROXY` may come from a header where a CGI server sets it.
fn http_proxies() -> &'static [&'static str] {
    match Environment::lookup("REQUEST_METHOD") {
        Some(_) => &["http_proxy", "ALL_PROXY", "all_proxy"],
        None => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    }
}

fn authorities(session: &Session) -> Setting {
    let value = |variable: &&'static str| Some(said(&Environment::lookup(variable)?.to_string_lossy(), variable));
    let named: Vec<Said> = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().filter_map(value).collect();
    let named = if named.is_empty() { vec![Said::new("those of this machine", "the default")] } else { named };
    let checked: Result<(), Failure> = session.environment.check_authorities();
    Setting::list("authorities", named).checked(checked)
}
