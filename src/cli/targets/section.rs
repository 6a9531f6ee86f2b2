//! `targets:` of `~/.leoflow/config.yaml`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::mirror::MirrorPlace;
use super::{NAME_HELP, Target, is_name};
use crate::cli::registries::{NO_LOCATION, as_location, refused};
use crate::cli::report::Failure;
use crate::cli::server::{SERVER_HELP, checked};
use crate::code::Code;
use crate::project::{Field, read_key};
use crate::source::SourceFile;

const REGISTRY_HELP: &str = "write `registry: registry.example.com/team`";

/// Reads `targets:` of the settings in `file`, whose text is `text`.
///
/// # Errors
/// With everything that means nothing, by line; the lines themselves are not repeated, since tokens are near.
pub(in crate::cli) fn read(file: &Path, text: String) -> Result<BTreeMap<String, Target>, Failure> {
    let source = Arc::new(SourceFile { path: file.to_owned(), text });
    let found = read_key(&source, "targets", |field| {
        let targets = field.pairs().into_iter().filter_map(|(name, value)| target(&name, &value));
        targets.map(|target| (target.name.clone(), target)).collect()
    });
    found.map(Option::unwrap_or_default).map_err(|faults| refused(file, &faults))
}

fn target(name: &Field<'_>, value: &Field<'_>) -> Option<Target> {
    let name = self::name(name);
    let mut keys = value.section()?;
    let server = keys.require("server", SERVER_HELP).and_then(|field| server(&field));
    let registry = keys.get("registry").and_then(|field| registry(&field));
    let mirrors = keys.get("mirrors").map(|field| mirrors(&field)).unwrap_or_default();
    let token = keys.get("token").and_then(|field| field.secret());
    keys.end();
    Some(Target { name: name?, server: server?, registry, mirrors, token })
}

fn name(field: &Field<'_>) -> Option<String> {
    let name = field.secret()?.expose().to_owned();
    if !is_name(&name) {
        field.fault(Code::BAD_TEXT, "is no name of a target", NAME_HELP.to_owned());
        return None;
    }
    Some(name)
}

fn server(field: &Field<'_>) -> Option<Url> {
    let url = checked(&field.string()?);
    url.map_err(|reason| field.fault(Code::BAD_TEXT, reason, SERVER_HELP.to_owned())).ok()
}

fn registry(field: &Field<'_>) -> Option<String> {
    let location = as_location(&field.name()?);
    if location.is_none() {
        field.fault(Code::BAD_IMAGE_REFERENCE, NO_LOCATION, REGISTRY_HELP.to_owned());
    }
    location
}

/// Each host has one mirror, or a list of them.
fn mirrors(field: &Field<'_>) -> BTreeMap<String, Vec<MirrorPlace>> {
    let places = |field: &Field<'_>| match field.is_list() {
        true => field.items().iter().filter_map(place).collect(),
        false => place(field).into_iter().collect::<Vec<_>>(),
    };
    let pairs = field.pairs();
    pairs.iter().filter_map(|(host, value)| Some((self::host(host)?, places(value)))).collect()
}

fn host(field: &Field<'_>) -> Option<String> {
    let text = field.secret()?.expose().to_owned();
    let host = as_location(&text).filter(|host| !host.contains('/'));
    if host.is_none() {
        field.fault(
            Code::BAD_IMAGE_REFERENCE,
            "is not a `host[:port]`",
            "write `docker.io: mirror.example.com`".to_owned(),
        );
    }
    host
}

fn place(field: &Field<'_>) -> Option<MirrorPlace> {
    let place = MirrorPlace::parse(&field.name()?);
    place.map_err(|reason| field.fault(Code::BAD_IMAGE_REFERENCE, reason, super::mirror::HELP.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let text = "token: x\ntargets:\n  prod:\n    server: https://a/\n    registry: r.corp/team/\n    token: 123\n    \
                    mirrors:\n      docker.io: [https://m.corp/hub, http://n:5000]\n      \"ghcr.io\": o.corp\n  \
                    dev: {server: \"http://localhost:8080\"}\n";
        let found = read(Path::new("/c"), text.to_owned()).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["dev", "prod"]);
        let prod = &found["prod"];
        assert_eq!((prod.server.as_str(), prod.registry.as_deref()), ("https://a/", Some("r.corp/team")));
        assert_eq!(prod.token.as_ref().map(|token| token.expose()), Some("123"));
        let hub: Vec<String> = prod.mirrors["docker.io"].iter().map(ToString::to_string).collect();
        assert_eq!(hub, ["m.corp/hub", "http://n:5000"]);
        assert_eq!(prod.mirrors["ghcr.io"].len(), 1);
    }

    #[test]
    fn what_means_nothing_is_told_by_line_and_unshown() {
        for (target, says) in [
            ("{sever: https://a}", "unknown key `targets.p.sever`"),
            ("{registry: r.corp}", "`targets.p.server` is missing"),
            ("{server: \"https://u:sesame@h\"}", "`targets.p.server` holds a user or password"),
            ("{server: https://a, registry: \"u:sesame@h/x\"}", "`targets.p.registry` is not a"),
            ("{server: https://a, token: [sesame]}", "`targets.p.token` must be text"),
            ("{server: https://a, mirrors: {docker.io/library: m}}", "is not a `host[:port]`"),
            ("{server: https://a, mirrors: {docker.io: \"https://u:sesame@m\"}}", "`targets.p.mirrors.docker.io` "),
            ("{server: https://a, server: https://b}", "given twice"),
            ("https://sesame", "must be a mapping"),
        ] {
            let refused = read(Path::new("/c"), format!("targets:\n  p: {target}\n")).expect_err(target);
            let tells = |message: &str| message.starts_with("`/c`, line 2, column ") && message.contains(says);
            assert!(refused.reports.iter().any(|report| tells(&report.message)), "{refused:?}");
            assert!(!format!("{refused:?}").contains("u:sesame"), "{refused:?}");
        }
        let refused = read(Path::new("/c"), "targets:\n  a b: {server: https://a}\n".to_owned()).expect_err("a b");
        assert!(refused.reports[0].message.contains("is no name of a target"), "{refused:?}");
    }
}
