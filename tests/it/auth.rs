//! `leoflow auth`: what is kept, where, and what is never shown.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::{Home, Ran, SandboxProcess};

fn login(home: &Home, server: &str, password: &str) -> Ran {
    let mut command = home.leoflow();
    command.args(["auth", "login", "--server", server, "--username", "ada", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

fn token(home: &Home) -> String {
    let text = fs::read_to_string(home.path().join(".leoflow/config.yaml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("token: ")).expect("a token is kept");
    line["token: ".len()..].trim_matches('"').to_owned()
}

#[test]
fn login_keeps_the_token_where_only_its_owner_reads_it() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let ran = login(&home, &sandbox.control_plane, "secret-password").exits(0);
    let token = token(&home);
    assert_eq!(token.split('.').count(), 3, "a JWT");
    assert!(!ran.stdout.contains(&token) && !ran.stderr.contains(&token));
    let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(".leoflow"), mode(".leoflow/config.yaml")), (0o700, 0o600));
}

#[test]
fn login_and_logout_keep_the_other_keys_and_comments() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let before =
        "# mine\nproxy:\n  url: http://proxy # kept\ntoken: old # this goes\nserver_url: http://old\nlast: 1\n";
    let file = home.write(".leoflow/config.yaml", before);
    login(&home, &sandbox.control_plane, "pw").exits(0);
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.starts_with("# mine\nproxy:\n  url: http://proxy # kept\ntoken: \""), "{after}");
    assert!(after.contains(&format!("server_url: \"{}\"\nlast: 1\n", sandbox.control_plane)), "{after}");
    home.run(&["auth", "logout"]).exits(0);
    let last = fs::read_to_string(&file).unwrap();
    assert!(!last.contains("token:") && last.contains("last: 1") && last.contains("# mine"), "{last}");
}

#[test]
fn status_tells_source_and_expiry_but_never_the_token() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.run(&["auth", "status"]).exits(2).says(&["not logged in", "leoflow auth login"]);
    login(&home, &sandbox.control_plane, "pw").exits(0);
    let ran = home.run(&["auth", "status"]).exits(0);
    assert!(ran.stdout.contains("from ~/.leoflow/config.yaml, expires in "), "{}", ran.stdout);
    assert!(!ran.stdout.contains(&token(&home)));
    let from_environment = home.leoflow().args(["auth", "status"]).env("LEOFLOW_TOKEN", "opaque").output().unwrap();
    let ran = Ran::of(from_environment).exits(0);
    assert!(ran.stdout.contains("from LEOFLOW_TOKEN, does not say when it expires"), "{}", ran.stdout);
}

#[test]
fn a_refused_login_says_why_and_keeps_nothing() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let ran = login(&home, &sandbox.control_plane, "wrong").exits(7);
    assert!(!ran.stderr.contains("wrong\n") && !ran.stderr.contains("auth login"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: check user and password"), "{}", ran.stderr);
    assert!(!home.path().join(".leoflow/config.yaml").exists());
}

#[test]
fn a_token_goes_only_to_the_server_that_issued_it() {
    let home = Home::new();
    home.write(".leoflow/config.yaml", "server_url: http://127.0.0.1:1\ntoken: sesame\n");
    home.run(&["auth", "status", "--server", "http://127.0.0.1:2"])
        .exits(2)
        .says(&["is for http://127.0.0.1:1 and is not sent to http://127.0.0.1:2", "auth login"]);
}

#[test]
fn settings_that_cannot_be_changed_by_lines_stay_as_they_are() {
    let home = Home::new();
    for text in ["{server_url: http://127.0.0.1:1, token: opaque, mine: 1}\n", "token: &t opaque\nmine: *t\n"] {
        let file = home.write(".leoflow/config.yaml", text);
        home.run(&["auth", "logout"]).exits(2).says(&["nothing was changed", "a line of its own"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn a_password_in_the_settings_is_not_repeated() {
    let home = Home::new();
    home.write(".leoflow/config.yaml", "server_url: http://ada:sesame@127.0.0.1:1\ntoken: opaque\n");
    let ran = home.run(&["auth", "status", "--server", "http://127.0.0.1:2"]).exits(2).says(&["http://127.0.0.1:1 "]);
    assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let home = Home::new();
    home.run(&["auth", "login"]).exits(2).says(&["--username"]);
    home.run(&["auth", "login", "--username", "ada"]).exits(2).says(&["--password-stdin"]);
}

#[test]
fn broken_settings_are_told_without_their_text() {
    let home = Home::new();
    home.write(".leoflow/config.yaml", "token: \"sesame\n");
    let ran = home.run(&["auth", "status"]).exits(2).says(&["config.yaml", "line "]);
    assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
}

#[test]
fn a_server_url_with_a_password_in_it_is_refused_unshown() {
    let home = Home::new();
    let ran = home.run(&["auth", "status", "--server", "https://ada:sesame@example.com"]).exits(2);
    assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
}

#[test]
fn what_is_refused_as_a_server_url_is_not_repeated() {
    let home = Home::new();
    for url in ["https://ada:sesame@exa mple.com", "ftp://ada:sesame@example.com", "https://example.com/?token=sesame"]
    {
        let ran = home.run(&["auth", "status", "--server", url, "--output", "json"]).exits(2);
        assert!(!ran.stderr.contains("sesame") && !ran.stdout.contains("sesame"), "{}", ran.stderr);
    }
}

#[test]
fn a_token_that_others_can_read_is_warned_about_and_mended_by_the_next_login() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let file = home.write(".leoflow/config.yaml", &format!("server_url: {}\ntoken: old\n", sandbox.control_plane));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["auth", "status"]).exits(0).says(&["other users", "chmod 600 ~/.leoflow/config.yaml"]);
    login(&home, &sandbox.control_plane, "pw").exits(0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(home.run(&["auth", "status"]).exits(0).stderr, "");
}

#[test]
fn logins_at_the_same_time_leave_one_of_them_whole() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    home.write(".leoflow/config.yaml", "mine: kept\n");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| login(&home, &sandbox.control_plane, "pw").exits(0));
        }
    });
    home.run(&["auth", "status"]).exits(0);
    let files = fs::read_dir(home.path().join(".leoflow")).unwrap().count();
    let text = fs::read_to_string(home.path().join(".leoflow/config.yaml")).unwrap();
    assert!(files == 1 && text.starts_with("mine: kept\n") && text.lines().count() == 3, "{text}");
}
