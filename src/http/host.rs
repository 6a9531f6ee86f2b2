//! Hosts of URLs: how they are written, and which of them no proxy may see.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Returns `host[:port]` of `url`, as people write it; an IPv6 address keeps its brackets.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Returns whether `url` stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        _ => address(url).is_some_and(|address| address.is_loopback()),
    }
}

/// Returns whether `url` names an address that clouds answer secrets on, or any other link-local one.
pub(crate) fn is_metadata_service(url: &Url) -> bool {
    match (url.host(), address(url)) {
        (Some(Host::Domain(name)), _) => {
            matches!(name.trim_end_matches('.'), "metadata" | "metadata.google.internal" | "instance-data")
        }
        // 100.100.100.200 is Alibaba Cloud's.
        (_, Some(IpAddr::V4(address))) => address.is_link_local() || address == Ipv4Addr::new(100, 100, 100, 200),
        // fd00:ec2::254 is Amazon's.
        (_, Some(IpAddr::V6(address))) => {
            address.is_unicast_link_local() || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
        (None, None) => true,
        (Some(_), None) => false,
    }
}

/// Returns the address that `url` names; one of IPv4 in the clothes of IPv6 is one of IPv4.
pub(super) fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(address.to_canonical()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_are_known() {
        for (url, expected) in [
            ("https://169.254.169.254/token", true),
            ("https://[fe80::1]/", true),
            ("https://[::ffff:169.254.169.254]/", true),
            ("https://[fd00:ec2::254]/", true),
            ("https://2852039166/", true),
            ("https://metadata.google.internal/", true),
            ("https://metadata.google.internal./", true),
            ("https://auth.docker.io/token", false),
            ("https://10.0.0.1/", false),
        ] {
            assert_eq!(is_metadata_service(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn loopback_is_told_by_name_and_by_address() {
        for (url, expected) in [
            ("http://localhost:5000/", true),
            ("http://a.localhost/", true),
            ("http://127.1.2.3/", true),
            ("http://[::1]:5000/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://127.0.0.1.example.com/", false),
            ("http://[::2]/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
