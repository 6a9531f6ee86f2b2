//! Whom TLS trusts: the machine's authorities, and Mozilla's when the machine has none.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Returns a configuration that trusts the machine's certificate authorities (`SSL_CERT_FILE` included).
///
/// A slim container often has no `ca-certificates`; it then trusts Mozilla's list as it was built in, so that a bare
/// CI image can reach public servers.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
