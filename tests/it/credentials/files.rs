//! Docker's and Podman's configuration as users have it, and real helper programs.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use leoflow::credentials::{Credential, CredentialError, Keychain};
use leoflow::secret::Secret;
use serde_json::{Value, json};

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.to_owned(), password: Secret::new(password) }
}

fn identity(token: &str) -> Credential {
    Credential::IdentityToken(Secret::new(token))
}

fn ask(keychain: &Keychain, repository: &str) -> Result<Credential, CredentialError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(keychain.credential(&repository.parse().unwrap()))
}

/// A directory with `config.json` and with helpers beside it.
struct User {
    directory: tempfile::TempDir,
    keychain: Keychain,
}

impl User {
    fn new(config: &Value) -> Self {
        Self::with_text(&config.to_string())
    }

    fn with_text(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.json");
        fs::write(&file, config).unwrap();
        let helper_path = Some(directory.path().into());
        Self {
            directory,
            keychain: Keychain {
                files: vec![file],
                helper_path,
                helper_timeout: Duration::from_secs(60),
                ..Keychain::default()
            },
        }
    }

    /// Written by a shell: were the file open for writing in this process, a test that forks meanwhile would inherit
    /// it, and the helper could not be executed ("text file busy").
    fn helper(self, name: &str, script: &str) -> Self {
        let path = self.directory.path().join(format!("docker-credential-{name}"));
        let write = "printf '%s' \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", write, "sh"]).arg(path).arg(format!("#!/bin/sh\n{script}"));
        assert!(shell.status().unwrap().success());
        self
    }

    fn check(&self, repository: &str, expected: &Credential) -> &Self {
        assert_eq!(&ask(&self.keychain, repository).unwrap(), expected, "{repository}");
        self
    }

    fn failure(&self, repository: &str) -> String {
        let error = ask(&self.keychain, repository).unwrap_err();
        format!("{error} {error:?} {}", error.help().unwrap())
    }
}

/// Answers with what it was asked, so that a test sees it.
const ECHO: &str = r#"[ "$1" = get ] && printf '{"ServerURL":"x","Username":"helper","Secret":"%s"}' "$(cat)""#;

#[test]
fn the_most_specific_key_wins() {
    let user = User::new(&json!({"auths": {
        "r.example.com": {"username": "host", "password": "1"},
        "r.example.com/a": {"username": "a", "password": "2"},
        "r.example.com/a/b": {"username": "b", "password": "3"},
        "r.example.com:5000": {"username": "port", "password": "4"},
    }}));
    user.check("r.example.com/a/b", &basic("b", "3"))
        .check("r.example.com/a/b/c", &basic("b", "3"))
        .check("r.example.com/a/bc", &basic("a", "2"))
        .check("r.example.com/x", &basic("host", "1"))
        .check("r.example.com:5000/a", &basic("port", "4"))
        .check("r.example.com:5001/a", &Credential::Anonymous)
        .check("example.com/a", &Credential::Anonymous);
}

#[test]
fn keys_are_understood_as_older_tools_wrote_them() {
    for key in ["https://r.example.com", "http://r.example.com/v2/", "r.example.com/v1/", "R.example.com/"] {
        User::new(&json!({"auths": {key: {"username": "u", "password": "p"}}}))
            .check("r.example.com/a", &basic("u", "p"));
    }
    for key in ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"] {
        User::new(&json!({"auths": {key: {"username": "u", "password": "p"}}})).check("python", &basic("u", "p"));
    }
    User::new(&json!({"auths": {"docker.io/library": {"username": "u", "password": "p"}}}))
        .check("python", &basic("u", "p"))
        .check("org/app", &Credential::Anonymous);
}

#[test]
fn every_form_of_entry_is_read() {
    let check = |entry: Value, expected: Credential| {
        User::new(&json!({"auths": {"r.example.com": entry}})).check("r.example.com/a", &expected);
    };
    check(json!({"auth": "dXNlcjpwYTpzcw=="}), basic("user", "pa:ss"));
    check(json!({"auth": "dXNlcjpwYTpzcw"}), basic("user", "pa:ss"));
    check(json!({"auth": "dXNlcjpwYXNzAAA="}), basic("user", "pass"));
    check(json!({"auth": "PHRva2VuPjp0b2s="}), identity("tok"));
    check(json!({"username": "u", "password": "p"}), basic("u", "p"));
    check(json!({"auth": "dXNlcjpwYTpzcw==", "identitytoken": ""}), basic("user", "pa:ss"));
    check(json!({"auth": "dXNlcjo=", "identitytoken": "tok"}), identity("tok"));
    check(json!({"registrytoken": "tok"}), Credential::Bearer(Secret::new("tok")));
    check(json!({"auth": "", "username": null}), Credential::Anonymous);
    check(json!({}), Credential::Anonymous);
    check(Value::Null, Credential::Anonymous);
}

#[test]
fn a_helper_is_asked_before_plain_entries() {
    let plain = json!({"username": "plain", "password": "p"});
    let config = json!({
        "auths": {"r.example.com": plain, "s.example.com": plain, "s.example.com/team": plain, "https://t.example.com": {}},
        "credHelpers": {"r.example.com": "one", "s.example.com/deep": "one"},
        "credsStore": "all",
    });
    let user = User::new(&config).helper("one", ECHO).helper("all", &ECHO.replace("\"helper\"", "\"store\""));
    user.check("r.example.com/a", &basic("helper", "r.example.com"))
        .check("s.example.com/deep/x", &basic("helper", "s.example.com/deep"))
        .check("s.example.com/team/x", &basic("plain", "p"))
        .check("s.example.com/x", &basic("store", "s.example.com"))
        .check("t.example.com/x", &basic("store", "https://t.example.com"))
        .check("u.example.com/x", &basic("store", "u.example.com"))
        .check("python", &basic("store", "https://index.docker.io/v1/"));
}

#[test]
fn a_helper_that_knows_nothing_leaves_it_to_the_next() {
    let config = json!({"auths": {"r.example.com": {"auth": "dXNlcjpwYTpzcw=="}}, "credsStore": "x"});
    for script in [
        "echo credentials not found in native keychain; exit 1",
        // pass, osxkeychain and wincred as older helpers pass them on; acr-env; one that complains on stderr.
        "echo 'Error: r.example.com is not in the password store.'; exit 1",
        "echo 'The specified item could not be found in the keychain.'; exit 1",
        "echo 'Element not found.'; exit 1",
        "echo 'serverURL does not refer to Azure Container Registry'; exit 1",
        "echo 'credentials not found in native keychain' >&2; exit 1",
        "echo 'no credentials server URL'; exit 1",
        r#"echo '{"ServerURL":"","Username":"","Secret":""}'"#,
        "echo '{}'",
    ] {
        let user = User::new(&config).helper("x", script);
        user.check("r.example.com/a", &basic("user", "pa:ss")).check("s.example.com/a", &Credential::Anonymous);
    }
}

#[test]
fn a_helper_may_hold_an_identity_token() {
    let user = User::new(&json!({"credsStore": "x"}));
    let user = user.helper("x", r#"exec <&-; echo '{"Username":"<token>","Secret":"tok"}'"#);
    user.check("r.example.com/a", &identity("tok"));
}

#[test]
fn a_helper_that_fails_is_named_and_not_quoted() {
    let config = json!({"credHelpers": {"r.example.com": "x"}});
    let check = |script: &str, expected: &str| {
        let message = User::new(&config).helper("x", script).failure("r.example.com/a");
        assert!(message.contains("docker-credential-x") && message.contains("r.example.com"), "{message}");
        assert!(message.contains(expected) && !message.contains("hunter2"), "{message}");
    };
    check("echo hunter2; exit 3", "exit status: 3");
    check("echo hunter2", "its answer is not understood");
    check(r#"echo '{"Username":["hunter2"]}'"#, "its answer is not understood");
    check("kill -9 $$", "signal: 9");
    check("echo hunter2 >&2; exit 1", "exit status: 1");
    check("yes hunter2", "its answer is larger than 1 MiB");
    check("yes hunter2 >&2", "it ended with");
    check(r"printf '\000\377\376hunter2'", "its answer is not understood");
    let message = User::new(&config).failure("r.example.com/a");
    assert!(message.contains("it is not on the PATH"), "{message}");
    let outside = json!({"credHelpers": {"r.example.com": "../../bin/sh"}});
    assert!(User::new(&outside).failure("r.example.com/a").contains("it is not on the PATH"));
}

/// The helper waits for a FIFO that nobody opens, for ever.
#[test]
fn a_helper_that_hangs_is_killed() {
    let user = User::new(&json!({"credHelpers": {"r.example.com": "x"}}));
    let (fifo, pid) = (user.directory.path().join("fifo"), user.directory.path().join("pid"));
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut user = user.helper("x", &format!("echo $$ > {}; exec 3< {}", pid.display(), fifo.display()));
    user.keychain.helper_timeout = Duration::from_millis(500);
    assert!(user.failure("r.example.com/a").contains("did not answer within 0.5 s"));
    let pid = fs::read_to_string(pid).unwrap();
    while is_running(pid.trim()) {
        std::thread::yield_now();
    }
}

fn is_running(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

#[test]
fn a_store_left_behind_does_not_stand_in_the_way() {
    let user = User::new(&json!({"auths": {"r.example.com": {}}, "credsStore": "desktop"}));
    user.check("localhost:5000/a", &Credential::Anonymous);
    assert!(user.failure("r.example.com/a").contains("docker-credential-desktop"));
}

#[test]
fn a_broken_file_is_named_and_not_quoted() {
    for text in [
        "{",
        "[]",
        r#"{"auths": {"r.example.com": "hunter2"}}"#,
        r#"{"auths": {"r.example.com": {"auth": "hunter2"}}}"#,
        r#"{"auths": {"r.example.com": {"auth": "aHVudGVyMg=="}}}"#,
        r#"{"auths": {"r.example.com": {"password": {"hunter2": 1}}}}"#,
    ] {
        let message = User::with_text(text).failure("r.example.com/a");
        assert!(message.contains("config.json") && !message.contains("hunter2"), "{message}");
    }
    User::with_text(" \n").check("r.example.com/a", &Credential::Anonymous);
}

/// Reading what is no file would never end, or end in no memory.
#[test]
fn what_is_no_configuration_file_is_not_read() {
    let check = |make: &dyn Fn(&Path), expected: &str| {
        let user = User::with_text("{}");
        let file = user.directory.path().join("config.json");
        fs::remove_file(&file).unwrap();
        make(&file);
        let message = user.failure("r.example.com/a");
        assert!(message.contains("config.json") && message.contains(expected), "{message}");
    };
    check(&|file| assert!(Command::new("mkfifo").arg(file).status().unwrap().success()), "not a regular file");
    check(&|file| fs::create_dir(file).unwrap(), "directory");
    check(&|file| std::os::unix::fs::symlink("/dev/zero", file).unwrap(), "not a regular file");
    check(&|file| fs::File::create(file).unwrap().set_len(1 << 30).unwrap(), "larger than 4 MiB");
}

#[test]
fn files_are_asked_in_order_and_missing_ones_passed_over() {
    let one = User::new(&json!({"auths": {"r.example.com": {}, "s.example.com": {"username": "1", "password": "1"}}}));
    let two = User::new(&json!({"auths": {
        "r.example.com": {"username": "2", "password": "2"},
        "s.example.com": {"username": "2", "password": "2"},
    }}));
    let missing = [PathBuf::from("/nonexistent/config.json"), PathBuf::from("/dev/null/config.json")];
    let files = missing.into_iter().chain(one.keychain.files.clone()).chain(two.keychain.files.clone()).collect();
    let keychain = Keychain { files, ..Keychain::default() };
    assert_eq!(ask(&keychain, "r.example.com/a").unwrap(), basic("2", "2"));
    assert_eq!(ask(&keychain, "s.example.com/a").unwrap(), basic("1", "1"));
}

#[test]
fn the_files_of_a_user_are_where_docker_and_podman_put_them() {
    let check = |variables: &[(&str, &str)], expected: &[&str]| {
        let variables: Vec<(String, OsString)> = variables.iter().map(|(n, v)| (n.to_string(), v.into())).collect();
        let lookup = |name: &str| variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let keychain = Keychain::of_user(&lookup, 0);
        let files: Vec<_> = keychain.files.iter().map(PathBuf::as_path).collect();
        assert_eq!(files, expected.iter().map(Path::new).collect::<Vec<_>>());
        assert!(!keychain.helper_timeout.is_zero());
    };
    let run = format!("/run/containers/{}/auth.json", rustix::process::getuid().as_raw());
    check(&[], &[&run]);
    check(&[("HOME", "/h")], &["/h/.docker/config.json", &run, "/h/.config/containers/auth.json"]);
    check(
        &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r"), ("XDG_CONFIG_HOME", "/c"), ("DOCKER_CONFIG", "/d")],
        &["/d/config.json", "/r/containers/auth.json", "/c/containers/auth.json"],
    );
    check(&[("REGISTRY_AUTH_FILE", "/a.json"), ("DOCKER_CONFIG", "")], &["/a.json"]);
}
