//! Whom TLS trusts: the machine's authorities, and Mozilla's when the machine has none.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Returns a configuration that trusts the machine's certificate authorities (`SSL_CERT_FILE` included).
///
/// A slim container often has no `ca-certificates`; it then trusts Mozilla's list as it was built in, so that a bare
/// CI image can reach public servers.
///
/// # Errors
/// When the machine has a list that cannot be read, or `SSL_CERT_FILE` names none: a built-in one would hide that.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if let (true, Some(error)) = (roots.is_empty(), native.errors.first()) {
        return Err(rustls::Error::General(format!("cannot read trusted certificates: {error}")));
    }
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
