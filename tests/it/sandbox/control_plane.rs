//! The control plane's stand-in against contract section 5, row by row.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::{Bench, header, json};

/// A spec that the contract has nothing against.
pub(crate) fn spec(dag_id: &str) -> Value {
    json!({
        "schema_version": "1.0",
        "dag_id": dag_id,
        "dag_version": "v1",
        "image": format!("127.0.0.1:5000/{dag_id}@sha256:{}", "a".repeat(64)),
        "connections": ["warehouse"],
        "tasks": [{ "task_id": "extract", "type": "bash", "entrypoint": "true" }],
    })
}

impl Bench {
    fn control_plane(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.sandbox.control_plane.join(path).expect("a URL");
        self.client.request(method, url).bearer_auth("any")
    }

    async fn register(&self, dag_id: &str, spec: &[u8]) -> (u16, Value) {
        let path = format!("/api/v2/dags/{dag_id}/versions");
        told(self.control_plane(Method::POST, &path).body(spec.to_vec())).await
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        told(self.control_plane(method, path).body(body.to_string())).await
    }
}

/// Returns status and body; an error's body must be a problem that repeats the status.
async fn told(request: RequestBuilder) -> (u16, Value) {
    let response: Response = request.send().await.expect("an answer");
    let (status, media_type) = (response.status().as_u16(), header(&response, "content-type").to_owned());
    let body = json(response).await;
    if status >= 400 {
        assert_eq!(media_type, "application/problem+json", "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert!(body["type"].is_string() && body["title"].is_string(), "{body}");
    }
    (status, body)
}

#[tokio::test]
async fn a_version_is_new_once_and_known_from_then_on() {
    let bench = Bench::new().await;
    let bytes = spec("etl").to_string().into_bytes();
    let (status, first) = bench.register("etl", &bytes).await;
    assert_eq!((status, &first["created"], &first["dag_id"]), (201, &json!(true), &json!("etl")));
    let hash = first["spec_hash"].as_str().expect("a hash");
    assert_eq!(hash, leoflow::layers::Digest::of(&bytes).hex());
    assert!(hash.starts_with(first["version"].as_str().expect("a version")));
    let bench = bench.restart().await;
    let (status, again) = bench.register("etl", &bytes).await;
    assert_eq!((status, &again["created"], &again["version"]), (200, &json!(false), &first["version"]));
    let mut changed = spec("etl");
    changed["dag_version"] = json!("v2");
    let (status, second) = bench.register("etl", changed.to_string().as_bytes()).await;
    assert_eq!(status, 201);
    assert_ne!(second["version"], first["version"]);
    let (_, dag) = bench.ask(Method::GET, "/api/v2/dags/etl", Value::Null).await;
    assert_eq!(dag["version"], second["version"]);
}

#[tokio::test]
async fn the_record_holds_the_spec_as_it_came_and_only_its_owner_reads_it() {
    let bench = Bench::new().await;
    let bytes = format!("{:#}\n", spec("etl")).into_bytes();
    let (_, registration) = bench.register("etl", &bytes).await;
    let record = bench.sandbox.record("etl", registration["version"].as_str().expect("a version"));
    assert_eq!(std::fs::read(&record).expect("a file"), bytes);
    assert_eq!(record.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_spec_that_breaks_the_contract_is_refused_by_field() {
    let bench = Bench::new().await;
    let with = |field: &str, value: Value| {
        let mut spec = spec("etl");
        spec[field] = value;
        spec
    };
    for (field, spec) in [
        ("image", with("image", json!("127.0.0.1:5000/etl:v1"))),
        ("image", with("image", json!("etl@sha256:1234"))),
        ("tasks", with("tasks", json!([]))),
        ("dag_id", with("dag_id", json!("other"))),
        ("schema_version", with("schema_version", json!("2.0"))),
        ("surprise", with("surprise", json!(1))),
    ] {
        let (status, problem) = bench.register("etl", spec.to_string().as_bytes()).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{spec}");
        assert!(detail.contains(field), "{field} is not named: {detail}");
    }
    let (status, _) = bench.register("etl", b"{").await;
    assert_eq!(status, 400);
    assert_eq!(bench.ask(Method::GET, "/api/v2/dags/etl", Value::Null).await.0, 404, "nothing was kept");
}

#[tokio::test]
async fn a_run_is_started_once_and_gets_on_as_it_is_watched() {
    let bench = Bench::new().await;
    let runs = "/api/v2/dags/etl/dagRuns";
    let run = json!({ "dag_run_id": "manual__1700000000", "conf": { "day": 1 } });
    assert_eq!(bench.ask(Method::POST, runs, run.clone()).await.0, 404, "the DAG is unknown");
    bench.register("etl", spec("etl").to_string().as_bytes()).await;
    let (status, started) = bench.ask(Method::POST, runs, run.clone()).await;
    assert_eq!((status, &started["state"], &started["conf"]), (200, &json!("queued"), &json!({ "day": 1 })));
    assert_eq!(bench.ask(Method::POST, runs, run).await.0, 409);
    for state in ["running", "success", "success"] {
        let (_, run) = bench.ask(Method::GET, &format!("{runs}/manual__1700000000"), Value::Null).await;
        assert_eq!(run["state"], state);
    }
    assert_eq!(bench.ask(Method::GET, &format!("{runs}/other"), Value::Null).await.0, 404);
    for bad in [json!({ "dag_run_id": "../x" }), json!({ "conf": 1 }), json!({ "surprise": 1 }), json!([])] {
        assert_eq!(bench.ask(Method::POST, runs, bad.clone()).await.0, 400, "{bad}");
    }
    let (status, unnamed) = bench.ask(Method::POST, runs, json!({})).await;
    assert_eq!(status, 200);
    assert!(unnamed["dag_run_id"].as_str().is_some_and(|id| id.starts_with("manual__")), "{unnamed}");
}

#[tokio::test]
async fn connections_are_named_and_their_secrets_masked() {
    let bench = Bench::new().await;
    bench.register("etl", spec("etl").to_string().as_bytes()).await;
    bench.register("other", spec("other").to_string().as_bytes()).await;
    let (_, listed) = bench.ask(Method::GET, "/api/v2/connections", Value::Null).await;
    assert_eq!(listed["total_entries"], 1);
    assert_eq!(listed["connections"][0]["connection_id"], "warehouse");
    assert_eq!(listed["connections"][0]["password"], "***");
}

#[tokio::test]
async fn the_tasks_of_a_run_get_on_as_they_are_looked_at_and_the_run_ends_with_them() {
    let bench = Bench::new().await;
    let mut spec = spec("etl");
    spec["tasks"] = json!([
        { "task_id": "extract", "type": "bash", "entrypoint": "true" },
        { "task_id": "load", "type": "bash", "entrypoint": "true", "depends_on": ["extract"] },
    ]);
    bench.register("etl", spec.to_string().as_bytes()).await;
    let run = "/api/v2/dags/etl/dagRuns/r1";
    assert_eq!(bench.ask(Method::GET, &format!("{run}/taskInstances"), Value::Null).await.0, 404);
    bench.ask(Method::POST, "/api/v2/dags/etl/dagRuns", json!({ "dag_run_id": "r1" })).await;
    let mut seen = Vec::new();
    loop {
        let (_, run_now) = bench.ask(Method::GET, run, Value::Null).await;
        let (_, listed) = bench.ask(Method::GET, &format!("{run}/taskInstances"), Value::Null).await;
        let states = [&run_now["state"], &listed["task_instances"][0]["state"], &listed["task_instances"][1]["state"]];
        seen.push(states.map(|state| state.as_str().unwrap_or("-").to_owned()).join(" "));
        if run_now["state"] != "running" {
            assert_eq!(listed["total_entries"], 2);
            break;
        }
    }
    let expected = [
        "running running -",
        "running success -",
        "running success running",
        "running success success",
        "success success success",
    ];
    assert_eq!(seen, expected);
    let (_, page) = bench.ask(Method::GET, &format!("{run}/taskInstances?limit=1&offset=1"), Value::Null).await;
    assert_eq!((&page["task_instances"][0]["task_id"], &page["total_entries"]), (&json!("load"), &json!(2)));
    assert_eq!(bench.ask(Method::GET, &format!("{run}/taskInstances?limit=x"), Value::Null).await.0, 400);
}

#[tokio::test]
async fn connections_are_those_that_somebody_wrote_down() {
    let bench = Bench::new().await;
    bench.register("etl", spec("etl").to_string().as_bytes()).await;
    std::fs::write(bench.sandbox.connections(), r#"["api", "warehouse_2"]"#).expect("a file");
    let (_, listed) = bench.ask(Method::GET, "/api/v2/connections", Value::Null).await;
    let names: Vec<&Value> =
        listed["connections"].as_array().expect("a list").iter().map(|one| &one["connection_id"]).collect();
    assert_eq!(names, ["api", "warehouse_2"]);
    std::fs::write(bench.sandbox.connections(), "{").expect("a file");
    assert_eq!(bench.ask(Method::GET, "/api/v2/connections", Value::Null).await.0, 500);
}

#[tokio::test]
async fn a_login_gives_a_token_of_the_right_form() {
    let bench = Bench::new().await;
    let (status, token) =
        bench.ask(Method::POST, "/auth/token", json!({ "username": "ada", "password": "x", "tenant": "t" })).await;
    assert_eq!((status, &token["token_type"]), (200, &json!("Bearer")));
    let text = token["access_token"].as_str().expect("a token");
    let parts: Vec<&str> = text.split('.').collect();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(parts[1]).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!((parts.len(), &claims["sub"]), (3, &json!("ada")));
    assert!(claims["exp"].as_u64().is_some(), "{claims}");
    for (login, status) in [
        (json!({ "username": "ada", "password": "wrong" }), 401),
        (json!({ "username": "ada" }), 400),
        (json!({ "username": "", "password": "x" }), 400),
        (json!({ "username": "ada", "password": 1 }), 400),
        (json!({ "username": "ada", "password": "x", "tenant": 1 }), 400),
        (json!("ada"), 400),
    ] {
        assert_eq!(bench.ask(Method::POST, "/auth/token", login.clone()).await.0, status, "{login}");
    }
}

#[tokio::test]
async fn only_a_token_that_has_not_expired_opens_the_api() {
    let bench = Bench::new().await;
    let url = bench.sandbox.control_plane.join("/api/v2/connections").expect("a URL");
    let jwt = |exp: u64| format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(json!({ "exp": exp }).to_string()));
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer ".to_owned()), 401),
        (Some("Basic YTpi".to_owned()), 401),
        (Some(format!("Bearer {}", jwt(1))), 401),
        (Some(format!("Bearer {}", jwt(1 << 40))), 200),
        (Some("bearer opaque".to_owned()), 200),
        (Some(format!("Bearer {}", bench.sandbox.token.expose())), 200),
    ] {
        let mut request = bench.client.get(url.clone());
        if let Some(text) = &authorization {
            request = request.header("Authorization", text);
        }
        assert_eq!(told(request).await.0, status, "{authorization:?}");
    }
}

#[tokio::test]
async fn health_is_told_to_anybody_and_what_does_not_exist_is_a_problem() {
    let bench = Bench::new().await;
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/", 404), ("/api/v1/dags", 404), ("/auth/token", 405)]
    {
        let url = bench.sandbox.control_plane.join(path).expect("a URL");
        assert_eq!(told(bench.client.get(url)).await.0, status, "{path}");
    }
}
