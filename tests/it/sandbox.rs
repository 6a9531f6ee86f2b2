//! The sandbox from outside: real HTTP against the in-process servers.

pub(crate) mod control_plane;
mod registry;

use leoflow::sandbox::Sandbox;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// A sandbox of one test and a client that follows nothing.
struct Bench {
    sandbox: Sandbox,
    client: Client,
    directory: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let sandbox = Sandbox::start(directory.path()).await.expect("a sandbox");
        Self { sandbox, client: client(), directory }
    }

    /// Stops the sandbox and starts it again on its directory.
    async fn restart(self) -> Self {
        self.sandbox.stop().await;
        let sandbox = Sandbox::start(self.directory.path()).await.expect("a sandbox");
        Self { sandbox, client: client(), directory: self.directory }
    }

    fn registry(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.sandbox.registry))
    }
}

fn client() -> Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}

#[tokio::test]
async fn ports_and_content_outlive_a_restart() {
    let bench = Bench::new().await;
    let (registry, control_plane) = (bench.sandbox.registry.clone(), bench.sandbox.control_plane.clone());
    assert!(bench.sandbox.is_owner());
    let bench = bench.restart().await;
    assert_eq!(bench.sandbox.registry, registry);
    assert_eq!(bench.sandbox.control_plane, control_plane);
    let manifest =
        bench.registry(Method::GET, "/v2/leoflow/demo-base/manifests/py3.11").send().await.expect("an answer");
    assert_eq!(manifest.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_second_sandbox_on_one_directory_is_a_guest_that_the_owner_waits_for() {
    let bench = Bench::new().await;
    let guest = Sandbox::start(bench.directory.path()).await.expect("a guest");
    assert!(!guest.is_owner());
    assert_eq!(guest.registry, bench.sandbox.registry);
    let base = format!("http://{}/v2/", guest.registry);
    let client = client();
    let owner = tokio::spawn(bench.sandbox.stop());
    assert_eq!(client.get(&base).send().await.map(|answer| answer.status()).ok(), Some(StatusCode::OK));
    drop(guest);
    owner.await.expect("the owner stops");
    assert!(client.get(&base).send().await.is_err(), "the servers are gone");
}

#[tokio::test]
async fn what_a_killed_process_left_behind_is_swept_at_the_start() {
    let directory = TempDir::new().expect("a temporary directory");
    let left = directory.path().join("registry/_temporary/left");
    std::fs::create_dir_all(left.parent().expect("a parent")).expect("directories");
    std::fs::write(&left, "half a blob").expect("a file");
    let _sandbox = Sandbox::start(directory.path()).await.expect("a sandbox");
    assert!(!left.exists());
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let directory = TempDir::new().expect("a temporary directory");
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let error = Sandbox::start(&file).await.map(drop).expect_err("a file is no directory");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}
