//! A door before a server on loopback: TCP or TLS, on either IP, counting who comes in and what they show.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::tls::file;

/// A running door; it closes with this value.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    shown: Shown,
    accepting: JoinHandle<()>,
}

/// How many client certificates each connection came with.
type Shown = Arc<Mutex<Vec<usize>>>;

/// Whether clients are asked for a certificate that `corp-ca.pem` signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    Unasked,
    Asked,
    Required,
}

impl Front {
    /// Passes everything on to `target`; `bind` is `127.0.0.1:0` or `[::1]:0`.
    pub(crate) async fn plain(bind: &str, target: SocketAddr) -> Self {
        Self::start(bind, target, None).await
    }

    /// Does the same behind TLS, showing `certificate` of `testdata/tls`.
    pub(crate) async fn tls(bind: &str, target: SocketAddr, certificate: &str, clients: Clients) -> Self {
        Self::start(bind, target, Some(acceptor(certificate, clients))).await
    }

    async fn start(bind: &str, target: SocketAddr, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(bind).await.unwrap_or_else(|error| panic!("cannot listen on {bind}: {error}"));
        let address = listener.local_addr().unwrap();
        let (accepted, shown) = (Arc::<AtomicUsize>::default(), Shown::default());
        let (counted, seen) = (Arc::clone(&accepted), Arc::clone(&shown));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, SeqCst);
                connections.spawn(serve(stream, target, acceptor.clone(), Arc::clone(&seen)));
            }
        });
        Self { address, accepted, shown, accepting }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// How many connections came in.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }

    /// How many client certificates each TLS connection came with.
    pub(crate) fn shown(&self) -> Vec<usize> {
        self.shown.lock().unwrap().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A server's side of TLS.
pub(crate) fn acceptor(certificate: &str, clients: Clients) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("corp-ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        Clients::Unasked => builder.with_no_client_auth(),
        Clients::Asked => builder.with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap()),
        Clients::Required => builder.with_client_cert_verifier(verifier.build().unwrap()),
    };
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()))
}

/// What goes wrong on a connection is the client's to notice.
async fn serve(
    stream: TcpStream,
    target: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    shown: Shown,
) -> std::io::Result<()> {
    let Some(acceptor) = acceptor else { return join(stream, target).await };
    let inside = acceptor.accept(stream).await?;
    let certificates = inside.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
    shown.lock().unwrap().push(certificates);
    join(inside, target).await
}

async fn join(mut inside: impl AsyncRead + AsyncWrite + Unpin, target: SocketAddr) -> std::io::Result<()> {
    let mut outside = TcpStream::connect(target).await?;
    copy_bidirectional(&mut inside, &mut outside).await.map(|_| ())
}
