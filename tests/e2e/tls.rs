//! Certificates of `testdata/tls`, and nginx in front of a registry, as most registries on premises are run.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use crate::programs::{command, write_private};
use crate::server::Server;

/// Returns a file of `testdata/tls`.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls").join(name)
}

/// Returns what a server of ours shows and speaks.
pub(crate) fn server() -> ServerConfig {
    let chain = vec![CertificateDer::from_pem_file(file("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

/// nginx, speaking TLS for a registry that does not.
pub(crate) struct Front {
    /// `127.0.0.1:port`
    pub(crate) host: String,
    _server: Server,
    _directory: TempDir,
}

impl Front {
    /// Starts nginx before `registry`; a request's body may be as large as `limit` says in nginx's words.
    ///
    /// nginx takes no port 0: a free one is looked up, and another one when somebody was faster.
    pub(crate) fn start(registry: &str, limit: &str) -> Self {
        for _ in 0..5 {
            let directory = tempfile::tempdir().unwrap();
            let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            let configuration = directory.path().join("nginx.conf");
            write_private(&configuration, &configure(directory.path(), &host, registry, limit));
            let mut nginx = command("nginx");
            nginx.arg("-p").arg(directory.path()).arg("-c").arg(configuration).args(["-e", "/dev/stderr"]);
            let mut server = Server::start("nginx", &nginx);
            if !server.wait_for_any(&["start worker process ", "still could not bind"]).contains("bind") {
                return Self { host, _server: server, _directory: directory };
            }
        }
        panic!("no port for nginx");
    }
}

fn configure(directory: &Path, host: &str, registry: &str, limit: &str) -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};\n", directory.join(name).display()));
    format!(
        "daemon off; worker_processes 1; user root; pid {pid}; error_log /dev/stderr notice;\n\
         events {{}}\n\
         http {{ access_log off; {paths}\n\
         server {{ listen {host} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};\n\
         client_max_body_size {limit}; chunked_transfer_encoding on;\n\
         location /v2/ {{ proxy_pass http://{registry}; proxy_http_version 1.1; proxy_request_buffering off;\n\
         proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme; }} }} }}\n",
        pid = directory.join("pid").display(),
        paths = paths.concat(),
        certificate = file("server.pem").display(),
        key = file("server.key").display(),
    )
}
