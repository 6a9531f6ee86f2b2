//! ECR, by every identity that Amazon gives a host.

use std::time::Duration;

use leoflow::credentials::Patience;
use serde_json::json;

use super::machine::{Machine, NOW, bad_answers, basic, form, scripted};
use crate::support::scripted::{Answer, Request, Scripted};

const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// Amazon: ECR and STS at `/`, a container provider at `/container`, and instance metadata.
fn amazon(request: &Request) -> Answer {
    let keys = |id: &str| json!({"AccessKeyId": id, "SecretAccessKey": "hush", "Token": "hush-session"}).to_string();
    match request.line().as_str() {
        "POST /" if request.header("x-amz-target").is_some() => ecr(request),
        "POST /" if form(request, "WebIdentityToken").as_deref() == Some("hush-jwt") => Answer::new(200).body(
            "<r><Credentials><AccessKeyId>STS</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>\
             <SessionToken>hush-session</SessionToken></Credentials></r>",
        ),
        "POST /" => {
            Answer::new(400).body("<r><Error><Code>InvalidIdentityToken</Code><Message>no</Message></Error></r>")
        }
        "GET /container" if request.header("authorization") == Some("hush-container") => {
            Answer::new(200).body(keys("CONTAINER"))
        }
        "PUT /latest/api/token" => Answer::new(200).body("hush-imds"),
        _ if request.header("x-aws-ec2-metadata-token") != Some("hush-imds") => Answer::new(401),
        "GET /latest/meta-data/iam/security-credentials/" => Answer::new(200).body("a role\n"),
        "GET /latest/meta-data/iam/security-credentials/a%20role" => Answer::new(200).body(keys("INSTANCE")),
        _ => Answer::new(404),
    }
}

fn ecr(request: &Request) -> Answer {
    // `AWS:password`
    let token = json!({"authorizationToken": "QVdTOnBhc3N3b3Jk", "expiresAt": NOW as f64 + 43_200.5});
    let private = request.header("x-amz-target") == Some("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
    let data = if private { json!([token]) } else { token };
    Answer::new(200).body(json!({"authorizationData": data}).to_string())
}

async fn machine() -> (Machine, Scripted) {
    let amazon = Scripted::start(amazon).await;
    let url = format!("http://{}", amazon.host());
    let mut machine = Machine::in_a_cloud().set("AWS_ENDPOINT_URL", &url);
    machine.endpoints.aws_container.clone_from(&url);
    (machine, amazon)
}

/// Checks that `key` signed the question for a token.
async fn check_signer(machine: Machine, amazon: &Scripted, key: &str) {
    let issued = machine.ask(REGISTRY).await.unwrap();
    assert_eq!(issued.credential, basic("AWS", "password"), "{key}");
    assert!(issued.lifetime.is_some_and(|lifetime| lifetime > Duration::from_secs(43_000)), "{issued:?}");
    let requests = amazon.requests();
    let question = requests.last().unwrap();
    let header = question.header("authorization").unwrap();
    let scope = format!("AWS4-HMAC-SHA256 Credential={key}/20150830/eu-west-1/ecr/aws4_request, ");
    assert!(header.starts_with(&scope), "{header}");
    assert_eq!(question.header("x-amz-date"), Some("20150830T123600Z"));
    assert_eq!(question.header("x-amz-security-token").is_some(), header.contains("x-amz-security-token"));
}

#[tokio::test]
async fn keys_are_found_in_every_place_and_in_amazons_order() {
    let (machine, amazon) = machine().await;
    let url = format!("http://{}", amazon.host());
    let machine = machine.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url);
    check_signer(machine, &amazon, "INSTANCE").await;

    let with_container = |machine: Machine| {
        machine
            .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/container"))
            .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-container")
    };
    check_signer(with_container(self::machine().await.0.set("AWS_ENDPOINT_URL", &url)), &amazon, "CONTAINER").await;
    let machine = self::machine().await.0.set("AWS_ENDPOINT_URL", &url);
    let mut machine = machine
        .set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container")
        .set_file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "hush-container\n");
    machine.endpoints.aws_container.clone_from(&url);
    check_signer(machine, &amazon, "CONTAINER").await;

    let with_profile = |machine: Machine| {
        let keys = "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = hush\n\
                    [other]\naws_access_key_id = OTHER\naws_secret_access_key = hush\naws_session_token = hush-s\n";
        with_container(machine).file(".aws/credentials", keys)
    };
    let machine = || async { self::machine().await.0.set("AWS_ENDPOINT_URL", &url) };
    check_signer(with_profile(machine().await), &amazon, "PROFILE").await;
    check_signer(with_profile(machine().await).set("AWS_PROFILE", "other"), &amazon, "OTHER").await;
    let config = "[profile role]\nrole_arn = arn:aws:iam::1:role/x\nweb_identity_token_file = {}\n";
    let by_role = machine().await.file("jwt", "hush-jwt");
    let config = config.replace("{}", by_role.path("jwt").to_str().unwrap());
    check_signer(by_role.file(".aws/config", &config).set("AWS_PROFILE", "role"), &amazon, "STS").await;

    let with_web_identity = |machine: Machine| {
        with_profile(machine)
            .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/x")
            .set_file("AWS_WEB_IDENTITY_TOKEN_FILE", "hush-jwt\n")
    };
    check_signer(with_web_identity(machine().await), &amazon, "STS").await;

    let all = with_web_identity(machine().await).set("AWS_ACCESS_KEY_ID", "ENV").set("AWS_SECRET_ACCESS_KEY", "hush");
    check_signer(all, &amazon, "ENV").await;
}

#[tokio::test]
async fn a_role_is_taken_with_what_sts_wants() {
    let (machine, amazon) = machine().await;
    let machine = machine
        .set("AWS_ROLE_ARN", "arn:aws:iam::1:role/x")
        .set("AWS_ROLE_SESSION_NAME", "me")
        .set_file("AWS_WEB_IDENTITY_TOKEN_FILE", "hush-jwt");
    machine.ask(REGISTRY).await.unwrap();
    let sts = &amazon.requests()[0];
    for (name, value) in [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::1:role/x"),
        ("RoleSessionName", "me"),
    ] {
        assert_eq!(form(sts, name).as_deref(), Some(value));
    }
}

#[tokio::test]
async fn the_public_registry_has_an_api_of_its_own() {
    let (machine, amazon) = machine().await;
    let machine = machine.set("AWS_ACCESS_KEY_ID", "ENV").set("AWS_SECRET_ACCESS_KEY", "hush");
    assert_eq!(machine.ask("public.ecr.aws").await.unwrap().credential, basic("AWS", "password"));
    let request = &amazon.requests()[0];
    assert_eq!(request.header("x-amz-target"), Some("SpencerFrontendService.GetAuthorizationToken"));
    assert!(request.header("authorization").unwrap().contains("/us-east-1/ecr-public/aws4_request"));
}

#[tokio::test]
async fn without_an_identity_it_is_said_where_one_could_be() {
    let result = Machine::in_a_cloud().ask(REGISTRY).await;
    Machine::check_failure(
        result,
        &[
            "no identity",
            REGISTRY,
            "AWS_ACCESS_KEY_ID",
            "`default` in",
            ".aws/credentials",
            "instance metadata",
            "AWS_PROFILE",
        ],
    );
    // Another cloud's metadata service, and an instance without a role.
    for status in [404, 403, 405] {
        let other = Scripted::start(move |_| Answer::new(status)).await;
        let mut machine = Machine::in_a_cloud();
        machine.endpoints.aws_instance = format!("http://{}", other.host());
        Machine::check_failure(machine.ask(REGISTRY).await, &["no identity"]);
    }
    let (machine, amazon) = machine().await;
    let machine = machine.set("AWS_EC2_METADATA_DISABLED", "true");
    let machine = machine.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", amazon.host()));
    Machine::check_failure(machine.ask(REGISTRY).await, &["AWS_EC2_METADATA_DISABLED"]);
    assert!(amazon.requests().is_empty());
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_said() {
    let machine = Machine::in_a_cloud;
    for (machine, expected) in [
        (machine().set("AWS_ACCESS_KEY_ID", "ENV"), "AWS_SECRET_ACCESS_KEY is not"),
        (machine().set("AWS_SECRET_ACCESS_KEY", "hush"), "AWS_ACCESS_KEY_ID is not"),
        (machine().set("AWS_PROFILE", "none"), "there is no such profile"),
        (machine().set("AWS_PROFILE", "x").file(".aws/config", "[profile x]\nregion=y"), "it holds no keys"),
        (
            machine().file(".aws/config", "[default]\nsso_session = corp"),
            "aws configure export-credentials --profile default --format env",
        ),
        (
            machine().set("AWS_ROLE_ARN", "a").set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent"),
            "cannot read `/nonexistent`",
        ),
        (machine().set("AWS_ROLE_ARN", "a").set_file("AWS_WEB_IDENTITY_TOKEN_FILE", " \n"), "it is empty"),
        (
            machine().set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://keys.example.com/").set("X", "hush"),
            "in plain HTTP at `keys.example.com`",
        ),
        (
            machine()
                .set("AWS_ACCESS_KEY_ID", "a")
                .set("AWS_SECRET_ACCESS_KEY", "hush")
                .set("AWS_ENDPOINT_URL_ECR", "http://ecr.example.com"),
            "it is not https",
        ),
    ] {
        Machine::check_failure(machine.ask(REGISTRY).await, &[expected]);
    }
    let fifo = machine();
    assert!(std::process::Command::new("mkfifo").arg(fifo.path("fifo")).status().unwrap().success());
    let path = fifo.path("fifo").to_str().unwrap().to_owned();
    let fifo = fifo.set("AWS_ROLE_ARN", "a").set("AWS_WEB_IDENTITY_TOKEN_FILE", path);
    Machine::check_failure(fifo.ask(REGISTRY).await, &["not a regular file"]);
}

#[tokio::test]
async fn a_bad_answer_of_ecr_is_told_and_nothing_is_repeated() {
    for (name, answer, expected) in bad_answers() {
        let amazon = scripted(|request| request.header("x-amz-target").is_some(), answer, amazon).await;
        let mut machine = Machine::in_a_cloud()
            .set("AWS_ENDPOINT_URL_ECR", format!("http://{}", amazon.host()))
            .set("AWS_ACCESS_KEY_ID", "ENV")
            .set("AWS_SECRET_ACCESS_KEY", "hush");
        if name == "slow" {
            machine.patience = Patience { metadata: Duration::from_millis(200), ..machine.patience };
        }
        Machine::check_failure(machine.ask(REGISTRY).await, &expected);
        let attempts = if matches!(name, "failing" | "cut") { 3 } else { 1 };
        assert_eq!(amazon.requests().len(), attempts, "{name}");
    }
}

#[tokio::test]
async fn a_bad_answer_of_sts_is_told_and_nothing_is_repeated() {
    let (machine, _amazon) = machine().await;
    let machine = machine.set("AWS_ROLE_ARN", "role").set_file("AWS_WEB_IDENTITY_TOKEN_FILE", "hush-other");
    Machine::check_failure(machine.ask(REGISTRY).await, &["cannot assume role", "InvalidIdentityToken: no"]);
}

#[tokio::test]
async fn a_service_that_fails_for_a_moment_is_asked_again() {
    let failures = std::sync::atomic::AtomicUsize::new(2);
    let amazon = Scripted::start(move |request| match crate::registry::samples::take(&failures) {
        true => Answer::new(500),
        false => amazon(request),
    })
    .await;
    let machine = Machine::in_a_cloud()
        .set("AWS_ENDPOINT_URL", format!("http://{}", amazon.host()))
        .set("AWS_ACCESS_KEY_ID", "ENV")
        .set("AWS_SECRET_ACCESS_KEY", "hush");
    assert_eq!(machine.ask(REGISTRY).await.unwrap().credential, basic("AWS", "password"));
}
