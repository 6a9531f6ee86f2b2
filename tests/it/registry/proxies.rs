//! Through the proxies that companies put before the world; every refusal of theirs is named as theirs.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use leoflow::control_plane::{ControlPlane, ControlPlaneError};
use leoflow::image::BaseImage;
use leoflow::registry::{
    Certificates, Client, HostCertificates, Identity, Options, ProxyFault, ProxySettings, Registries, RegistryError,
};
use tokio::net::TcpListener;

use super::samples::*;
use crate::support::fake_registry::FakeRegistry;
use crate::support::front::{Clients, Front, acceptor};
use crate::support::tls::file;
use crate::support::web_proxy::{Manners, WebProxy};
use crate::support::{Home, Ran, SandboxProcess};

/// `ada:s@same` as a header, and in a URL.
const BASIC: &str = "Basic YWRhOnNAc2FtZQ==";
const USER: &str = "ada:s%40same@";

/// Settings as these variables would make them.
fn settings(variables: &[(&str, String)]) -> ProxySettings {
    let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
    ProxySettings::of_user(&lookup)
}

/// Trusts the authority of the tests at these hosts, and shows them the client certificate when `known`.
pub(super) fn trusting(hosts: &[&str], known: bool) -> Registries {
    let identity = Identity { certificate: file("client.pem"), key: file("client.key") };
    let identities = if known { vec![identity] } else { Vec::new() };
    let certificates = HostCertificates { authorities: vec![file("corp-ca.pem")], identities };
    let hosts: BTreeMap<_, _> = hosts.iter().map(|&host| (host.to_owned(), certificates.clone())).collect();
    Registries { certificates: Certificates { hosts, ..Certificates::default() }, ..Registries::default() }
}

/// A client that goes through the proxy at `url`.
fn through(url: String) -> Client {
    let registries = trusting(&["registry.test", "registry.test:5443"], false);
    Client::new(Options { proxies: settings(&[("ALL_PROXY", url)]), registries, ..options() }).unwrap()
}

/// A registry that is called registry.test, in TLS, and a proxy that knows where it is.
async fn behind_a_proxy(manners: Manners) -> (FakeRegistry, Front, WebProxy) {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let front = Front::tls("127.0.0.1:0", registry.server.address, "corp.pem", Clients::Unasked).await;
    let routes = [("registry.test:443", front.address), ("registry.test:5443", front.address)];
    let proxy = WebProxy::start(Manners { routes: Manners::routing(&routes).routes, ..manners }).await;
    (registry, front, proxy)
}

#[tokio::test]
async fn a_registry_is_reached_through_a_tunnel_with_the_credentials_of_the_url() {
    let (registry, _front, proxy) = behind_a_proxy(Manners { wants: Some(BASIC.into()), ..Manners::default() }).await;
    let client = through(format!("http://{USER}{}", proxy.address));
    pull(&client, "registry.test", "base/python:3").await.unwrap();
    push(&client, "registry.test:5443", "team/etl", &image(vec![layer(b"ours")])).await.unwrap();
    assert!(registry.manifest("team/etl", "v1").is_some());
    assert_eq!(proxy.lines(), ["CONNECT registry.test:443 HTTP/1.1", "CONNECT registry.test:5443 HTTP/1.1"]);
    let heads = proxy.heads().concat().to_lowercase();
    assert!(heads.contains("\r\nhost: registry.test:443\r\n") && !heads.contains("\r\nauthorization:"), "{heads}");
    // What is said to the proxy is not said to the registry.
    assert!(registry.server.requests().iter().all(|request| request.header("proxy-authorization").is_none()));
}

#[tokio::test]
async fn plain_http_is_asked_of_the_proxy_by_its_whole_url() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let manners =
        Manners { wants: Some(BASIC.into()), ..Manners::routing(&[("registry.test:5000", registry.server.address)]) };
    let proxy = WebProxy::start(manners).await;
    let pulled = async |user: &str| -> Result<BaseImage, RegistryError> {
        let proxies = settings(&[("http_proxy", format!("{user}{}", proxy.address))]);
        let insecure_registries = vec!["registry.test:5000".to_owned()];
        let client = Client::new(Options { proxies, insecure_registries, ..options() }).unwrap();
        pull(&client, "registry.test:5000", "base/python:3").await
    };
    pulled(&format!("http://{USER}")).await.unwrap();
    assert_eq!(proxy.lines()[0], "GET http://registry.test:5000/v2/base/python/manifests/3 HTTP/1.1");
    assert_eq!(registry.server.requests()[0].header("host"), Some("registry.test:5000"));
    let error = pulled("http://").await.unwrap_err();
    assert!(
        matches!(&error, RegistryError::Proxy { error, .. } if error.fault == ProxyFault::Credentials { presented: false }),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_no_proxy_lists_and_loopback_go_past() {
    let (registry, _front, proxy) = behind_a_proxy(Manners::default()).await;
    let proxies = settings(&[
        ("ALL_PROXY", format!("http://{}", proxy.address)),
        ("no_proxy", ".invalid, registry.test:443".to_owned()),
    ]);
    let client = Client::new(Options { proxies, ..options() }).unwrap();
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    for host in ["registry.test", "a.registry.invalid:5000"] {
        let error = pull(&client, host, "base/python:3").await.unwrap_err();
        assert!(matches!(error, RegistryError::Unreachable { .. }), "{host}: {error}");
    }
    assert_eq!(proxy.heads(), [""; 0]);
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_itself_is_trusted_by_its_own_name_and_shown_no_client_certificate() {
    let (registry, _front, _) = behind_a_proxy(Manners::default()).await;
    let front = Front::tls("127.0.0.1:0", registry.server.address, "corp.pem", Clients::Required).await;
    let inner = WebProxy::start(Manners::routing(&[("registry.test:443", front.address)])).await;
    let proxy = Front::tls("127.0.0.1:0", inner.address, "corp.pem", Clients::Asked).await;
    let proxies = settings(&[("HTTPS_PROXY", format!("https://{}", proxy.host()))]);
    let mut registries = trusting(&["registry.test"], true);
    let distrusting = Options { proxies: proxies.clone(), registries: registries.clone(), ..options() };
    let error = pull(&Client::new(distrusting).unwrap(), "registry.test", "base/python:3").await.unwrap_err();
    let expected = format!("the proxy https://{} (by HTTPS_PROXY) cannot be reached: its certificate", proxy.host());
    assert!(error.to_string().contains(&expected), "{error}");

    registries.certificates.hosts.extend(trusting(&[&proxy.host()], false).certificates.hosts);
    let client = Client::new(Options { proxies, registries, ..options() }).unwrap();
    pull(&client, "registry.test", "base/python:3").await.unwrap();
    assert_eq!((proxy.shown(), front.shown()), (vec![0], vec![1]));
}

/// Pulls through a proxy and returns what is said of it, in which no password may be.
async fn refused(url: String) -> (RegistryError, String) {
    let error = pull(&through(url), "registry.test", "base/python:3").await.unwrap_err();
    let text = format!("{error} / {}", error.help().unwrap_or_default());
    assert!(!format!("{text} {error:?}").contains("same"), "{text}");
    (error, text)
}

#[tokio::test]
async fn every_refusal_of_a_proxy_is_named_as_the_proxys() {
    let manners = |answers| Manners { answers: Some(answers), ..Manners::default() };
    for (answer, user, faults, help) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "",
            "wants a user and a password: HTTP 407",
            "put them into ALL_PROXY: `http://USER:PASSWORD@HOST:PORT`",
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            USER,
            "does not accept its user and password: HTTP 407",
            "put them into ALL_PROXY",
        ),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", USER, "refuses the connection: HTTP 403", "have registry.test allowed"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", USER, "refuses the connection: HTTP 502", "itself reaches registry.test"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", USER, "does not answer as a proxy does", "the port in ALL_PROXY"),
        ("", USER, "does not answer as a proxy does", "the port in ALL_PROXY"),
    ] {
        let proxy = WebProxy::start(manners(answer)).await;
        let (error, text) = refused(format!("http://{user}{}", proxy.address)).await;
        let place = format!("cannot reach registry.test: the proxy http://{} (by ALL_PROXY) {faults}", proxy.address);
        assert!(matches!(error, RegistryError::Proxy { .. }) && text.contains(&place) && text.contains(help), "{text}");
        // What may pass is tried again, what will not is not.
        let expected = if faults.contains("502") { 6 } else { 1 };
        assert_eq!(proxy.heads().len(), expected, "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_none_of_ours_is_named() {
    let nobody: SocketAddr = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, expected) in [
        (format!("http://{USER}{nobody}"), "cannot be reached: connection refused"),
        (format!("http://{USER}proxy.invalid:1"), "cannot be reached: its name does not resolve"),
        (
            format!("socks5://{USER}proxy.test"),
            "the proxy socks5://proxy.test (by ALL_PROXY) cannot be used: it speaks `socks5`",
        ),
        (format!("https://{USER}{}", WebProxy::start(Manners::default()).await.address), "cannot be reached"),
    ] {
        let (error, text) = refused(url).await;
        assert!(matches!(error, RegistryError::Proxy { .. }) && text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_ends_tls_itself_is_told_from_the_registry() {
    let (registry, ..) = behind_a_proxy(Manners::default()).await;
    let impostor = Front::tls("127.0.0.1:0", registry.server.address, "server.pem", Clients::Unasked).await;
    let proxy = WebProxy::start(Manners::routing(&[("registry.test:443", impostor.address)])).await;
    let (error, text) = refused(format!("http://{}", proxy.address)).await;
    assert!(matches!(error, RegistryError::Unreachable { .. }) && text.contains("does not trust"), "{text}");
}

#[tokio::test]
async fn a_control_plane_is_asked_through_the_proxy_too() {
    let proxy = WebProxy::start(Manners { answers: Some("HTTP/1.1 403 No\r\n\r\n"), ..Manners::default() }).await;
    let url = "https://leoflow.test".parse().unwrap();
    let proxies = settings(&[("HTTPS_PROXY", format!("http://{}", proxy.address))]);
    let plane = ControlPlane::new(url, None, std::time::Duration::from_secs(30), &proxies).unwrap();
    let error = plane.health().await.unwrap_err();
    assert!(matches!(error, ControlPlaneError::Proxy { .. }), "{error:?}");
    let text = format!("{error} / {}", error.help().unwrap_or_default());
    assert!(
        text.contains("by HTTPS_PROXY) refuses the connection: HTTP 403") && text.contains("NO_PROXY=leoflow.test"),
        "{text}"
    );
    assert_eq!(proxy.lines(), ["CONNECT leoflow.test:443 HTTP/1.1"]);
}

#[tokio::test]
async fn the_program_takes_its_proxy_from_the_environment() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let front = Front::tls("127.0.0.1:0", sandbox.registry.parse().unwrap(), "corp.pem", Clients::Unasked).await;
    let proxy = WebProxy::start(Manners {
        acceptor: Some(acceptor("corp.pem", Clients::Unasked)),
        ..Manners::routing(&[("registry.test:443", front.address)])
    })
    .await;
    let mut command = home.leoflow();
    let base = sandbox.base.replace(&sandbox.registry, "registry.test");
    command.args(["deploy", "etl_sales", "--server", &sandbox.control_plane, "--token", "t"]);
    command.args(["--registry", "registry.test", "--base", &base]);
    command.env("https_proxy", format!("https://{}", proxy.address)).env("SSL_CERT_FILE", file("corp-ca.pem"));
    let ran = tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap().exits(0);
    assert!(ran.stdout.contains("registry.test/etl_sales@sha256:"), "{}", ran.stdout);
    assert_eq!(proxy.lines(), ["CONNECT registry.test:443 HTTP/1.1"]);
}
