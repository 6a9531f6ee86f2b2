//! Which target, which server, whether there is a token, and where images go.

use super::setting::Setting;
use crate::cli::args::ServerArgs;
use crate::cli::server::{self, Said};
use crate::cli::session::Session;
use crate::cli::targets;
use crate::secret::masked;

pub(super) fn settings(session: &Session, args: &ServerArgs) -> Vec<Setting> {
    let (environment, settings) = (&session.environment, &session.settings);
    let file = environment.settings_file().map(|file| {
        let source = if file.exists() { "read" } else { "not there yet" };
        Said::new(environment.shown(&file), source)
    });
    let named = args.named.as_deref();
    let targets = targets::choices(named, environment, settings).into_iter();
    let target = Setting::one("target", targets.map(|(name, source)| Said::new(name, source)));
    let target = target.checked(targets::selected(named, environment, settings));
    vec![Setting::one("settings", file), target, server(session, args), token(session, args), registry(session, args)]
}

fn server(session: &Session, args: &ServerArgs) -> Setting {
    let said = server::said(args, &session.environment, &session.settings).unwrap_or_default();
    let said = said.into_iter().map(|said| Said { value: unshown(&said.value), ..said });
    Setting::one("server", said).checked(server::server(args, &session.environment, &session.settings))
}

/// Only whether there is one, and from where; not a letter of it.
fn token(session: &Session, args: &ServerArgs) -> Setting {
    let (environment, settings) = (&session.environment, &session.settings);
    let server = server::server(args, environment, settings);
    let said = server::tokens_said(args, environment, settings, server.as_ref().ok()).unwrap_or_default();
    let checked = server.and_then(|server| server::token(args, environment, settings, &server));
    Setting::one("token", said).checked(checked)
}

fn registry(session: &Session, args: &ServerArgs) -> Setting {
    let said = targets::registries(None, args.named.as_deref(), &session.environment, &session.settings);
    let said = said.unwrap_or_default().into_iter().map(|said| Said { value: unshown(&said.value), ..said });
    Setting::one("registry", said.chain([Said::new("registry.url", "leoflow.yaml")]))
}

/// Covers what may be secret in a URL, however long it is.
pub(super) fn unshown(text: &str) -> String {
    let mut shown = masked(text);
    while shown.contains("****") {
        shown = shown.replace("****", "***");
    }
    shown
}
