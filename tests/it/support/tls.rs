//! TLS in front of a server that speaks plain HTTP.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A running front; it stops with this value.
pub struct TlsFront {
    pub address: String,
    _runtime: Runtime,
}

/// A file of `testdata/tls`.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls").join(name)
}

impl TlsFront {
    /// Passes everything on to `target` (`127.0.0.1:port`), showing `certificate`. A client that speaks plain HTTP is
    /// answered with `plain`, or with a TLS alert when that is empty.
    pub fn to(target: &str, certificate: &str, plain: &'static str) -> Self {
        let (target, acceptor) = (target.to_owned(), acceptor(certificate));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), target.clone(), plain));
            }
        });
        Self { address, _runtime: runtime }
    }
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

/// What goes wrong on a connection is the client's to notice.
async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, target: String, plain: &str) -> std::io::Result<()> {
    const HANDSHAKE: u8 = 22;
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first[0] != HANDSHAKE && !plain.is_empty() {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await?;
        return stream.write_all(plain.as_bytes()).await;
    }
    let mut inside = acceptor.accept(stream).await?;
    let mut outside = TcpStream::connect(target).await?;
    copy_bidirectional(&mut inside, &mut outside).await.map(|_| ())
}
