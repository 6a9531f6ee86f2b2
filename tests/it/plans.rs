//! `deploy --dry-run` and `diff`: what would change, and what would move; and what is not done because nothing changed.

mod unchanged;

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran, SandboxProcess};

/// A project, and servers that write down what they are asked.
struct Bench {
    home: Home,
    registry: Proxy,
    control_plane: Proxy,
    base: String,
    sandbox: SandboxProcess,
}

impl Bench {
    fn new() -> Self {
        Self::with_rules(|_| None, |_| None)
    }

    /// Servers that answer by a rule where it has an answer.
    fn with_rules(
        registry: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
        control_plane: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let home = Home::new();
        home.project("etl_sales");
        let sandbox = SandboxProcess::start(&home);
        let registry = Proxy::with_rule(&sandbox.registry, registry);
        let control_plane = Proxy::with_rule(&sandbox.control_plane, control_plane);
        let base = sandbox.base.replace(&sandbox.registry, &registry.address);
        Self { home, registry, control_plane, base, sandbox }
    }

    fn deploy(&self, arguments: &[&str]) -> Ran {
        let server = self.control_plane.url();
        let servers = ["--server", &server, "--token", "t", "--registry", &self.registry.address, "--base", &self.base];
        self.home.run(&[&["deploy", "etl_sales"][..], &servers[..], arguments].concat())
    }

    /// Deploys straight to the sandbox, past the rules.
    fn deploy_first(&self) -> serde_json::Value {
        let ran = self.deploy(&["--output", "json"]).exits(0);
        self.registry.take();
        self.control_plane.take();
        ran.json()
    }

    fn edit(&self, file: &str, edit: impl Fn(&str) -> String) {
        let path = self.home.path().join("etl_sales").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, edit(&text)).unwrap();
    }
}

/// The methods of requests, in their order.
fn methods(requests: &[Seen]) -> Vec<&str> {
    requests.iter().map(|seen| &*seen.method).collect()
}

fn answer(status: u16, body: impl Into<String>) -> Option<Answer> {
    Some((status, vec![("content-type", "application/json".to_owned())], body.into()))
}
