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
async fn what_a_killed_process_left_unfinished_is_thrown_away() {
    let bench = Bench::new().await;
    let unfinished = ["sandbox.json.new", "control-plane/_temporary/record", "registry/_temporary/upload"];
    for path in unfinished {
        std::fs::write(bench.directory.path().join(path), "half of it").expect("a file");
    }
    let bench = bench.restart().await;
    for path in unfinished {
        assert!(!bench.directory.path().join(path).exists(), "{path}");
    }
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

/// Changes only when the demo base does, or the compressor: both are decisions for the changelog.
const DEMO_BASE: &str = "sha256:653513de74d54adf4bda3cc1f36e7802cafb2579989cc66b8fbdb494d26c4657";

#[tokio::test]
async fn the_demo_base_is_the_same_bytes_everywhere() {
    let bench = Bench::new().await;
    for tag in ["py3.10", "py3.11", "py3.12", "py3.13"] {
        let path = format!("/v2/leoflow/demo-base/manifests/{tag}");
        let response = bench.registry(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(header(&response, "docker-content-digest"), DEMO_BASE, "{tag}");
    }
}

#[tokio::test]
async fn the_demo_base_is_an_image_for_each_platform_and_says_that_it_runs_nothing() {
    let bench = Bench::new().await;
    let at = async |kind: &str, reference: &str| {
        let path = format!("/v2/leoflow/demo-base/{kind}/{reference}");
        json(bench.registry(Method::GET, &path).send().await.expect("an answer")).await
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let index = at("manifests", "py3.11").await;
    for (number, architecture) in ["amd64", "arm64"].into_iter().enumerate() {
        let entry = &index["manifests"][number];
        assert_eq!(entry["platform"]["architecture"], architecture);
        let manifest = at("manifests", &text(&entry["digest"])).await;
        let config = at("blobs", &text(&manifest["config"]["digest"])).await;
        assert_eq!(config["architecture"], architecture);
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["config"]["Entrypoint"][0], "/usr/local/bin/leoflow-agent");
        assert_eq!(config["config"]["WorkingDir"], "/home/leoflow");
        assert!(text(&config["config"]["Labels"]["org.opencontainers.image.description"]).contains("runs nothing"));
        let layer = format!("/v2/leoflow/demo-base/blobs/{}", text(&manifest["layers"][0]["digest"]));
        let layer = bench.registry(Method::HEAD, &layer).send().await.expect("an answer");
        assert_eq!(header(&layer, "content-length"), manifest["layers"][0]["size"].to_string());
    }
}
