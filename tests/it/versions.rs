//! `history`, `rollback`, `promote`: spec and image as one pair, and the local record that they live on.

mod history;
mod promote;
mod record;
mod rollback;

use serde_json::Value;

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran, SandboxProcess};

/// A control plane and a registry that write down what they are asked, and answer some of it by a rule.
struct Site {
    control_plane: Proxy,
    registry: Proxy,
    base: String,
    _sandbox: SandboxProcess,
}

impl Site {
    fn start(home: &Home) -> Self {
        Self::with_rules(home, |_| None, |_| None)
    }

    fn with_rules(
        home: &Home,
        control_plane: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
        registry: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let sandbox = SandboxProcess::start(home);
        let control_plane = Proxy::with_rule(&sandbox.control_plane, control_plane);
        let registry = Proxy::with_rule(&sandbox.registry, registry);
        let base = sandbox.base.replace(&sandbox.registry, &registry.address);
        Self { control_plane, registry, base, _sandbox: sandbox }
    }

    fn url(&self) -> String {
        self.control_plane.url()
    }

    /// Forgets what was asked.
    fn forget(&self) {
        self.control_plane.take();
        self.registry.take();
    }

    /// Deploys a version of the project to this site, and forgets what was asked.
    fn deploy(&self, home: &Home, dag_version: &str, arguments: &[&str]) -> Value {
        let server = self.url();
        let to = ["--server", &server, "--token", "t", "--registry", &self.registry.address, "--base", &self.base];
        let fixed = ["deploy", "etl_sales", "--dag-version", dag_version, "--output", "json"];
        let ran = home.run(&[&fixed[..], &to, arguments].concat()).exits(0);
        self.forget();
        ran.json()
    }

    fn live(&self) -> String {
        let version = get(&format!("{}/api/v2/dags/etl_sales", self._sandbox.control_plane))["version"].clone();
        version.as_str().unwrap_or_default().to_owned()
    }
}

/// Asks a server directly.
fn get(url: &str) -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).header("authorization", "Bearer t").send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    })
}

/// A home with the project.
fn home() -> Home {
    let home = Home::new();
    home.project("etl_sales");
    home
}

/// Runs a command against a site.
fn run(home: &Home, site: &Site, arguments: &[&str]) -> Ran {
    home.run(&[arguments, &["--server", &site.url(), "--token", "t"]].concat())
}

fn text<'a>(json: &'a Value, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {json:#}"))
}

/// `POST /api/v2/dags/etl_sales/versions` and its like.
fn lines(requests: &[Seen]) -> Vec<String> {
    requests.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
}

fn answer(status: u16, body: impl Into<String>) -> Option<Answer> {
    Some((status, vec![("content-type", "application/json".to_owned())], body.into()))
}
