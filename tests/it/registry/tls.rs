//! Registries that speak TLS with a certificate of their own: on loopback too, and without being told so.
//!
//! The certificates of `testdata/tls` are signed by the authority in `ca.pem`, whose key was thrown away.

use crate::support::tls::{TlsFront, file};
use crate::support::{Home, Ran, SandboxProcess};

/// How servers answer plain HTTP on the port of TLS: with an alert, as Go does, as nginx does.
const ALERT: &str = "";
const GO: &str = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
const NGINX: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
    <html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n</html>\r\n";

/// Deploys to a registry, and from a base in it, that shows `certificate`; `authority` is what the user trusts.
fn deployed(certificate: &str, plain: &'static str, authority: Option<&str>) -> (Ran, String) {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let front = TlsFront::to(&sandbox.registry, certificate, plain);
    let base = sandbox.base.replace(&sandbox.registry, &front.address);
    let mut command = home.leoflow();
    command.args(["deploy", "etl_sales", "--server", &sandbox.control_plane, "--token", "t"]);
    command.args(["--registry", &front.address, "--base", &base]);
    command.envs(authority.map(|authority| ("SSL_CERT_FILE", file(authority))));
    (Ran::of(command.output().unwrap()), front.address.clone())
}

#[test]
fn a_registry_on_loopback_may_speak_tls() {
    for plain in [ALERT, GO, NGINX] {
        let (ran, address) = deployed("server.pem", plain, Some("ca.pem"));
        let ran = ran.exits(0);
        assert!(ran.stdout.contains(&address), "{}", ran.stdout);
        assert!(!ran.stderr.contains("Retrying"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
    for (certificate, authority, says) in [
        (
            "server.pem",
            None,
            ["signed by an authority that this machine does not trust", "SSL_CERT_FILE=/path/to/ca.pem"],
        ),
        ("elsewhere.pem", Some("ca.pem"), ["its certificate is for another name", "elsewhere.example.com"]),
        ("expired.pem", Some("ca.pem"), ["its certificate has expired", "check this machine's clock"]),
    ] {
        let (ran, address) = deployed(certificate, ALERT, authority);
        assert_ne!(ran.code, Some(0), "{certificate}");
        ran.says(&says).says(&[&format!("cannot reach {address}"), "help: "]);
    }
}

#[test]
fn an_authority_that_cannot_be_read_is_named() {
    let (ran, _) = deployed("server.pem", ALERT, Some("none.pem"));
    assert_ne!(ran.code, Some(0));
    ran.says(&["cannot read trusted certificates", "none.pem", "check `SSL_CERT_FILE`"]);
}
