//! From one control plane to another: the pair stays a pair, and each server sees only its own token.

use std::fs;

use serde_json::Value;

use super::{Seen, Site, answer, home, lines, text};
use crate::support::{Home, Ran};

const REGISTER: &str = "POST /api/v2/dags/etl_sales/versions";
const TOKENS: [(&str, &str); 2] = [("A", "token-of-a"), ("B", "token-of-b")];

/// Two sites, and a home that deployed to the first.
struct Bench {
    home: Home,
    _other: Home,
    from: Site,
    to: Site,
    deployed: Value,
}

impl Bench {
    fn new() -> Self {
        Self::with_rules(|_| None, |_| None)
    }

    /// Where it goes, some is answered by rules.
    fn with_rules(
        control_plane: impl Fn(&Seen) -> Option<super::Answer> + Send + Sync + 'static,
        registry: impl Fn(&Seen) -> Option<super::Answer> + Send + Sync + 'static,
    ) -> Self {
        let (home, other) = (home(), Home::new());
        let from = Site::start(&home);
        let to = Site::with_rules(&other, control_plane, registry);
        let platforms = ["--platform", "linux/amd64,linux/arm64", "--spec-out", "dag.json"];
        let deployed = from.deploy(&home, "v1", &platforms);
        Self { home, _other: other, from, to, deployed }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.home.leoflow();
        command.arg("promote").args(arguments).envs(TOKENS);
        Ran::of(command.output().unwrap())
    }

    /// Promotes the live version to the other site and its registry.
    fn promote(&self, arguments: &[&str]) -> Ran {
        let (from, to) = (self.from.url(), self.to.url());
        let ends = ["etl_sales", "--from", &from, "--to", &to, "--from-token-env", "A", "--to-token-env", "B"];
        self.run(&[&ends[..], arguments].concat())
    }

    fn copy(&self) -> Ran {
        self.promote(&["--registry", &format!("{}/prod", self.to.registry.address), "--output", "json"])
    }

    fn nothing_was_registered(&self) {
        assert!(!lines(&self.to.control_plane.take()).contains(&REGISTER.to_owned()));
    }
}

#[test]
fn spec_and_image_go_together_and_only_the_repository_changes() {
    let bench = Bench::new();
    let json = bench.copy().exits(0).json();
    let (source, image) = (text(&bench.deployed, "image"), text(&json, "image"));
    let name = format!("{}/prod/etl_sales@", bench.to.registry.address);
    assert!(image.starts_with(&name) && image.ends_with(text(&bench.deployed, "digest")), "{image}");
    assert_eq!((&json["schema"], &json["copied"]), (&"leoflow.promote/v1".into(), &true.into()));
    let version = bench.to.live();
    assert_eq!(text(&json, "version"), version);
    let registered = bench._other.path().join(".local/share/leoflow/sandbox/control-plane/dags/etl_sales/versions");
    let registered = fs::read_to_string(registered.join(format!("{version}.json"))).unwrap();
    let deployed = fs::read_to_string(bench.home.path().join("dag.json")).unwrap();
    assert_eq!(registered, deployed.replacen(source, image, 1));
    let manifests = lines(&bench.to.registry.take());
    let puts = manifests.iter().filter(|line| line.starts_with("PUT /v2/prod/etl_sales/manifests/"));
    assert_eq!(puts.count(), 3, "two platforms and their index: {manifests:#?}");
    let again = bench.copy().exits(0).json();
    assert_eq!((&again["unchanged"], &again["uploaded_bytes"]), (&true.into(), &0.into()));
}

#[test]
fn each_server_sees_its_own_token_and_the_first_is_only_asked() {
    let bench = Bench::new();
    bench.copy().exits(0);
    let asked = bench.from.control_plane.take();
    assert_eq!(lines(&asked), ["GET /api/v2/dags/etl_sales"]);
    assert!(asked.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer token-of-a")));
    let told = bench.to.control_plane.take();
    assert!(!told.is_empty());
    assert!(told.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer token-of-b")));
}

#[test]
fn without_another_registry_the_image_stays_where_it_is() {
    let bench = Bench::new();
    let ran = bench.promote(&[]).exits(0);
    let url = bench.to.url();
    assert!(
        ran.stdout.starts_with(&format!("Promoted etl_sales -> {url}\n  from {}\n", bench.from.url())),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains(&format!("  image {}\n", text(&bench.deployed, "image"))), "{}", ran.stdout);
    assert!(bench.to.registry.take().is_empty());
    assert_eq!(bench.to.live(), text(&bench.deployed, "version"));
    let history = bench.home.run(&["history", "etl_sales", "--server", &url, "--output", "json"]).exits(0).json();
    assert_eq!(history["entries"][0]["by"], "promote");
}

#[test]
fn a_version_that_is_named_needs_no_token_for_the_first_server() {
    let bench = Bench::new();
    bench.from.deploy(&bench.home, "v2", &[]);
    let (from, to) = (bench.from.url(), bench.to.url());
    let ends = ["etl_sales", "--from", &from, "--to", &to, "--to-token-env", "B"];
    bench.run(&ends).exits(2).says(&["there is no token for", "--from-token-env"]);
    let json = bench.run(&[&ends[..], &["--version", "v1", "--output", "json"]].concat()).exits(0).json();
    assert_eq!(json["dag_version"], "v1");
    assert!(bench.from.control_plane.take().is_empty());
}

#[test]
fn a_file_says_all_by_itself() {
    let bench = Bench::new();
    let to = bench.to.url();
    let registry = format!("{}/prod", bench.to.registry.address);
    let file = ["dag.json", "--to", &to, "--to-token-env", "B", "--registry", &registry];
    let ran = bench.run(&file).exits(0);
    assert!(ran.stdout.contains("copied from") && ran.stdout.contains("version "), "{}", ran.stdout);
    assert!(bench.from.control_plane.take().is_empty());
    let from = bench.from.url();
    bench.run(&[&file[..], &["--from", &from]].concat()).exits(2).says(&["is a file", "leave --from out"]);
    let unpinned = fs::read_to_string(bench.home.path().join("dag.json")).unwrap().replace("@sha256:", ":");
    bench.home.write("tag.json", &unpinned);
    bench.run(&["tag.json", "--to", &to]).exits(2).says(&["is not pinned to a digest"]);
}

#[test]
fn targets_bring_their_registry_and_their_tokens() {
    let bench = Bench::new();
    let settings = format!(
        "targets:\n  staging:\n    server: {}\n    token: token-of-a\n  prod:\n    server: {}\n    registry: {}/prod\n    \
         token: token-of-b\n",
        bench.from.url(),
        bench.to.url(),
        bench.to.registry.address
    );
    let file = bench.home.write(".leoflow/config.yaml", &settings);
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let json = bench.run(&["etl_sales", "--from", "staging", "--to", "prod", "--output", "json"]).exits(0).json();
    assert!(text(&json, "image").starts_with(&format!("{}/prod/etl_sales@", bench.to.registry.address)));
    for (site, token) in [(&bench.from, "Bearer token-of-a"), (&bench.to, "Bearer token-of-b")] {
        let seen = site.control_plane.take();
        assert!(seen.iter().all(|seen| seen.authorization.as_deref() == Some(token)), "{seen:?}");
    }
    bench.run(&["etl_sales", "--from", "stagin", "--to", "prod"]).exits(2).says(&["no target `stagin`", "`staging`"]);
}

#[test]
fn a_token_that_does_not_say_whose_it_is_goes_nowhere() {
    let bench = Bench::new();
    let (from, to) = (bench.from.url(), bench.to.url());
    bench.home.write(".leoflow/config.yaml", &format!("server_url: {from}\ntoken: token-of-a\n"));
    let mut command = bench.home.leoflow();
    command.args(["promote", "etl_sales", "--from", &from, "--to", &to]).env("LEOFLOW_TOKEN", "whose");
    let says = ["there is no token for", "add --to-token-env LEOFLOW_TOKEN if it is for this one"];
    Ran::of(command.output().unwrap()).exits(2).says(&says);
    assert!(bench.to.control_plane.take().is_empty());
    let seen = bench.from.control_plane.take();
    assert!(seen.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer token-of-a")), "{seen:?}");
    bench.promote(&["--to-token-env", "C"]).exits(2);
    bench.run(&["dag.json", "--to", &to, "--to-token-env", "C"]).exits(2).says(&["`C`, which --to-token-env names"]);
}

/// What goes wrong where it goes; the exit code, what is said, and whether anything was pushed before.
#[test]
fn what_cannot_be_done_is_known_before_anything_is_written() {
    type Answers = fn(&Seen) -> Option<super::Answer>;
    let nobody: Answers = |_| None;
    let refuses_token: Answers = |_| answer(401, r#"{"title":"Unauthorized"}"#);
    let refuses_uploads: Answers = |seen| answer(403, "{}").filter(|_| seen.method == "POST");
    for (control_plane, registry, code, says) in
        [(refuses_token, nobody, 7, "401"), (nobody, refuses_uploads, 6, "403")]
    {
        let bench = Bench::with_rules(control_plane, registry);
        bench.copy().exits(code).says(&[says]);
        assert!(!lines(&bench.to.registry.take()).iter().any(|line| line.starts_with("PUT")), "{says}");
        bench.nothing_was_registered();
    }
}

#[test]
fn a_server_that_refuses_after_the_copy_leaves_a_pushed_image_and_says_so() {
    let refuses = |seen: &Seen| answer(403, r#"{"title":"Forbidden"}"#).filter(|_| seen.method == "POST");
    let bench = Bench::with_rules(refuses, |_| None);
    bench.copy().exits(8).says(&["copied, not registered", "/prod/etl_sales@sha256:", "403"]);
    let to = bench.to.url();
    let history = bench.home.run(&["history", "etl_sales", "--server", &to, "--output", "json"]).exits(0).json();
    assert_eq!(history["entries"], serde_json::json!([]));
}

#[test]
fn an_image_that_is_gone_is_told() {
    let bench = Bench::new();
    let spec = fs::read_to_string(bench.home.path().join("dag.json")).unwrap();
    let digest = text(&bench.deployed, "digest");
    bench.home.write("gone.json", &spec.replace(digest, &format!("sha256:{}", "0".repeat(64))));
    let to = bench.to.url();
    bench.run(&["gone.json", "--to", &to, "--to-token-env", "B"]).exits(6).says(&["the image is gone"]);
    bench.nothing_was_registered();
}

#[test]
fn what_makes_no_sense_is_refused_with_the_way_out() {
    let bench = Bench::new();
    let (from, to) = (bench.from.url(), bench.to.url());
    for (arguments, says) in [
        (&["etl_sales", "--from", &from, "--to", &from][..], &["are both", "leoflow rollback"][..]),
        (&["etl_sales", "--to", &to], &["--from SERVER"]),
        (&["other", "--from", &from, "--to", &to], &["no deploy of `other`", "--spec-out"]),
        (&["none.json", "--to", &to], &["cannot read `none.json`", "--spec-out"]),
        (&["dag.json", "--to", "https://u:sesame@x"], &["the server URL from --to holds a user or password"]),
        (&["dag.json", "--to", "https://leoflow.invalid"], &["on this machine", "--registry HOST/PATH"]),
    ] {
        let ran = bench.run(arguments).exits(2).says(says);
        assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
    }
    bench.nothing_was_registered();
}
