//! The control plane's client: against the stand-in, and against a server that reads its answers from a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leoflow::control_plane::{Cause, ControlPlane, ControlPlaneError, Login, ProxySettings, Run};
use leoflow::dag::PinnedDagSpec;
use leoflow::sandbox::Sandbox;
use leoflow::secret::Secret;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::sandbox::control_plane::spec;

const TOKEN: &str = "the-token-that-nobody-may-see";

/// A server that gives each connection the next answer of its script, word for word, and closes it.
struct Script {
    url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Script {
    async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/prefix/", listener.local_addr().expect("an address")).parse().expect("a URL");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&heard);
        tokio::spawn(async move {
            for answer in answers {
                let Ok((mut connection, _)) = listener.accept().await else { return };
                let request = request(&mut connection).await;
                record.lock().expect("no poison").push(request);
                drop(connection.write_all(answer.as_bytes()).await);
                drop(connection.shutdown().await);
            }
        });
        Self { url, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no poison").clone()
    }
}

/// Reads a request to its end, which its Content-Length says.
async fn request(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
                return text;
            }
        }
        match connection.read(&mut piece).await {
            // A TLS ClientHello has no end that HTTP would know.
            Ok(count) if count > 0 && piece[0] == 0x16 => return String::new(),
            Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            _ => return text,
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn problem(status: &str, detail: &str) -> String {
    let body = format!(r#"{{"type":"about:blank","title":"A title","status":1,"detail":"{detail}"}}"#);
    answer(status, "Content-Type: application/problem+json\r\n", &body)
}

fn registered(created: bool) -> String {
    let body = format!(r#"{{"dag_id":"etl","version":"9f3a2c1","spec_hash":"9f3a","created":{created}}}"#);
    answer(if created { "201 Created" } else { "200 OK" }, "Content-Type: application/json\r\n", &body)
}

fn client(url: &Url) -> ControlPlane {
    let plane =
        ControlPlane::new(url.clone(), Some(Secret::new(TOKEN)), Duration::from_secs(30), &ProxySettings::default());
    plane.expect("a client").with_backoff(Duration::from_millis(1))
}

fn pinned() -> PinnedDagSpec {
    PinnedDagSpec::from_json(spec("etl").to_string().into_bytes()).expect("a pinned spec")
}

/// Registers against a script and returns the error with its whole text, in which no token may be.
async fn refused(answers: Vec<String>) -> (ControlPlaneError, String) {
    let script = Script::start(answers).await;
    let error = client(&script.url).register(&pinned()).await.expect_err("an error");
    let text = format!("{error} / {} / {error:?}", error.help().unwrap_or_default());
    assert!(!text.contains(TOKEN), "{text}");
    (error, text)
}

#[tokio::test]
async fn the_stand_in_takes_what_the_client_sends() {
    let directory = TempDir::new().expect("a temporary directory");
    let sandbox = Sandbox::start(directory.path()).await.expect("a sandbox");
    let anonymous =
        ControlPlane::new(sandbox.control_plane.clone(), None, Duration::from_secs(30), &ProxySettings::default())
            .expect("a client");
    anonymous.health().await.expect("health");
    let login = Login { username: "ada".into(), password: Secret::new("secret"), tenant: None };
    let token = anonymous.login(&login).await.expect("a token");
    assert!(leoflow::control_plane::token_expiry(&token.access_token).is_some());
    let plane = ControlPlane::new(
        sandbox.control_plane.clone(),
        Some(token.access_token),
        Duration::from_secs(30),
        &ProxySettings::default(),
    );
    let plane = plane.expect("a client");
    let first = plane.register(&pinned()).await.expect("a registration");
    let second = plane.register(&pinned()).await.expect("a registration");
    assert_eq!((first.created, second.created), (true, false));
    assert_eq!(first.version, second.version);
    let run = plane.trigger("etl", "manual__1").await.expect("a run");
    assert_eq!(run, Run { dag_run_id: "manual__1".into(), state: Some("queued".into()) });
    let again = plane.trigger("etl", "manual__1").await.expect_err("the name is taken");
    assert!(matches!(again, ControlPlaneError::Refused { status: 409, .. }), "{again}");
    let unknown = plane.trigger("other", "manual__1").await.expect_err("the DAG is unknown");
    assert!(matches!(unknown, ControlPlaneError::Refused { status: 404, .. }), "{unknown}");
}

#[tokio::test]
async fn what_is_sent_is_the_spec_byte_for_byte_below_the_servers_path() {
    let script = Script::start(vec![registered(true)]).await;
    let registration = client(&script.url).register(&pinned()).await.expect("a registration");
    assert!(registration.created);
    let request = script.heard().remove(0);
    assert!(request.starts_with("POST /prefix/api/v2/dags/etl/versions HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains(&format!("authorization: bearer {TOKEN}\r\n")), "{request}");
    assert!(request.ends_with(&spec("etl").to_string()), "{request}");
}

#[tokio::test]
async fn refusals_say_what_the_server_said_and_what_to_do() {
    for (status, help) in [
        ("400 Bad Request", ""),
        ("401 Unauthorized", "leoflow auth login"),
        ("403 Forbidden", "ask whoever runs"),
        ("404 Not Found", "--server"),
        ("409 Conflict", ""),
        ("500 Internal Server Error", "again"),
    ] {
        let (error, text) = refused(vec![problem(status, "`tasks[2].trigger_rule`: unknown")]).await;
        let code: u16 = status[..3].parse().expect("a code");
        assert!(matches!(error, ControlPlaneError::Refused { status, .. } if status == code), "{text}");
        assert!(
            text.contains("register `etl`") && text.contains("A title: `tasks[2].trigger_rule`: unknown"),
            "{text}"
        );
        assert!(text.contains(help), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_token_or_moves_the_cursor_does_not_get_through() {
    let (_, text) = refused(vec![problem("400 Bad Request", &format!("bad {TOKEN} \\u001b[2J"))]).await;
    assert!(text.contains("bad … [2J"), "{text}");
}

#[tokio::test]
async fn answers_that_are_no_control_planes_are_told_as_such() {
    let html = "Content-Type: text/html\r\n";
    let wrong_dag = r#"{"dag_id":"other","version":"1","spec_hash":"2","created":true}"#;
    for (answers, expected) in [
        (vec![answer("200 OK", html, "<html>Sign in</html>")], "200 with HTML: is this the control plane's URL?"),
        (vec![answer("200 OK", "", "<!doctype html>")], "200 with HTML"),
        (vec![answer("404 Not Found", html, "<html>nginx</html>")], "404 with HTML: is this the control plane's URL?"),
        (vec![answer("200 OK", "", "")], "200 with nothing"),
        (vec![answer("200 OK", "", "garbage")], "200 with something that is no JSON object"),
        (vec![answer("200 OK", "", "{}")], "an answer without `dag_id`"),
        (vec![answer("200 OK", "", r#"{"dag_id":"etl"}"#)], "an answer without `version`"),
        (vec![answer("200 OK", "", &"x".repeat((1 << 20) + 1))], "more than 1 MiB"),
        (vec![answer("200 OK", "", wrong_dag)], "the dag_id `other`, expected `etl`"),
        (
            vec![answer("302 Found", "Location: https://sso.example.com/login?next=1\r\n", "")],
            "redirects to https://sso",
        ),
        (vec![String::new(); 6], "the connection was closed"),
        (vec!["nonsense\r\n\r\n".into()], "it does not speak plain HTTP / use --server https://"),
    ] {
        let (_, text) = refused(answers).await;
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[tokio::test]
async fn a_busy_or_broken_server_is_asked_again() {
    let gateway = answer("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>gateway</html>");
    for failure in [
        problem("429 Too Many Requests", "slowly"),
        answer("503 Service Unavailable", "Retry-After: 0\r\n", ""),
        gateway,
        problem("504 Gateway Timeout", "late"),
        String::new(),
    ] {
        let script = Script::start(vec![failure.clone(), failure, registered(false)]).await;
        let registration = client(&script.url).register(&pinned()).await.expect("a registration");
        assert!(!registration.created);
        let heard = script.heard();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|request| request == &heard[0]), "the same request each time");
    }
    let (error, text) = refused(vec![problem("503 Service Unavailable", "down"); 6]).await;
    assert!(matches!(error, ControlPlaneError::Refused { status: 503, .. }), "{text}");
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_beyond_the_deadline_is_left_alone() {
    let busy = answer("503 Service Unavailable", "Retry-After: 3600\r\n", "");
    let script = Script::start(vec![busy]).await;
    let error = client(&script.url).register(&pinned()).await.expect_err("an error");
    assert!(matches!(error, ControlPlaneError::Refused { status: 503, .. }), "{error}");
    assert_eq!(script.heard().len(), 1);
}

#[tokio::test]
async fn a_run_whose_first_answer_was_lost_is_a_run() {
    let conflict = || problem("409 Conflict", "it exists");
    let script = Script::start(vec![String::new(), conflict()]).await;
    let run = client(&script.url).trigger("etl", "manual__1").await.expect("a run");
    assert_eq!(run, Run { dag_run_id: "manual__1".into(), state: None });
    for answers in [vec![conflict()], vec![problem("429 Too Many Requests", "slowly"), conflict()]] {
        let script = Script::start(answers).await;
        let error = client(&script.url).trigger("etl", "manual__1").await.expect_err("somebody else's run");
        assert!(matches!(error, ControlPlaneError::Refused { status: 409, .. }), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url: Url = format!("http://{}", listener.local_addr().expect("an address")).parse().expect("a URL");
    let plane = ControlPlane::new(url, None, Duration::from_millis(50), &ProxySettings::default()).expect("a client");
    let error = plane.register(&pinned()).await.expect_err("no answer");
    assert!(matches!(error, ControlPlaneError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_its_url() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url: Url = format!("http://{}", listener.local_addr().expect("an address")).parse().expect("a URL");
    drop(listener);
    let error = client(&url).register(&pinned()).await.expect_err("nobody listens");
    assert!(matches!(error, ControlPlaneError::Unreachable { cause: Cause::ConnectionRefused, .. }), "{error}");
    assert!(error.to_string().contains("connection refused"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains(url.as_str().trim_end_matches('/'))), "{error:?}");
}

#[tokio::test]
async fn https_to_a_port_that_speaks_http_is_told() {
    let script = Script::start(vec![answer("400 Bad Request", "", ""); 6]).await;
    let mut url = script.url.clone();
    url.set_scheme("https").expect("a scheme");
    let error = client(&url).register(&pinned()).await.expect_err("no TLS");
    assert!(matches!(error, ControlPlaneError::Unreachable { cause: Cause::PlainHttp, .. }), "{error:?}");
}

#[tokio::test]
async fn logins_fail_without_showing_the_password() {
    let login = Login { username: "ada".into(), password: Secret::new("pa55word"), tenant: Some("team".into()) };
    let script = Script::start(vec![problem("401 Unauthorized", "pa55word is wrong")]).await;
    let error = ControlPlane::new(script.url.clone(), None, Duration::from_secs(30), &ProxySettings::default())
        .expect("a client");
    let error = error.login(&login).await.expect_err("a refusal");
    let text = format!("{error} {error:?} {login:?}");
    assert!(text.contains("log in as `ada`") && !text.contains("pa55word"), "{text}");
    assert!(script.heard()[0].contains(r#""tenant":"team""#));
    let bad = answer("200 OK", "", r#"{"access_token":"with space","expires_in":1}"#);
    let script = Script::start(vec![bad]).await;
    let plane = ControlPlane::new(script.url.clone(), None, Duration::from_secs(30), &ProxySettings::default())
        .expect("a client");
    assert!(matches!(plane.login(&login).await, Err(ControlPlaneError::UnusableToken)));
}

#[test]
fn a_token_with_a_line_break_is_refused_before_anything_is_sent() {
    let url: Url = "http://127.0.0.1:1".parse().expect("a URL");
    let token = Some(Secret::new("a\r\nX-Evil: 1"));
    assert!(matches!(
        ControlPlane::new(url, token, Duration::from_secs(1), &ProxySettings::default()),
        Err(ControlPlaneError::UnusableToken)
    ));
}
