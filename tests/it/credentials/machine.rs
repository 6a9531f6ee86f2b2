//! A host with variables and files, in a cloud that a scripted server stands in for.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use leoflow::credentials::{Ambient, Credential, CredentialError, Endpoints, Issued, Keychain, LoginMethod, Patience};
use leoflow::secret::Secret;
use tempfile::TempDir;

use crate::support::scripted::{Answer, Fault, Request, Scripted};

/// 2015-08-30T12:36:00Z
pub(super) const NOW: u64 = 1_440_938_160;

/// What no error may hold.
const SECRETS: [&str; 2] = ["hush", "aHVza"];

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

pub(super) fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic { username: username.to_owned(), password: Secret::new(password) }
}

/// A host outside of all clouds, until it is told otherwise.
pub(super) struct Machine {
    home: TempDir,
    variables: Vec<(String, String)>,
    pub(super) endpoints: Endpoints,
    pub(super) patience: Patience,
    method: LoginMethod,
}

impl Machine {
    pub(super) fn new(method: LoginMethod) -> Self {
        let nobody = || NOBODY.to_owned();
        let endpoints = Endpoints {
            aws_container: nobody(),
            aws_instance: nobody(),
            google_metadata: nobody(),
            azure_instance: nobody(),
            azure_registry: None,
        };
        let minute = Duration::from_secs(60);
        let pause = Duration::from_millis(1);
        let patience = Patience { metadata_connect: minute, metadata: minute, service: minute, pause };
        let home = tempfile::tempdir().unwrap();
        let variables = vec![("HOME".to_owned(), home.path().to_str().unwrap().to_owned())];
        Self { home, variables, endpoints, patience, method }
    }

    pub(super) fn in_a_cloud() -> Self {
        Self::new(LoginMethod::CloudIdentity)
    }

    pub(super) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// A path below the home, whether there is anything or not.
    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    pub(super) fn file(self, below: &str, text: &str) -> Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Sets a variable to a file with this text.
    pub(super) fn set_file(self, name: &str, text: &str) -> Self {
        let path = self.path(name).to_str().unwrap().to_owned();
        self.file(name, text).set(name, path)
    }

    /// Returns what is presented to `registry`.
    pub(super) async fn ask(&self, registry: &str) -> Result<Issued, CredentialError> {
        let variable = |name: &str| {
            let (_, value) = self.variables.iter().rfind(|(known, _)| known == name)?;
            Some(value.into())
        };
        let mut ambient = Ambient::of(&variable, NOW);
        (ambient.endpoints, ambient.patience) = (self.endpoints.clone(), self.patience);
        let methods = [(registry.to_owned(), self.method)].into();
        let keychain = Keychain { methods, ambient, ..Keychain::default() };
        assert_hides_secrets(&format!("{keychain:?}"));
        keychain.issue(&format!("{registry}/team/etl").parse().unwrap()).await
    }

    /// Fails unless there is an error that holds every one of `expected`, and says what to do.
    #[track_caller]
    pub(super) fn check_failure(result: Result<Issued, CredentialError>, expected: &[&str]) {
        let error = result.unwrap_err();
        let text = format!("{error}\n{}", error.help().unwrap());
        for expected in expected {
            assert!(text.contains(expected), "`{expected}` is missing in: {text}");
        }
        assert_hides_secrets(&format!("{text} {error:?}"));
    }
}

#[track_caller]
fn assert_hides_secrets(text: &str) {
    assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
}

/// Answers that no token service should give, and what is said of each. Each repeats what it was sent.
pub(super) fn bad_answers() -> Vec<(&'static str, Answer, Vec<&'static str>)> {
    vec![
        ("refused", Answer::new(403).body(r#"{"message":"no, not with hush"}"#), vec!["HTTP 403, no, not with …"]),
        ("failing", Answer::new(503), vec!["HTTP 503"]),
        ("a page", Answer::new(200).body("<html>hush</html>"), vec!["something else answers"]),
        ("empty", Answer::new(200).body("{}"), vec!["something else answers"]),
        ("huge", Answer::new(200).body(vec![b' '; (1 << 20) + 1]), vec!["larger than 1 MiB"]),
        ("elsewhere", Answer::new(302).header("Location", "http://127.0.0.1:1/"), vec!["HTTP 302"]),
        ("slow", Answer::new(200).fault(Fault::Silence), vec!["no answer within 0.2 s"]),
        ("cut", Answer::new(200).body("{\"token\":").fault(Fault::Truncate(3)), vec!["the connection was closed"]),
    ]
}

/// A server that gives `answer` to requests that `which` picks, and `script`'s to the others.
pub(super) async fn scripted(
    which: impl Fn(&Request) -> bool + Send + Sync + 'static,
    answer: Answer,
    script: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> Scripted {
    Scripted::start(move |request| if which(request) { answer.clone() } else { script(request) }).await
}

pub(super) fn form(request: &Request, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(&request.body);
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
