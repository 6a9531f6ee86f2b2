//! Named targets, and where each setting comes from.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::{Home, Ran, SandboxProcess};

const SETTINGS: &str = ".leoflow/config.yaml";

/// Two targets at addresses where nobody listens, each with a token of its own.
const TWO: &str = "\
# mine
server_url: http://127.0.0.1:1
token: top-sesame
targets:
  prod: # the real one
    server: http://127.0.0.1:2
    registry: r.prod.example/team
    token: prod-sesame
  staging:
    server: http://127.0.0.1:3
last: 1
";

fn settings(home: &Home) -> String {
    fs::read_to_string(home.path().join(SETTINGS)).unwrap()
}

/// Runs the program with variables.
fn run(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    Ran::of(home.leoflow().args(arguments).envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn targets_are_added_changed_used_and_removed_and_the_rest_of_the_file_stays() {
    let home = Home::new();
    let before = "# mine\nproxy:\n  url: http://proxy # kept\n\nlast: 1 # the end";
    let file = home.write(SETTINGS, before);
    let add = ["target", "add", "prod", "--server", "https://leoflow.example.com", "--use"];
    home.run(&add).exits(0);
    home.run(&["target", "add", "prod", "--registry", "r.example.com/team"]).exits(0);
    let mirrors = ["--mirror", "docker.io=https://m.example.com/hub", "--mirror", "docker.io=http://n:5000"];
    home.run(&[&["target", "add", "prod"], &mirrors[..]].concat()).exits(0);
    home.run(&["target", "add", "dev", "--server", "http://localhost:8080"]).exits(0);
    let expected = format!(
        "{before}\ntargets:\n  prod:\n    server: \"https://leoflow.example.com\"\n    registry: \"r.example.com/team\"\n    \
         mirrors:\n      docker.io: [\"m.example.com/hub\",\"http://n:5000\"]\n  dev:\n    \
         server: \"http://localhost:8080\"\ncurrent_target: \"prod\"\n"
    );
    assert_eq!(settings(&home), expected);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    home.run(&["target", "use", "dev"]).exits(0);
    assert_eq!(settings(&home), expected.replace("current_target: \"prod\"", "current_target: \"dev\""));
    home.run(&["target", "remove", "dev"]).exits(0);
    home.run(&["target", "remove", "prod"]).exits(0);
    assert_eq!(settings(&home), format!("{before}\n"));
}

#[test]
fn targets_are_listed_without_their_tokens() {
    let home = Home::new();
    let none = home.run(&["target", "list"]).exits(0);
    assert!(none.stdout.contains("leoflow target add NAME"), "{}", none.stdout);
    home.write(SETTINGS, &format!("{TWO}current_target: prod\n"));
    let ran = home.run(&["target", "list"]).exits(0);
    let expected = "\
* prod     http://127.0.0.1:2
           registry  r.prod.example/team
           token     kept
  staging  http://127.0.0.1:3
           token     none
";
    assert_eq!(ran.stdout, expected);
    let json = home.run(&["target", "list", "--output", "json"]).exits(0).json();
    assert_eq!((&json["schema"], &json["current"]), (&"leoflow.target-list/v1".into(), &"prod".into()));
    assert_eq!((&json["targets"][0]["has_token"], &json["targets"][1]["has_token"]), (&true.into(), &false.into()));
    assert!(!json.to_string().contains("sesame"));
}

#[test]
fn a_server_is_said_by_flag_then_variable_then_target() {
    let home = Home::new();
    home.write(SETTINGS, TWO);
    let current = |name: &str| home.write(SETTINGS, &format!("{TWO}current_target: {name}\n"));
    let server = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["auth", "status", "--token", "t"], arguments].concat();
        run(&home, &arguments, variables).exits(0).stdout.lines().next().unwrap_or_default().to_owned()
    };
    let of = |port: u16, source: &str| format!("server  http://127.0.0.1:{port} (from {source})");
    let url = ("LEOFLOW_SERVER_URL", "http://127.0.0.1:8");
    assert_eq!(server(&[], &[]), of(1, "~/.leoflow/config.yaml"));
    current("staging");
    assert_eq!(server(&[], &[]), of(3, "target `staging`"));
    assert_eq!(server(&[], &[("LEOFLOW_TARGET", "prod")]), of(2, "target `prod`"));
    assert_eq!(server(&[], &[("LEOFLOW_TARGET", "prod"), url]), of(8, "LEOFLOW_SERVER_URL"));
    assert_eq!(server(&[], &[url]), of(8, "LEOFLOW_SERVER_URL"));
    assert_eq!(server(&["--target", "prod"], &[url, ("LEOFLOW_TARGET", "staging")]), of(2, "target `prod`"));
    assert_eq!(server(&["--target", "prod", "--server", "http://127.0.0.1:9"], &[url]), of(9, "--server"));
}

#[test]
fn a_token_is_sent_to_no_server_but_its_own() {
    let home = Home::new();
    home.write(SETTINGS, TWO);
    let token = |arguments: &[&str]| {
        let ran = home.run(&[&["auth", "status"], arguments].concat()).exits(0);
        ran.stdout.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert!(token(&[]).starts_with("token   from ~/.leoflow/config.yaml"));
    assert!(token(&["--target", "prod"]).starts_with("token   from target `prod`"));
    // The target counts for the server, and so does not have the last word on the token.
    assert!(token(&["--target", "prod", "--server", "http://127.0.0.1:1"]).contains("from ~/.leoflow/config.yaml"));
    let says = |arguments: &[&str], texts: &[&str]| {
        let ran = home.run(&[&["auth", "status"], arguments].concat()).exits(2).says(texts);
        assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
    };
    let refused = "is for http://127.0.0.1:1 and is not sent to http://127.0.0.1:3";
    says(&["--target", "staging"], &[refused, "leoflow auth login --target staging"]);
    says(&["--server", "http://127.0.0.1:2"], &["target `prod` has a token for it", "--target prod"]);
    says(
        &["--target", "prod", "--server", "http://127.0.0.1:9"],
        &["the token of target `prod` is for http://127.0.0.1:2 and is not sent to http://127.0.0.1:9"],
    );
}

#[test]
fn a_target_whose_server_changes_loses_its_token() {
    let home = Home::new();
    home.write(SETTINGS, TWO);
    home.run(&["target", "add", "prod", "--server", "http://127.0.0.1:2/path"]).exits(0);
    assert!(settings(&home).contains("prod-sesame"), "the same server as before");
    home.run(&["target", "add", "prod", "--server", "http://127.0.0.1:4"]).exits(0).says(&["login --target prod"]);
    let expected = TWO.replace("http://127.0.0.1:2", "\"http://127.0.0.1:4\"").replace("    token: prod-sesame\n", "");
    assert_eq!(settings(&home), expected);
}

#[test]
fn names_and_places_that_mean_nothing_are_refused() {
    let home = Home::new();
    home.write(SETTINGS, TWO);
    for (arguments, says) in [
        (&["auth", "status", "--target", "prd"][..], &["no target `prd`", "did you mean `prod`?"][..]),
        (&["target", "use", "nothing"], &["no target `nothing`", "there are: prod, staging"]),
        (&["target", "remove", "stagin"], &["did you mean `staging`?"]),
        (&["target", "add", "a b", "--server", "https://a"], &["`a b` is no name", "letters, digits"]),
        (&["target", "add", "new"], &["`new` is new and has no server", "target add new --server"]),
        (&["target", "add", "p", "--server", "https://u:sesame@h"], &["the URL of --server holds a user or password"]),
        (&["target", "add", "prod", "--registry", "u:sesame@h/x"], &["what --registry names is not a"]),
        (&["target", "add", "prod", "--mirror", "docker.io"], &["is no HOST=URL"]),
        (&["target", "add", "prod", "--mirror", "docker.io=https://u:sesame@h"], &["what --mirror names is not a"]),
        (&["target", "use"], &["required"]),
    ] {
        let ran = home.run(arguments).exits(2).says(says);
        assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
    }
    assert_eq!(settings(&home), TWO, "nothing was changed");
    run(&home, &["auth", "status"], &[("LEOFLOW_TARGET", "x")])
        .exits(2)
        .says(&["no target `x` (named by LEOFLOW_TARGET)"]);
    home.write(SETTINGS, "targets:\n  prod:\n    sever: https://a\n");
    home.run(&["version"]).exits(2).says(&["unknown key `targets.prod.sever`", "did you mean `server`?"]);
}

#[test]
fn a_file_that_cannot_be_changed_by_lines_stays_as_it_is() {
    let home = Home::new();
    for text in ["targets: {prod: {server: \"https://a\"}}\n", "{server_url: \"https://a\", targets: {}}\n"] {
        let file = home.write(SETTINGS, text);
        home.run(&["target", "add", "dev", "--server", "https://b"]).exits(2).says(&["nothing was changed"]);
        assert_eq!(fs::read_to_string(file).unwrap(), text);
    }
}

fn login(home: &Home, arguments: &[&str]) -> Ran {
    let mut command = home.leoflow();
    command.args(["auth", "login", "--username", "ada", "--password-stdin"]).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "pw").unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn a_login_is_kept_with_the_target_that_it_is_for() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let before =
        format!("targets:\n  prod:\n    server: {}\n  other:\n    server: http://127.0.0.1:1\n", sandbox.control_plane);
    home.write(SETTINGS, &before);
    let ran = login(&home, &["--target", "prod"]).exits(0);
    assert!(ran.stdout.contains("(target `prod`)"), "{}", ran.stdout);
    let kept = settings(&home);
    let token = kept.lines().nth(3).unwrap().trim_start().strip_prefix("token: \"").unwrap().trim_end_matches('"');
    assert_eq!(kept, before.replace("  other:", &format!("    token: \"{token}\"\n  other:")));
    assert_eq!(token.split('.').count(), 3, "a JWT");
    home.run(&["auth", "status", "--target", "prod"]).exits(0);
    login(&home, &["--target", "other", "--server", &sandbox.control_plane]).exits(2).says(&["leave out --server"]);
    let ran = home.run(&["auth", "logout", "--target", "other"]).exits(0);
    assert!(ran.stdout.starts_with("There was no token of target `other`"), "{}", ran.stdout);
    home.run(&["auth", "logout", "--target", "prod"]).exits(0);
    assert_eq!(settings(&home), before);
}

#[test]
fn a_target_says_where_the_image_goes() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let target =
        format!("targets:\n  box:\n    server: {}\n    registry: {}/box\n", sandbox.control_plane, sandbox.registry);
    home.write(SETTINGS, &target);
    let deploy = |arguments: &[&str], variables: &[(&str, &str)]| {
        let usual = ["deploy", "etl_sales", "--yes", "--token", "t", "--base", &sandbox.base, "--output", "json"];
        let json = run(&home, &[&usual, arguments].concat(), variables).exits(0).json();
        json["image"].as_str().unwrap().split('@').next().unwrap().to_owned()
    };
    let at = |path: &str| format!("{}/{path}/etl_sales", sandbox.registry);
    let (variable, flag) = (format!("{}/variable", sandbox.registry), format!("{}/flag", sandbox.registry));
    let variable = [("LEOFLOW_REGISTRY_URL", variable.as_str())];
    assert_eq!(deploy(&["--target", "box"], &variable), at("box"));
    assert_eq!(deploy(&["--target", "box", "--registry", &flag], &variable), at("flag"));
    let used = [("LEOFLOW_TARGET", "box")];
    assert_eq!(deploy(&[], &used), at("box"));
    assert_eq!(deploy(&[], &[used[0], variable[0]]), at("variable"));
}

#[test]
fn the_sandbox_is_no_target() {
    let home = Home::new();
    home.project("etl_sales");
    home.write(SETTINGS, &format!("{TWO}current_target: gone\n"));
    home.run(&["deploy", "etl_sales", "--sandbox"]).exits(0);
    home.run(&["deploy", "etl_sales", "--sandbox", "--target", "prod"]).exits(2).says(&["--sandbox"]);
}

#[test]
fn a_target_s_mirrors_are_asked_before_the_registry() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let mirror = format!("ghcr.io=http://{}", sandbox.registry.split('/').next().unwrap());
    home.run(&["target", "add", "box", "--server", &sandbox.control_plane, "--mirror", &mirror]).exits(0);
    // Loopback is no proxy's business; whatever else is asked would be.
    let name = format!("ghcr.io/{}", sandbox.base.split_once('/').unwrap().1);
    let dead = [("HTTPS_PROXY", "http://127.0.0.1:1")];
    run(&home, &["image", "copy", &name, "oci:out", "--target", "box"], &dead).exits(0);
    assert!(home.path().join("out/index.json").exists());
    run(&home, &["image", "copy", &name, "oci:none"], &dead).exits(6);
}

#[test]
fn each_setting_is_shown_with_its_source_and_what_it_overrules() {
    let home = Home::new();
    home.write(
        SETTINGS,
        &format!("{TWO}current_target: staging\npackages:\n  index-url: https://u:sesame@i.example/simple\n"),
    );
    let variables = [
        ("LEOFLOW_SERVER_URL", "http://127.0.0.1:8"),
        ("LEOFLOW_TOKEN", "variable-sesame"),
        ("HTTPS_PROXY", "http://ada:sesame@proxy.example:3128"),
        ("PIP_INDEX_URL", "https://pip.example/simple"),
        ("LEOFLOW_CACHE_SIZE", "1GiB"),
        ("NO_COLOR", "1"),
        ("GITHUB_ACTIONS", "true"),
    ];
    let ran = run(&home, &["config", "show", "--target", "prod"], &variables).exits(0);
    let expected = "\
settings       ~/.leoflow/config.yaml (read)
target         prod (--target)
               instead of staging (~/.leoflow/config.yaml)
server         http://127.0.0.1:2 (target `prod`)
               instead of http://127.0.0.1:8 (LEOFLOW_SERVER_URL)
               instead of http://127.0.0.1:1 (~/.leoflow/config.yaml)
               instead of http://localhost:8080 (the default)
token          set (LEOFLOW_TOKEN)
               instead of set (target `prod`)
               instead of set, for http://127.0.0.1:1 (~/.leoflow/config.yaml)
registry       r.prod.example/team (target `prod`)
               instead of registry.url (leoflow.yaml)
mirrors        none
index          https://pip.example/simple (PIP_… variables)
               instead of https://***@i.example/simple (~/.leoflow/config.yaml)
               instead of https://pypi.org/simple/ (the default)
extra indexes  none
find links     none
trusted hosts  none
proxy https    http://***@proxy.example:3128 (HTTPS_PROXY)
proxy http     none
no proxy       none
authorities    those of this machine (the default)
cache          ~/.cache/leoflow (the default)
cache size     1GiB (LEOFLOW_CACHE_SIZE)
               instead of 5.00 GiB (the default)
data           ~/.local/share/leoflow (the default)
temporary      /tmp (the default)
file times     0 (the default)
colours        no (NO_COLOR)
CI             GitHub Actions (GITHUB_ACTIONS)
";
    assert_eq!(ran.stdout, expected);
    let json = run(&home, &["config", "show", "--output", "json"], &variables).exits(0).json();
    assert_eq!(json["schema"], "leoflow.config/v1");
    assert_eq!(json["settings"]["server"]["value"], "http://127.0.0.1:8");
    assert_eq!(json["settings"]["server"]["instead_of"][0]["source"], "target `staging`");
    assert_eq!(json["settings"]["token"]["value"], "set");
    assert!(!json.to_string().contains("sesame"), "{json}");
}

#[test]
fn a_setting_at_fault_hides_no_other() {
    let home = Home::new();
    let variables = [
        ("LEOFLOW_SERVER_URL", "https://ada:sesame@h"),
        ("LEOFLOW_CACHE_SIZE", "much"),
        ("SOURCE_DATE_EPOCH", "today"),
        ("SSL_CERT_FILE", "/none.pem"),
    ];
    let ran = run(&home, &["config", "show"], &variables).exits(2);
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    let shown = words.join(" ");
    for says in
        ["holds a user or password", "LEOFLOW_CACHE_SIZE is `much`", "`today`", "`/none.pem`, which cannot be read"]
    {
        assert!(shown.contains(says), "{says}: {}", ran.stdout);
    }
    assert_eq!(shown.matches("at fault: ").count(), 5, "the token has no server: {shown}");
    assert!(shown.contains("colours no") && !shown.contains("sesame"), "{shown}");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    let gone = run(&home, &["config", "show", "--target", "gone"], &[]).exits(2);
    assert!(gone.stdout.contains("at fault: there is no target `gone`"), "{}", gone.stdout);
}
