//! Azure Container Registry, by an application or a managed identity.

use std::time::Duration;

use leoflow::credentials::{Credential, Patience};
use leoflow::secret::Secret;

use super::machine::{Machine, bad_answers, form, scripted};
use crate::support::scripted::{Answer, Request, Scripted};

const REGISTRY: &str = "team.azurecr.io";
const RESOURCE: &str = "https://containerregistry.azure.net";

/// Azure: Entra ID, an app's identity endpoint, instance metadata, and the registry's own exchange.
fn azure(request: &Request) -> Answer {
    let token = Answer::new(200).body(r#"{"access_token":"hush-entra","expires_in":"3599"}"#);
    match request.line().as_str() {
        "POST /tenant/oauth2/v2.0/token" if is_known(request) => token,
        "GET /msi" if request.header("x-identity-header") == Some("hush-header") && is_for_registries(request) => token,
        "GET /metadata/identity/oauth2/token" if request.header("metadata") == Some("true") => token,
        "POST /oauth2/exchange" if form(request, "access_token").as_deref() == Some("hush-entra") => {
            assert_eq!(form(request, "grant_type").as_deref(), Some("access_token"));
            assert_eq!(form(request, "service").as_deref(), Some(REGISTRY));
            Answer::new(200).body(r#"{"refresh_token":"refresh"}"#)
        }
        _ => Answer::new(401).body(r#"{"error":"invalid_client","error_description":"AADSTS7000215: no"}"#),
    }
}

fn is_known(request: &Request) -> bool {
    let field = |name| form(request, name).unwrap_or_default();
    let known = field("client_secret") == "hush-secret" || field("client_assertion") == "hush-jwt";
    known && field("client_id") == "client" && field("scope") == format!("{RESOURCE}/.default")
}

fn is_for_registries(request: &Request) -> bool {
    request.parameter("resource").as_deref() == Some(RESOURCE) && request.parameter("api-version").is_some()
}

fn machine(azure: &Scripted) -> Machine {
    let url = format!("http://{}", azure.host());
    let mut machine = Machine::in_a_cloud().set("AZURE_AUTHORITY_HOST", &url);
    machine.endpoints.azure_registry = Some(url);
    machine
}

fn application(azure: &Scripted) -> Machine {
    machine(azure).set("AZURE_TENANT_ID", "tenant").set("AZURE_CLIENT_ID", "client")
}

async fn check(machine: Machine) {
    let issued = machine.ask(REGISTRY).await.unwrap();
    assert_eq!(issued.credential, Credential::IdentityToken(Secret::new("refresh")));
    assert!(issued.lifetime.is_some());
}

#[tokio::test]
async fn an_identity_is_found_in_every_place() {
    let azure = Scripted::start(azure).await;
    let url = format!("http://{}", azure.host());
    check(application(&azure).set("AZURE_CLIENT_SECRET", "hush-secret")).await;
    check(application(&azure).set_file("AZURE_FEDERATED_TOKEN_FILE", "hush-jwt\n")).await;
    assert!(
        azure
            .requests()
            .iter()
            .rfind(|r| r.path == "/oauth2/exchange")
            .is_some_and(|exchange| { form(exchange, "tenant").as_deref() == Some("tenant") })
    );
    check(machine(&azure).set("IDENTITY_ENDPOINT", format!("{url}/msi")).set("IDENTITY_HEADER", "hush-header")).await;
    let mut instance = machine(&azure).set("AZURE_CLIENT_ID", "mine");
    instance.endpoints.azure_instance = url;
    check(instance).await;
    let requests = azure.requests();
    let asked = requests.iter().find(|request| request.path.starts_with("/metadata")).unwrap();
    assert_eq!(asked.parameter("client_id").as_deref(), Some("mine"));
}

#[tokio::test]
async fn without_an_identity_it_is_said_where_one_could_be() {
    let expected = ["no identity", "AZURE_TENANT_ID", "IDENTITY_ENDPOINT", "instance metadata"];
    Machine::check_failure(Machine::in_a_cloud().ask(REGISTRY).await, &expected);
    let none = Answer::new(400).body(r#"{"error":"invalid_request","error_description":"Identity not found"}"#);
    for answer in [none, Answer::new(404)] {
        let other = Scripted::start(move |_| answer.clone()).await;
        let mut machine = Machine::in_a_cloud();
        machine.endpoints.azure_instance = format!("http://{}", other.host());
        Machine::check_failure(machine.ask(REGISTRY).await, &expected);
    }
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_said() {
    let azure = Scripted::start(azure).await;
    let secret = |machine: Machine| machine.set("AZURE_CLIENT_SECRET", "hush-secret");
    for (machine, expected) in [
        (application(&azure).set("AZURE_CLIENT_SECRET", "hush-other"), "HTTP 401, invalid_client: AADSTS7000215"),
        (secret(application(&azure).set("AZURE_AUTHORITY_HOST", "http://login.example.com")), "it is not https"),
        (application(&azure).set("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent"), "cannot read `/nonexistent`"),
        (
            machine(&azure).set("IDENTITY_ENDPOINT", "http://192.0.2.1/msi").set("IDENTITY_HEADER", "hush-header"),
            "in plain HTTP and not inside",
        ),
    ] {
        Machine::check_failure(machine.ask(REGISTRY).await, &[expected]);
    }
}

#[tokio::test]
async fn a_registry_that_does_not_know_the_identity_says_which_role_it_lacks() {
    let azure = scripted(|r| r.path == "/oauth2/exchange", Answer::new(401), azure).await;
    let machine = application(&azure).set("AZURE_CLIENT_SECRET", "hush-secret");
    Machine::check_failure(machine.ask(REGISTRY).await, &["HTTP 401", "`AcrPush` on team.azurecr.io"]);
}

#[tokio::test]
async fn bad_answers_are_told_and_nothing_is_repeated() {
    for (name, answer, expected) in bad_answers() {
        let azure = scripted(|request| request.path.ends_with("/token"), answer, azure).await;
        let mut machine = application(&azure).set("AZURE_CLIENT_SECRET", "hush");
        if name == "slow" {
            machine.patience = Patience { metadata: Duration::from_millis(200), ..machine.patience };
        }
        Machine::check_failure(machine.ask(REGISTRY).await, &expected);
        let attempts = if matches!(name, "failing" | "cut") { 3 } else { 1 };
        assert_eq!(azure.requests().len(), attempts, "{name}");
    }
}
