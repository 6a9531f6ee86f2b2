//! Authorities and client certificates of a host: from the settings, from `certs.d`, and shown to nobody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use leoflow::registry::{Certificates, Client, Event, HostCertificates, Identity, Options, Registries, RegistryError};
use tempfile::TempDir;

use super::proxies::trusting;
use super::samples::*;
use crate::support::fake_registry::FakeRegistry;
use crate::support::front::{Clients, Front};
use crate::support::scripted::Answer;
use crate::support::tls::file;
use crate::support::{Home, Ran, SandboxProcess};

async fn guarded(clients: Clients) -> (FakeRegistry, Front) {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let front = Front::tls("127.0.0.1:0", registry.server.address, "corp.pem", clients).await;
    (registry, front)
}

/// Pulls from `front` with these certificates for it.
async fn pulled(front: &Front, certificates: HostCertificates) -> Result<(), RegistryError> {
    let hosts = [(front.host(), certificates)].into();
    let registries =
        Registries { certificates: Certificates { hosts, ..Certificates::default() }, ..Registries::default() };
    let client = Client::new(Options { registries, ..options() }).unwrap();
    pull(&client, &front.host(), "base/python:3").await.map(drop)
}

fn copy(name: &str, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(file(name), to).unwrap();
}

#[tokio::test]
async fn an_authority_counts_for_its_host_alone() {
    let (_one, first) = guarded(Clients::Unasked).await;
    let (_two, second) = guarded(Clients::Unasked).await;
    let client = Client::new(Options { registries: trusting(&[&first.host()], false), ..options() }).unwrap();
    pull(&client, &first.host(), "base/python:3").await.unwrap();
    let error = pull(&client, &second.host(), "base/python:3").await.unwrap_err();
    assert!(error.to_string().contains("an authority that this machine does not trust"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("`ca:`")), "{:?}", error.help());
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_its_host_and_not_where_that_one_points() {
    let (elsewhere, other) = guarded(Clients::Asked).await;
    elsewhere.put_blob("base/python", CONFIG);
    let location = format!("https://{}/v2/base/python/blobs/", other.host());
    let realm = format!("Bearer realm=\"https://{}/token\"", other.host());
    let token = FakeRegistry::scripted(move |request, _| match request.header("authorization") {
        None => Some(Answer::new(401).header("WWW-Authenticate", realm.clone())),
        Some(_) => request
            .path
            .rsplit_once("/blobs/")
            .map(|(_, digest)| Answer::new(307).header("Location", format!("{location}{digest}"))),
    })
    .await;
    put_base(&token);
    let registry = Front::tls("127.0.0.1:0", token.server.address, "corp.pem", Clients::Required).await;
    let mut registries = trusting(&[&registry.host()], true);
    registries.certificates.hosts.extend(trusting(&[&other.host()], false).certificates.hosts);
    let client = Client::new(Options { registries, ..options() }).unwrap();
    let error = pull(&client, &registry.host(), "base/python:3").await.unwrap_err();
    // The other one has no token service, but was asked.
    assert!(error.to_string().contains("HTTP 404"), "{error}");
    assert_eq!((registry.shown(), other.shown()), (vec![1], vec![0]));
}

#[tokio::test]
async fn a_host_that_wants_a_client_certificate_and_gets_none_says_so() {
    let (_registry, front) = guarded(Clients::Required).await;
    let certificates = HostCertificates { authorities: vec![file("corp-ca.pem")], identities: Vec::new() };
    let error = pulled(&front, certificates).await.unwrap_err();
    assert!(error.to_string().contains("it wants a client certificate"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("`client_cert` and `client_key`")));
    assert_eq!(front.accepted(), 2, "once in plain HTTP, as ever on loopback, and once in TLS");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
    let (registry, front) = guarded(Clients::Asked).await;
    let directory = TempDir::new().unwrap();
    let garbage = directory.path().join("garbage.pem");
    fs::write(&garbage, "no PEM").unwrap();
    let none = directory.path().join("none.pem");
    let authority = |path: PathBuf| HostCertificates { authorities: vec![path], identities: Vec::new() };
    let identity = |certificate: PathBuf, key: PathBuf| HostCertificates {
        authorities: vec![file("corp-ca.pem")],
        identities: vec![Identity { certificate, key }],
    };
    let (certificate, key) = (file("client.pem"), file("client.key"));
    for (certificates, says, help) in [
        (authority(none.clone()), "certificate authority `.*none.pem`: there is no such file", "readable PEM"),
        (authority(garbage.clone()), "certificate authority `.*garbage.pem`: it holds no certificate in PEM", "PEM"),
        (authority(directory.path().into()), "certificate authority `.*`: is a directory", "PEM"),
        (identity(none.clone(), key.clone()), "client certificate `.*none.pem`: there is no such file", "PEM"),
        (identity(certificate.clone(), none), "client key `.*none.pem`: there is no such file", "PEM"),
        (identity(certificate.clone(), garbage), "client key `.*garbage.pem`: it holds no private key in PEM", "PEM"),
        (identity(certificate, file("server.key")), "client key `.*server.key`: it is not the key of", "openssl pkey"),
    ] {
        let error = pulled(&front, certificates).await.unwrap_err();
        assert!(matches!(error, RegistryError::Certificate { .. }), "{error}");
        let parts: Vec<&str> = says.split(".*").collect();
        assert!(parts.iter().all(|part| error.to_string().contains(part)), "{says}: {error}");
        assert!(error.help().is_some_and(|told| told.contains(help)), "{says}: {:?}", error.help());
    }
    assert!(registry.server.requests().is_empty());
}

#[tokio::test]
async fn directories_of_certificates_are_read_as_docker_and_podman_have_them() {
    let (_registry, front) = guarded(Clients::Required).await;
    let directory = TempDir::new().unwrap();
    let host = directory.path().join(front.host());
    let registries = || {
        let certificates = Certificates { directories: vec![directory.path().into()], ..Certificates::default() };
        Registries { certificates, ..Registries::default() }
    };
    let pulled = async || {
        let (client, events) = observed(Options { registries: registries(), ..options() });
        let outcome = pull(&client, &front.host(), "base/python:3").await.map(drop);
        let events = events.lock().unwrap();
        let exposed = |event: &Event| matches!(event, Event::KeyExposed { path } if path.ends_with("me.key"));
        (outcome, events.iter().filter(|event| exposed(event)).count())
    };
    copy("corp-ca.pem", &host.join("corp.crt"));
    copy("client.pem", &host.join("me.cert"));
    fs::write(host.join("README"), "not read").unwrap();
    let error = pulled().await.0.unwrap_err();
    assert!(error.to_string().contains("me.key` is missing"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("`NAME.cert` and `NAME.key`")));

    copy("client.key", &host.join("me.key"));
    fs::set_permissions(host.join("me.key"), Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(pulled().await, (Ok(()), 0)));
    fs::set_permissions(host.join("me.key"), Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(pulled().await, (Ok(()), 1)));

    fs::remove_file(host.join("me.cert")).unwrap();
    let error = pulled().await.0.unwrap_err();
    assert!(error.to_string().contains("me.cert` is missing"), "{error}");
}

/// Deploys to and from `host` with these settings.
async fn deployed(home: &Home, sandbox: &SandboxProcess, host: &str, settings: &str) -> Ran {
    home.write(".leoflow/config.yaml", settings);
    let base = sandbox.base.replace(&sandbox.registry, host);
    let mut command = home.leoflow();
    command.args(["deploy", "etl_sales", "--server", &sandbox.control_plane, "--token", "t"]);
    command.args(["--registry", host, "--base", &base]);
    tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap()
}

#[tokio::test]
async fn the_settings_name_authority_certificate_key_and_mirror() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let front = Front::tls("127.0.0.1:0", sandbox.registry.parse().unwrap(), "corp.pem", Clients::Required).await;
    copy("corp-ca.pem", &home.path().join("pki/ca.pem"));
    copy("client.pem", &home.path().join(".leoflow/me.pem"));
    copy("client.key", &home.path().join(".leoflow/me.key"));
    fs::set_permissions(home.path().join(".leoflow/me.key"), Permissions::from_mode(0o640)).unwrap();
    let place = "ca: ~/pki/ca.pem, client_cert: me.pem, client_key: me.key";
    let settings = format!("registries:\n- {{location: \"{}\", {place}}}\n", front.host());
    let ran = deployed(&home, &sandbox, &front.host(), &settings).await.exits(0);
    let ran = ran.says(&["other users of this machine can read the key", "me.key", "chmod 600"]);
    assert!(ran.stdout.contains(&front.host()), "{}", ran.stdout);
    assert!(front.shown().iter().all(|shown| *shown == 1), "{:?}", front.shown());

    // The base is called otherwise, and had from its mirror; what cannot be had is passed over.
    let mirrors = format!("mirror: [{{location: nobody.invalid}}, {{location: \"{}\", {place}}}]", front.host());
    let settings = format!("registries:\n- {{location: base.invalid, {mirrors}}}\n");
    home.write(".leoflow/config.yaml", &settings);
    let base = sandbox.base.replace(&sandbox.registry, "base.invalid");
    let target = ["deploy", "etl_sales", "--server", &sandbox.control_plane, "--token", "t"];
    let image = ["--registry", &sandbox.registry, "--base", &base];
    let arguments: Vec<String> = target.iter().chain(&image).map(|&text| text.to_owned()).collect();
    let mut command = home.leoflow();
    command.args(arguments);
    let ran = tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap();
    ran.exits(0).says(&["over the mirror nobody.invalid: its name does not resolve", "base.invalid/"]);
}

#[test]
fn what_the_settings_must_not_say_is_told_by_line_and_without_the_token() {
    let home = Home::new();
    for (text, says) in [
        ("- locaton: a.b\n", ["line 3, column 3: unknown key `registries[0].locaton`", "did you mean `location`?"]),
        ("- prefix: a.b\n", ["`registries[0].location` is missing", "location: registry.example.com:5000"]),
        ("- location: https://a.b\n", ["`registries[0].location` is not a `host[:port]`", "write `location:"]),
        ("- location: python\n", ["`registries[0].location` is not a `host[:port]`", "write `location:"]),
        ("- {location: a.b, prefix: '*.c/d'}\n", ["has more than `*.` and a domain", "*.example.com"]),
        ("- {location: a.b, blocked: yes}\n", ["`registries[0].blocked` must be `true` or `false`", "write `true`"]),
        ("- {location: a.b, client_cert: x}\n", ["comes without `client_key`", "the certificate and its key"]),
        ("- {location: a.b, client_key: x}\n", ["comes without `client_cert`", "the certificate and its key"]),
        (
            "- {location: a.b, mirror: [{location: c.d, blocked: true}]}\n",
            ["unknown key `registries[0].mirror[0].blocked`", "known keys here"],
        ),
        (
            "- {location: a.b, mirror: [{location: c.d, pull-from-mirror: digests}]}\n",
            ["`registries[0].mirror[0].pull-from-mirror` must be one of `all`, `digest-only`, `tag-only`", "line 3"],
        ),
        ("- {location: a.b, location: c.d}\n", ["`registries[0].location` is given twice", "keep one"]),
        ("  a.b: {}\n", ["`registries` must be a list", "line 3"]),
    ] {
        home.write(".leoflow/config.yaml", &format!("token: sesame\nregistries:\n{text}"));
        let ran = home.run(&["version"]).exits(2).says(&["config.yaml`, line "]).says(&says);
        assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
    }
}

#[test]
fn logging_in_keeps_what_is_said_of_registries() {
    let home = Home::new();
    let text = "token: sesame\nregistries: # ours\n- location: a.b:5000\n  insecure: true\n";
    let file = home.write(".leoflow/config.yaml", text);
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    home.run(&["auth", "logout"]).exits(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("token: sesame\n", ""));
}
