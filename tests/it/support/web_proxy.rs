//! A proxy as companies have them: `CONNECT` for https, whole URLs for http, credentials, refusals.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A running proxy; it stops with this value.
pub(crate) struct WebProxy {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

/// What a proxy does.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    /// Where `host:port` really is: names here are in no DNS.
    pub(crate) routes: BTreeMap<String, SocketAddr>,
    /// The `Proxy-Authorization` that it wants.
    pub(crate) wants: Option<String>,
    /// What is answered instead of anything else; nothing at all when it is empty.
    pub(crate) answers: Option<&'static str>,
    /// The proxy itself speaks TLS.
    pub(crate) acceptor: Option<TlsAcceptor>,
}

impl Manners {
    pub(crate) fn routing(routes: &[(&str, SocketAddr)]) -> Self {
        let routes = routes.iter().map(|&(name, address)| (name.to_owned(), address)).collect();
        Self { routes, ..Self::default() }
    }
}

impl WebProxy {
    pub(crate) async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&heads);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(accept(stream, manners.clone(), Arc::clone(&seen)));
            }
        });
        Self { address, heads, accepting }
    }

    /// The heads of everything that it was asked, as they came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Their first lines, each once.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.heads().iter().filter_map(|head| head.lines().next().map(str::to_owned)).collect();
        lines.dedup();
        lines
    }
}

impl Drop for WebProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(stream: TcpStream, manners: Manners, heads: Arc<Mutex<Vec<String>>>) -> Option<()> {
    match manners.acceptor.clone() {
        Some(acceptor) => serve(acceptor.accept(stream).await.ok()?, manners, heads).await,
        None => serve(stream, manners, heads).await,
    }
}

async fn serve<S>(mut stream: S, manners: Manners, heads: Arc<Mutex<Vec<String>>>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let head = read_head(&mut stream).await?;
        heads.lock().unwrap().push(head.clone());
        if let Some(answer) = manners.answers {
            return stream.write_all(answer.as_bytes()).await.ok();
        }
        let wanted =
            manners.wants.as_ref().map(|wanted| format!("\r\nproxy-authorization: {wanted}\r\n").to_lowercase());
        if wanted.is_some_and(|wanted| !head.to_lowercase().contains(&wanted)) {
            let refusal =
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(refusal.as_bytes()).await.ok()?;
            continue;
        }
        let mut words = head.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        if method == "CONNECT" {
            let mut outside = TcpStream::connect(manners.routes.get(target)?).await.ok()?;
            stream.write_all(b"HTTP/1.1 200 Connection established\r\nX-Proxy: ours\r\n\r\n").await.ok()?;
            return copy_bidirectional(&mut stream, &mut outside).await.ok().map(|_| ());
        }
        pass_on(&mut stream, &head, method, target, &manners).await?;
    }
}

/// Passes one request without a body on, and its answer back.
async fn pass_on<S>(stream: &mut S, head: &str, method: &str, target: &str, manners: &Manners) -> Option<()>
where
    S: AsyncWrite + Unpin,
{
    let (host, path) = target.strip_prefix("http://")?.split_once('/')?;
    let mut outside = TcpStream::connect(manners.routes.get(host)?).await.ok()?;
    outside.write_all(head.replacen(target, &format!("/{path}"), 1).as_bytes()).await.ok()?;
    let answer = read_head(&mut outside).await?;
    stream.write_all(answer.as_bytes()).await.ok()?;
    let length = answer.lines().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().ok()?;
    let mut body = vec![0; if method == "HEAD" { 0 } else { length }];
    outside.read_exact(&mut body).await.ok()?;
    stream.write_all(&body).await.ok()
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
