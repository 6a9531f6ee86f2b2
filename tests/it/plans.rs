//! `deploy --dry-run` and `diff`: what would change, and what would move; and what is not done because nothing changed.

mod diffs;
mod dry_run;
mod obstacles;
mod unchanged;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran, SandboxProcess};

/// A project, and servers that write down what they are asked.
struct Bench {
    home: Home,
    registry: Proxy,
    control_plane: Proxy,
    base: String,
    /// Whether the servers follow their rules yet.
    ruled: Arc<AtomicBool>,
    _sandbox: SandboxProcess,
}

impl Bench {
    fn new() -> Self {
        Self::with_rules(|_| None, |_| None)
    }

    /// Servers that, from the first deploy on, answer by a rule where it has an answer.
    fn with_rules(
        registry: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
        control_plane: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let home = Home::new();
        home.project("etl_sales");
        let (sandbox, ruled) = (SandboxProcess::start(&home), Arc::<AtomicBool>::default());
        let (of_registry, of_control_plane) = (Arc::clone(&ruled), Arc::clone(&ruled));
        let on = |ruled: &AtomicBool| ruled.load(Ordering::SeqCst);
        let registry =
            Proxy::with_rule(&sandbox.registry, move |seen| on(&of_registry).then(|| registry(seen)).flatten());
        let control_plane = Proxy::with_rule(&sandbox.control_plane, move |seen| {
            on(&of_control_plane).then(|| control_plane(seen)).flatten()
        });
        let base = sandbox.base.replace(&sandbox.registry, &registry.address);
        Self { home, registry, control_plane, base, ruled, _sandbox: sandbox }
    }

    fn deploy(&self, arguments: &[&str]) -> Ran {
        self.deploy_to(&self.control_plane.url(), arguments)
    }

    fn deploy_to(&self, server: &str, arguments: &[&str]) -> Ran {
        let servers = ["--server", server, "--token", "t", "--registry", &self.registry.address, "--base", &self.base];
        self.home.run(&[&["deploy", "etl_sales"][..], &servers[..], arguments].concat())
    }

    /// Deploys, and has the rules hold from then on.
    fn deploy_first(&self) -> serde_json::Value {
        let ran = self.deploy(&["--output", "json"]).exits(0);
        self.registry.take();
        self.control_plane.take();
        self.ruled.store(true, Ordering::SeqCst);
        ran.json()
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.home.path().join("etl_sales").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// A text without what is another each time: addresses, and digests that change with every version of this program.
    fn steady(&self, text: &str) -> String {
        let text = text.replace(&self.control_plane.url(), "https://server.test");
        steady(&text.replace(&self.registry.address, "registry.test"))
    }
}

/// Covers hexadecimal words of the length of digests and of the stand-in's versions.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let covered = match digits.len() {
            7 | 12 | 64 if digits.bytes().all(|b| b.is_ascii_hexdigit()) => "0".repeat(digits.len().min(12)),
            _ => digits.to_owned(),
        };
        steady.push_str(&(covered + &word[digits.len()..]));
    }
    steady
}

/// Fails where a line is wider than a terminal; a pinned reference may be.
#[track_caller]
fn fits(text: &str) {
    let wide = text.lines().find(|line| line.chars().count() > 80 && !line.starts_with("  image "));
    assert_eq!(wide, None);
}

/// The methods of requests, in their order.
fn methods(requests: &[Seen]) -> Vec<&str> {
    requests.iter().map(|seen| &*seen.method).collect()
}

fn answer(status: u16, body: impl Into<String>) -> Option<Answer> {
    Some((status, vec![("content-type", "application/json".to_owned())], body.into()))
}
