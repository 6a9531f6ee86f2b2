//! A stand-in of the control plane: its API (contract section 5) over files. It runs nothing.
//!
//! It is as strict about specs as the real one, and lenient about who asks: any bearer token will do as long as it has
//! not expired, and any password but `wrong` logs in. It listens on loopback only.

mod instances;
mod page;
mod problem;
mod records;
mod token;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use self::problem::{Problem, answer};
use self::records::{NewRun, Records};
use crate::dag::{SpecError, validate_pinned_json};

pub(super) use records::{connections, record};
pub(super) use token::for_sandbox as sandbox_token;

/// The largest body that is read, in bytes; dag.json holds the whole text of dag.py.
const BODY_LIMIT: usize = 16 << 20;

/// What a login must not be tried with, so that people can see a refusal.
const WRONG_PASSWORD: &str = "wrong";

/// The stand-in's state: its files.
pub(super) struct Service {
    records: Records,
}

type Shared = State<Arc<Service>>;

impl Service {
    /// Opens the stand-in that keeps its records under `root`.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        Ok(Self { records: Records::open(root)? })
    }

    /// Returns the service that answers its requests.
    pub(super) fn router(self: Arc<Self>) -> Router {
        let authenticated = Router::new()
            .route("/api/v2/dags/{dag_id}/versions", post(register))
            .route("/api/v2/dags/{dag_id}/dagRuns", post(trigger))
            .route("/api/v2/dags/{dag_id}/dagRuns/{run_id}", get(run))
            .route("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", get(task_instances))
            .route("/api/v2/dags/{dag_id}", get(dag))
            .route("/api/v2/connections", get(list_connections))
            .route_layer(middleware::from_fn(authenticate));
        Router::new()
            .route("/auth/token", post(log_in))
            .route("/healthz", get(healthy))
            .route("/readyz", get(healthy))
            .merge(authenticated)
            .fallback(async |uri: Uri| Problem::not_found(format!("there is no endpoint {}", uri.path())))
            .method_not_allowed_fallback(async || Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not with this method"))
            .with_state(self)
    }

    /// Works on the records where waiting for the disk holds nobody up.
    async fn blocking<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&Records) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let outcome = tokio::task::spawn_blocking(move || work(&self.records)).await;
        outcome.unwrap_or_else(|error| Err(io::Error::other(error.to_string()).into()))
    }
}

async fn authenticate(request: Request, next: Next) -> Result<Response, Problem> {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        header.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match bearer.map(|(_, token)| token.trim()) {
        None | Some("") => Err(Problem::unauthorized("the request has no bearer token")),
        Some(token) if token::is_expired(token) => Err(Problem::unauthorized("the token has expired")),
        Some(_) => Ok(next.run(request).await),
    }
}

async fn healthy() -> Response {
    answer(StatusCode::OK, &json!({ "status": "ok" }))
}

async fn log_in(body: Body) -> Result<Response, Problem> {
    let login = object(body).await?;
    known(&login, &["username", "password", "tenant"])?;
    let text = |field: &str| login.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let missing = |field: &str| Problem::bad_request(format!("`{field}` must be a text that is not empty"));
    let username = text("username").ok_or_else(|| missing("username"))?;
    let password = text("password").ok_or_else(|| missing("password"))?;
    if login.get("tenant").is_some_and(|tenant| !tenant.is_null()) {
        text("tenant").ok_or_else(|| missing("tenant"))?;
    }
    if password == WRONG_PASSWORD {
        return Err(Problem::unauthorized("unknown user or wrong password"));
    }
    let issued = token::issue(username);
    let token = json!({ "access_token": issued, "token_type": "Bearer", "expires_in": token::LIFETIME });
    Ok(answer(StatusCode::OK, &token))
}

async fn register(State(service): Shared, Path(dag_id): Path<String>, body: Body) -> Result<Response, Problem> {
    let spec = bytes(body).await?;
    let (own_id, image) = validate_pinned_json(&spec).map_err(|faults| invalid_spec(&faults))?;
    if own_id != dag_id {
        let detail = format!("`dag_id`: the spec says `{own_id}`, the path says `{dag_id}`");
        return Err(Problem::bad_request(detail));
    }
    let (record, created) =
        service.blocking(move |records| Ok(records.register(&own_id, &image.to_string(), &spec)?)).await?;
    let registration = json!({
        "dag_id": record["dag_id"], "version": record["version"], "spec_hash": record["spec_hash"], "created": created,
    });
    Ok(answer(if created { StatusCode::CREATED } else { StatusCode::OK }, &registration))
}

fn invalid_spec(faults: &[SpecError]) -> Problem {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Problem::bad_request(faults.join("; "))
}

async fn trigger(State(service): Shared, Path(dag_id): Path<String>, body: Body) -> Result<Response, Problem> {
    let run = new_run(&object(body).await?)?;
    let run = service.blocking(move |records| records.trigger(&dag_id, run)).await?;
    Ok(answer(StatusCode::OK, &run))
}

fn new_run(request: &Map<String, Value>) -> Result<NewRun, Problem> {
    known(request, &["dag_run_id", "logical_date", "conf", "note"])?;
    let field = |name: &str, fits: fn(&Value) -> bool| match request.get(name) {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(value) if fits(value) => Ok(value.clone()),
        Some(_) => Err(Problem::bad_request(format!("`{name}` has the wrong type"))),
    };
    let dag_run_id = match field("dag_run_id", Value::is_string)?.as_str() {
        Some(id) if records::is_run_id(id) => id.to_owned(),
        Some(_) => return Err(Problem::bad_request("`dag_run_id` may hold letters, digits and `_.:+~-`".to_owned())),
        None => format!("manual__{}", token::now()),
    };
    Ok(NewRun {
        dag_run_id,
        logical_date: field("logical_date", Value::is_string)?,
        conf: field("conf", Value::is_object)?,
        note: field("note", Value::is_string)?,
    })
}

async fn run(State(service): Shared, Path((dag_id, run_id)): Path<(String, String)>) -> Result<Response, Problem> {
    let run = service.blocking(move |records| records.poll(&dag_id, &run_id)).await?;
    Ok(answer(StatusCode::OK, &run))
}

async fn task_instances(
    State(service): Shared,
    Path((dag_id, run_id)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let tasks = service.blocking(move |records| records.poll_tasks(&dag_id, &run_id, token::now())).await?;
    page::of("task_instances", tasks, &uri)
}

async fn dag(State(service): Shared, Path(dag_id): Path<String>) -> Result<Response, Problem> {
    let dag = service.blocking(move |records| records.dag(&dag_id)).await?;
    Ok(answer(StatusCode::OK, &dag))
}

async fn list_connections(State(service): Shared, uri: Uri) -> Result<Response, Problem> {
    let names = service.blocking(|records| Ok(records.connections()?)).await?;
    let masked = |name: &String| json!({ "connection_id": name, "conn_type": "generic", "password": "***" });
    page::of("connections", names.iter().map(masked).collect(), &uri)
}

async fn bytes(body: Body) -> Result<Vec<u8>, Problem> {
    let bytes = body::to_bytes(body, BODY_LIMIT).await;
    let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {BODY_LIMIT} bytes"));
    bytes.map(|bytes| bytes.to_vec()).map_err(|_| too_large())
}

async fn object(body: Body) -> Result<Map<String, Value>, Problem> {
    let bytes = bytes(body).await?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::bad_request(format!("the body is no JSON object: {error}")))
}

fn known(request: &Map<String, Value>, fields: &[&str]) -> Result<(), Problem> {
    match request.keys().find(|key| !fields.contains(&key.as_str())) {
        Some(key) => Err(Problem::bad_request(format!("`{key}` is not a field; known are {}", fields.join(", ")))),
        None => Ok(()),
    }
}
