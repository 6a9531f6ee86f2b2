//! A server that passes requests on and spoils what its schedule says: between a client and any registry or control
//! plane, on one port for as many runs as there are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use super::connection::{Connection, Wire};
use super::delivery::{finish, send};
use super::gate::Gate;
use super::lies;
use super::schedule::{Class, FOREVER, Fault, Kind, TlsBreak};
use super::upstream::Upstream;
use super::wire::{self, Answer, Head};

/// A listening proxy; it stops with this value.
pub(crate) struct Proxy {
    pub(crate) address: String,
    plan: Arc<Mutex<Arc<Plan>>>,
    accepting: JoinHandle<()>,
}

/// What a proxy does during one run.
pub(crate) struct Plan {
    tls: bool,
    upstream: Upstream,
    gate: Gate,
    faults: Vec<(Fault, Mutex<u32>)>,
    /// Whose address lies point to.
    stranger: String,
    /// What a claim says of the tag.
    digest: String,
    seen: Mutex<Vec<String>>,
    stale: Mutex<Vec<u8>>,
    random: Mutex<Rng>,
}

impl Plan {
    pub(crate) fn new(upstream: Upstream, gate: Gate, stranger: &str, digest: &str, faults: Vec<Fault>) -> Self {
        let faults = faults.into_iter().map(|fault| (fault, Mutex::new(0))).collect();
        let (stranger, digest) = (stranger.to_owned(), digest.to_owned());
        let (seen, stale, random) = (Mutex::default(), Mutex::default(), Mutex::new(Rng::with_seed(0)));
        Self { tls: false, upstream, gate, faults, stranger, digest, seen, stale, random }
    }

    /// Speaks TLS, and nothing else.
    pub(crate) fn tls(self, tls: bool) -> Self {
        Self { tls, ..self }
    }

    /// The faults that came about.
    pub(crate) fn fired(&self) -> Vec<&Fault> {
        let came = |(fault, count): &&(Fault, Mutex<u32>)| *count.lock().unwrap() >= fault.nth;
        self.faults.iter().filter(came).map(|(fault, _)| fault).collect()
    }

    /// The heads of all requests.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Counts a request and returns what goes wrong with it.
    fn meet(&self, class: Class) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (fault, count) in &self.faults {
            let is_met = fault.class == Class::Any || fault.class == class;
            if is_met && !(self.tls && matches!(fault.kind, Kind::Tls(_))) && is_due(fault, count) {
                kinds.push(fault.kind.clone());
            }
        }
        kinds
    }

    /// Returns how the TLS of a new connection breaks. A server that speaks none seemed to want it, and has no more.
    fn tls_break(&self) -> Option<TlsBreak> {
        let breaks = self.faults.iter().find_map(|(fault, count)| match fault.kind {
            Kind::Tls(tls) if !self.tls || is_due(fault, count) => Some(tls),
            _ => None,
        });
        if self.tls { breaks } else { breaks.or(Some(TlsBreak::Close)) }
    }

    fn origin(&self, own: &str) -> String {
        format!("{}://{own}", if self.tls { "https" } else { "http" })
    }

    fn remember(&self, answer: &Answer) {
        *self.stale.lock().unwrap() = answer.body.clone();
    }
}

/// Counts an occasion for a fault.
fn is_due(fault: &Fault, count: &Mutex<u32>) -> bool {
    let mut count = count.lock().unwrap();
    *count += 1;
    *count >= fault.nth && (fault.count == FOREVER || *count < fault.nth + fault.count)
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let nothing = Plan::new(Upstream::nowhere(), Gate::open(), "", "", Vec::new());
        let plan = Arc::new(Mutex::new(Arc::new(nothing)));
        let (current, own) = (Arc::clone(&plan), address.clone());
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let plan = Arc::clone(&current.lock().unwrap());
                connections.spawn(serve(stream, plan, own.clone()));
            }
        });
        Self { address, plan, accepting }
    }

    /// Begins another run.
    pub(crate) fn follow(&self, plan: Plan) -> Arc<Plan> {
        let plan = Arc::new(plan);
        *self.plan.lock().unwrap() = Arc::clone(&plan);
        plan
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// `None` ends the connection.
async fn serve(stream: TcpStream, plan: Arc<Plan>, own: String) -> Option<()> {
    const HANDSHAKE: u8 = 22;
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    stream.peek(&mut first).await.ok()?;
    let wire = match (first[0] == HANDSHAKE).then(|| plan.tls_break()) {
        Some(Some(tls)) => return break_tls(stream, tls).await,
        Some(None) => Wire::secured(stream).await.ok()?,
        None if plan.tls => return break_tls(stream, TlsBreak::Alert).await,
        None => Wire::Plain(stream),
    };
    let mut stream = BufReader::with_capacity(64 << 10, wire);
    loop {
        let head = Head::read(&mut stream).await?;
        plan.seen.lock().unwrap().push(head.text());
        let kinds = plan.meet(head.class());
        exchange(&mut stream, &plan, &own, &head, &kinds).await?;
    }
}

async fn break_tls(mut stream: TcpStream, tls: TlsBreak) -> Option<()> {
    let bytes: &[u8] = match tls {
        TlsBreak::Close => b"",
        TlsBreak::Garbage => b"\x16\x03\x03\x00\x20garbage that is no handshake at all",
        TlsBreak::Alert => &[21, 3, 3, 0, 2, 2, 40],
        TlsBreak::HalfAHello => &[22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3, 1, 2, 3],
        TlsBreak::Silence => std::future::pending().await,
    };
    let _ = stream.read(&mut [0; 4096]).await;
    stream.write_all(bytes).await.ok()
}

async fn exchange(stream: &mut Connection, plan: &Plan, own: &str, head: &Head, kinds: &[Kind]) -> Option<()> {
    wait(plan, kinds).await;
    if kinds.contains(&Kind::Forget) {
        plan.gate.forget();
    }
    if let Some((end, after)) = kinds.iter().find_map(|kind| match kind {
        Kind::Request(end, after) => Some((*end, *after)),
        _ => None,
    }) {
        let part = wire::body(stream, after.min(head.length())).await?;
        plan.upstream.begin_and_leave(head, &part).await;
        return finish(stream, end).await;
    }
    if let Some(answer) = lies::early(head, kinds) {
        let answer = lies::addressed(answer, own, &plan.stranger);
        send(stream, answer.bytes(head.method == "HEAD"), kinds).await?;
        return None;
    }
    let body = wire::body(stream, head.length()).await?;
    if let Some(raw) = kinds.iter().find_map(lies::raw) {
        stream.write_all(raw).await.ok()?;
        return None;
    }
    let answer = spoilt(plan, own, head, body, kinds).await?;
    send(stream, answer.bytes(head.method == "HEAD"), kinds).await
}

/// Has the request answered by somebody, and lies about it.
async fn spoilt(plan: &Plan, own: &str, head: &Head, body: Vec<u8>, kinds: &[Kind]) -> Option<Answer> {
    let mut answer = match lies::instead(head, kinds, &plan.digest) {
        Some(answer) => answer,
        None => match plan.gate.check(head, &plan.origin(own)) {
            Some(answer) => answer,
            None => plan.upstream.ask(head, body, plan.gate.is_closed(), plan.tls).await?,
        },
    };
    let stale = plan.stale.lock().unwrap().clone();
    plan.remember(&answer);
    for kind in kinds {
        lies::spoil(&mut answer, kind, head, &stale);
    }
    Some(lies::addressed(answer, own, &plan.stranger))
}

async fn wait(plan: &Plan, kinds: &[Kind]) {
    for kind in kinds {
        if let Kind::Latency { millis, jitter } = kind {
            let more = plan.random.lock().unwrap().u64(..=*jitter);
            sleep(Duration::from_millis(millis + more)).await;
        }
    }
}
