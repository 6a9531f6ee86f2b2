//! Artifact Registry, by Application Default Credentials.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use leoflow::credentials::Patience;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::machine::{Machine, NOW, bad_answers, basic, form, scripted};
use crate::support::scripted::{Answer, Request, Scripted};

const REGISTRY: &str = "europe-docker.pkg.dev";
const KEY: &str = include_str!("../../../testdata/credentials/service-account.key");
const GCLOUD: &str = ".config/gcloud/application_default_credentials.json";
const METADATA: &str = "GET /computeMetadata/v1/instance/service-accounts/default/token";

/// Google: a token service at `/token`, another at `/sts`, impersonation, somebody's tokens, and a metadata server.
fn google(request: &Request) -> Answer {
    let token = |text: &str| Answer::new(200).body(json!({"access_token": text, "expires_in": "3599.5"}).to_string());
    match request.line().as_str() {
        "POST /token" if form(request, "assertion").is_some() => token("service"),
        "POST /token" if form(request, "refresh_token").as_deref() == Some("hush-refresh") => token("user"),
        "POST /sts" if form(request, "subject_token").as_deref() == Some("hush-subject") => token("federated"),
        "POST /impersonate" if request.header("authorization") == Some("Bearer federated") => {
            Answer::new(200).body(r#"{"accessToken":"impersonated","expireTime":"2015-08-30T13:36:00Z"}"#)
        }
        "GET /subject" if request.header("x-key") == Some("hush-header") => {
            Answer::new(200).body(r#"{"value":"hush-subject"}"#)
        }
        METADATA if request.header("metadata-flavor") == Some("Google") => {
            token("metadata").header("Metadata-Flavor", "Google")
        }
        _ => Answer::new(400).body(r#"{"error":"invalid_grant","error_description":"not hush-refresh, hush-subject"}"#),
    }
}

fn service_account(host: &str) -> Value {
    json!({"type": "service_account", "client_email": "me@example.com", "private_key": KEY, "private_key_id": "k1",
           "token_uri": format!("http://{host}/token")})
}

fn user(host: &str) -> Value {
    json!({"type": "authorized_user", "client_id": "id", "client_secret": "hush-client", "refresh_token": "hush-refresh",
           "token_uri": format!("http://{host}/token")})
}

fn external(host: &str, source: Value) -> Value {
    json!({"type": "external_account", "audience": "pool", "subject_token_type": "jwt",
           "token_url": format!("http://{host}/sts"), "credential_source": source})
}

fn with(file: &Value) -> Machine {
    Machine::in_a_cloud().set_file("GOOGLE_APPLICATION_CREDENTIALS", &file.to_string())
}

async fn check(machine: &Machine, token: &str) {
    let issued = machine.ask(REGISTRY).await.unwrap();
    assert_eq!(issued.credential, basic("oauth2accesstoken", token));
    assert!(issued.lifetime.is_some_and(|lifetime| lifetime.as_secs() > 3500 && lifetime.as_secs() <= 3600));
}

#[tokio::test]
async fn an_identity_is_found_in_every_place() {
    let google = Scripted::start(google).await;
    let host = google.host();
    check(&with(&service_account(&host)), "service").await;
    check(&with(&user(&host)), "user").await;
    check(&Machine::in_a_cloud().file(GCLOUD, &user(&host).to_string()), "user").await;
    let named = Machine::in_a_cloud().file("sdk/application_default_credentials.json", &user(&host).to_string());
    let directory = named.path("sdk").to_str().unwrap().to_owned();
    check(&named.set("CLOUDSDK_CONFIG", directory), "user").await;
    check(&Machine::in_a_cloud().set("GCE_METADATA_HOST", &host), "metadata").await;
    // A file that is named wins over everything.
    let all = with(&service_account(&host)).file(GCLOUD, &user(&host).to_string()).set("GCE_METADATA_HOST", &host);
    check(&all, "service").await;
}

#[tokio::test]
async fn another_issuers_token_is_exchanged() {
    let google = Scripted::start(google).await;
    let host = google.host();
    let machine =
        Machine::in_a_cloud().file("subject", "hush-subject\n").file("subject.json", r#"{"t":"hush-subject"}"#);
    let path = |name: &str| machine.path(name).to_str().unwrap().to_owned();
    let format = |field: &str| json!({"type": "json", "subject_token_field_name": field});
    for source in [
        json!({"file": path("subject")}),
        json!({"file": path("subject"), "format": {"type": "text"}}),
        json!({"file": path("subject.json"), "format": format("t")}),
        json!({"url": format!("http://{host}/subject"), "headers": {"X-Key": "hush-header"}, "format": format("value")}),
    ] {
        check(&with(&external(&host, source)), "federated").await;
    }
    let mut impersonated = external(&host, json!({"file": path("subject")}));
    impersonated["service_account_impersonation_url"] = format!("http://{host}/impersonate").into();
    check(&with(&impersonated), "impersonated").await;
}

#[tokio::test]
async fn an_assertion_is_signed_by_the_service_accounts_key() {
    let google = Scripted::start(google).await;
    with(&service_account(&google.host())).ask(REGISTRY).await.unwrap();
    let assertion = form(&google.requests()[0], "assertion").unwrap();
    let parts: Vec<&str> = assertion.split('.').collect();
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    let claims: Value = serde_json::from_slice(&decoded(parts[1])).unwrap();
    let uri = format!("http://{}/token", google.host());
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    assert_eq!(claims, json!({"iss": "me@example.com", "scope": scope, "aud": uri, "iat": NOW, "exp": NOW + 3600}));
    assert_eq!(decoded(parts[0]), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}).to_string().into_bytes());
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    let text = format!("{}.{}", parts[0], parts[1]);
    public.verify(text.as_bytes(), &decoded(parts[2])).unwrap();
}

#[tokio::test]
async fn without_an_identity_it_is_said_where_one_could_be() {
    let expected = ["no identity", "GOOGLE_APPLICATION_CREDENTIALS", GCLOUD, "metadata server", "gcloud auth"];
    Machine::check_failure(Machine::in_a_cloud().ask(REGISTRY).await, &expected);
    for answer in [Answer::new(404), Answer::new(200).body("<html>a hotel's login page</html>")] {
        let other = Scripted::start(move |_| answer.clone()).await;
        let machine = Machine::in_a_cloud().set("GCE_METADATA_HOST", other.host());
        Machine::check_failure(machine.ask(REGISTRY).await, &expected);
    }
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_said() {
    let host = "127.0.0.1:1";
    let mut broken_key = service_account(host);
    broken_key["private_key"] = "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n".into();
    let mut elsewhere = service_account(host);
    elsewhere["token_uri"] = "http://tokens.example.com/".into();
    for (machine, expected) in [
        (Machine::in_a_cloud().set("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent"), "cannot read `/nonexistent`"),
        (Machine::in_a_cloud().set_file("GOOGLE_APPLICATION_CREDENTIALS", "hush"), "not a credential file"),
        (with(&json!({"type": "authorized_user", "refresh_token": ["hush"]})), "not a credential file"),
        (with(&json!({"type": "impersonated_service_account"})), "are not built in"),
        (with(&external(host, json!({"executable": {"command": "hush"}}))), "only `file` and `url`"),
        (with(&external(host, json!({"environment_id": "aws1"}))), "only `file` and `url`"),
        (with(&broken_key), "not an RSA key in PKCS#8"),
        (with(&elsewhere), "it is not https"),
    ] {
        Machine::check_failure(machine.ask(REGISTRY).await, &[expected]);
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_no_good_is_not_shown() {
    let google = Scripted::start(google).await;
    let mut user = user(&google.host());
    user["refresh_token"] = "hush-refresh, hush-subject".into();
    let expected = ["HTTP 400, invalid_grant: not …", "gcloud auth application-default login"];
    Machine::check_failure(with(&user).ask(REGISTRY).await, &expected);
}

#[tokio::test]
async fn bad_answers_are_told_and_nothing_is_repeated() {
    for (name, answer, expected) in bad_answers() {
        let google = scripted(|request| request.path == "/token", answer, google).await;
        let mut user = user(&google.host());
        user["refresh_token"] = "hush".into();
        let mut machine = with(&user);
        if name == "slow" {
            machine.patience = Patience { metadata: Duration::from_millis(200), ..machine.patience };
        }
        Machine::check_failure(machine.ask(REGISTRY).await, &expected);
        let attempts = if matches!(name, "failing" | "cut") { 3 } else { 1 };
        assert_eq!(google.requests().len(), attempts, "{name}");
    }
}
