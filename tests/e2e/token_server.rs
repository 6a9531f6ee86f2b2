//! A token service as the distribution project describes it: it signs what a registry then believes. It speaks TLS, since
//! nobody should send a password to it otherwise.
//!
//! <https://distribution.github.io/distribution/spec/auth/token/>

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConnection, StreamOwned};
use serde_json::json;
use url::Url;

use crate::tls;

/// Whom the tokens are for.
pub(crate) const SERVICE: &str = "e2e-registry";
/// Who signs them.
pub(crate) const ISSUER: &str = "e2e-tokens";

/// How long Debian's docker-registry takes a token after its end, in seconds (registry/auth/token, `Leeway`).
const LEEWAY: u64 = 60;

/// A running token service. Dropping it ends it.
pub(crate) struct TokenServer {
    /// Where tokens are asked for.
    pub(crate) realm: String,
    address: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// `Basic …` of the one user.
    login: String,
    /// How long the registry takes a token, in seconds.
    lifetime: u64,
    scopes: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl TokenServer {
    /// Starts a service for one user, whose tokens the registry takes for `lifetime` seconds.
    pub(crate) fn start(username: &str, password: &str, lifetime: u64) -> Self {
        let login = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
        let shared = Shared { login, lifetime, scopes: Mutex::default(), stop: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || serving.serve(&listener));
        Self { realm: format!("https://{address}/token"), address, shared, thread: Some(thread) }
    }

    /// Returns the scopes of the tokens given so far, one text a token.
    pub(crate) fn scopes(&self) -> Vec<String> {
        self.shared.scopes.lock().unwrap().clone()
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        let woken = TcpStream::connect(&self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        let configuration = Arc::new(tls::server());
        while let Ok((stream, _)) = listener.accept() {
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            // Whoever hangs up is the one to notice.
            let session = ServerConnection::new(Arc::clone(&configuration)).unwrap();
            let _ = self.answer(&mut StreamOwned::new(session, stream));
        }
    }

    fn answer(&self, stream: &mut (impl Read + Write)) -> std::io::Result<()> {
        let mut lines = BufReader::new(&mut *stream).lines();
        let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        let mut login = String::new();
        for line in lines {
            let line = line?;
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("authorization") => login = value.to_owned(),
                Some(_) => {}
                None => break,
            }
        }
        let (status, body) = match login == self.login {
            true => ("200 OK", self.token(request.split(' ').nth(1).unwrap_or_default())),
            false => ("401 Unauthorized", json!({ "details": "incorrect username or password" }).to_string()),
        };
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n")?;
        write!(stream, "Connection: close\r\n\r\n{body}")
    }

    fn token(&self, target: &str) -> String {
        let query = Url::parse("http://token").unwrap().join(target).unwrap();
        let scopes: Vec<String> = query.query_pairs().filter(|(k, _)| k == "scope").map(|(_, v)| v.into()).collect();
        self.scopes.lock().unwrap().push(scopes.join(" "));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let access: Vec<_> = scopes.iter().flat_map(|scopes| scopes.split(' ')).filter_map(access).collect();
        let claims = json!({
            "iss": ISSUER, "sub": "deployer", "aud": SERVICE, "jti": "e2e", "access": access,
            "iat": now - LEEWAY, "nbf": now - LEEWAY, "exp": now + self.lifetime - LEEWAY,
        });
        // What the answer says of its time is longer than the truth: a client has to live with that.
        json!({ "token": sign(&claims), "expires_in": 300 }).to_string()
    }
}

fn access(scope: &str) -> Option<serde_json::Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    Some(json!({ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() }))
}

/// Returns a signed token (RFC 7515) that holds the certificate of its key.
fn sign(claims: &serde_json::Value) -> String {
    let certificate = CertificateDer::from_pem_file(tls::file("server.pem")).unwrap();
    let header = json!({ "typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(certificate)] });
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(claims));
    let key = PrivateKeyDer::from_pem_file(tls::file("server.key")).unwrap();
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_der(), &random).unwrap();
    let signature = key.sign(&random, signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
