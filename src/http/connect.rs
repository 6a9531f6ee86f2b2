//! A host in, a connection to it out: TCP, a tunnel through a proxy where one is set, TLS.
//!
//! The proxy and the host behind it are shown different faces: each has its own authorities and client certificate.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Url;

use super::proxy::{Proxy, ProxyError, ProxyFault, ProxySettings};
use super::{USER_AGENT, cause, host_and_port};
use crate::tls::Trust;

/// How long a host, or a proxy and the host behind it, may take until there is a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a quiet connection is probed: a firewall forgets it otherwise while a registry commits a large layer.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The longest head of an answer to `CONNECT`, in bytes.
const HEAD_LIMIT: usize = 16 << 10;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What bytes are read from and written to.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    proxies: Arc<ProxySettings>,
    trust: Arc<Trust>,
}

/// A connection as hyper takes it.
pub(super) struct Link {
    wire: TokioIo<Box<dyn Wire>>,
    /// Whether a proxy reads the requests on it, so that they must name their host.
    forwarded: bool,
}

impl Connector {
    pub(super) fn new(proxies: Arc<ProxySettings>, trust: Arc<Trust>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        Self { tcp, proxies, trust }
    }

    async fn connect(mut self, url: Url) -> Result<Link, Failed> {
        let proxies = Arc::clone(&self.proxies);
        let proxy = proxies.proxy_for(&url)?;
        let wire = match proxy {
            None => self.reach(&url).await?,
            Some(proxy) => self.reach_proxy(proxy).await?,
        };
        match (url.scheme() == "https", proxy) {
            (false, proxy) => Ok(Link::new(wire, proxy.is_some())),
            (true, None) => Ok(Link::new(self.secured(wire, &url).await?, false)),
            (true, Some(proxy)) => {
                let wire = tunnelled(wire, proxy, &url).await.map_err(|fault| proxy.error(fault))?;
                Ok(Link::new(self.secured(wire, &url).await?, false))
            }
        }
    }

    async fn reach(&mut self, url: &Url) -> Result<Box<dyn Wire>, Failed> {
        let stream = self.tcp.call(url.as_str().parse()?).await?;
        Ok(Box::new(stream.into_inner()))
    }

    async fn reach_proxy(&mut self, proxy: &Proxy) -> Result<Box<dyn Wire>, ProxyError> {
        let reached = async {
            let wire = self.reach(&proxy.url).await?;
            if proxy.url.scheme() == "https" { self.secured(wire, &proxy.url).await } else { Ok(wire) }
        };
        reached.await.map_err(|error: Failed| {
            let (cause, reason) = cause(&*error);
            proxy.error(ProxyFault::Unreachable(cause, reason))
        })
    }

    /// Speaks TLS to the host of `url`, as is configured for that host alone.
    async fn secured(&self, wire: Box<dyn Wire>, url: &Url) -> Result<Box<dyn Wire>, Failed> {
        let config = self.trust.config_for(url)?;
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Box::new(TlsConnector::from(config).connect(name, wire).await?))
    }
}

/// Asks a proxy for a tunnel to the host of `url` (RFC 9110 section 9.3.6).
async fn tunnelled(mut wire: Box<dyn Wire>, proxy: &Proxy, url: &Url) -> Result<Box<dyn Wire>, ProxyFault> {
    let host = url.host_str().unwrap_or_default();
    let place = format!("{host}:{}", url.port_or_known_default().unwrap_or(443));
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {USER_AGENT}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        request.extend([b"Proxy-Authorization: ", authorization.as_bytes(), b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    wire.write_all(&request).await.map_err(|_| ProxyFault::NoProxy)?;
    wire.flush().await.map_err(|_| ProxyFault::NoProxy)?;
    match status(&mut wire).await {
        Some(200..=299) => Ok(wire),
        Some(407) => Err(ProxyFault::Credentials { presented: proxy.authorization.is_some() }),
        Some(other) => Err(ProxyFault::Refused(other)),
        None => Err(ProxyFault::NoProxy),
    }
}

/// Reads the head of an answer byte by byte, since what follows belongs to TLS; returns its status.
async fn status(wire: &mut Box<dyn Wire>) -> Option<u16> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(wire.read_u8().await.ok().filter(|_| head.len() < HEAD_LIMIT)?);
    }
    let line = std::str::from_utf8(&head).ok()?.lines().next()?;
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = Failed;
    type Future = BoxFuture<'static, Result<Link, Failed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let url = Url::parse(&destination.to_string())?;
            let place = host_and_port(&url);
            let connected = timeout(CONNECT_TIMEOUT, connector.connect(url)).await;
            connected.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, place).into()))
        })
    }
}

impl Link {
    fn new(wire: Box<dyn Wire>, forwarded: bool) -> Self {
        Self { wire: TokioIo::new(wire), forwarded }
    }

    fn wire(self: Pin<&mut Self>) -> Pin<&mut TokioIo<Box<dyn Wire>>> {
        Pin::new(&mut self.get_mut().wire)
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded)
    }
}

impl hyper::rt::Read for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.wire().poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Link {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wire().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire().poll_shutdown(context)
    }

    // Without these two a large body would be copied together before it is written.
    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wire().poll_write_vectored(context, slices)
    }
}
