//! `NO_PROXY`: what goes past every proxy.

use std::net::IpAddr;

use url::Url;

use super::host::address;

/// A list of hosts. Names cover the names below them, with or without a dot before them; a port narrows an entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Debug, Clone)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// An address and how many of its first bits count.
    Network(IpAddr, u8),
    Below(String),
}

impl Exceptions {
    /// Reads a list as `NO_PROXY` holds it: by commas or white space; an entry that means nothing is passed over.
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Exception::parse).collect())
    }

    /// Returns whether `url` goes past every proxy.
    pub(super) fn cover(&self, url: &Url) -> bool {
        self.0.iter().any(|exception| exception.covers(url))
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        let (host, port) = split_port(entry)?;
        let hosts = match host.split_once('/') {
            _ if host == "*" => Hosts::All,
            Some((address, bits)) => network(address, Some(bits))?,
            None => network(host, None).unwrap_or_else(|| below(host)),
        };
        (hosts != Hosts::Below(String::new())).then_some(Self { hosts, port })
    }

    fn covers(&self, url: &Url) -> bool {
        let same_port = self.port.is_none() || self.port == url.port_or_known_default();
        same_port
            && match (&self.hosts, address(url)) {
                (Hosts::All, _) => true,
                (Hosts::Network(network, bits), Some(address)) => share(*network, address, *bits),
                (Hosts::Below(domain), None) => is_below(url.host_str().unwrap_or_default(), domain),
                _ => false,
            }
    }
}

/// Splits `host:port`; an IPv6 address has a port only after its brackets.
fn split_port(entry: &str) -> Option<(&str, Option<u16>)> {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => Some((address, Some(port.parse().ok()?))),
            None => Some((address, None)).filter(|_| rest.is_empty()),
        };
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => Some((host, Some(port.parse().ok()?))),
        _ => Some((entry, None)),
    }
}

fn network(address: &str, bits: Option<&str>) -> Option<Hosts> {
    let address = address.parse::<IpAddr>().ok()?.to_canonical();
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|&bits: &u8| bits <= most))?;
    Some(Hosts::Network(address, bits))
}

fn below(name: &str) -> Hosts {
    let name = name.strip_prefix('*').unwrap_or(name);
    Hosts::Below(name.trim_matches('.').to_ascii_lowercase())
}

fn is_below(host: &str, domain: &str) -> bool {
    let rest = host.trim_end_matches('.').strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn share(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let ignored = width - u32::from(bits);
        one.checked_shr(ignored).unwrap_or(0) == other.checked_shr(ignored).unwrap_or(0)
    };
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(u32::from(one).into(), u32::from(other).into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.into(), other.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_cover_names_addresses_networks_and_ports() {
        let check = |list: &str, url: &str, expected: bool| {
            assert_eq!(Exceptions::parse(list).cover(&Url::parse(url).unwrap()), expected, "{list} {url}");
        };
        check("", "https://a.corp/", false);
        check("*", "https://a.corp/", true);
        check("corp", "https://a.corp/", true);
        check("corp", "https://CORP/", true);
        check("corp", "https://a.notcorp/", false);
        check(".Corp", "https://a.b.corp/", true);
        check(".corp", "https://corp/", true);
        check("*.corp", "https://a.corp/", true);
        check("a.corp", "https://a.corp./", true);
        check("a.corp", "https://b.a.corp.evil/", false);
        check("x, a.corp\tb.corp", "https://b.corp/", true);
        check("a.corp:5000", "https://a.corp:5000/", true);
        check("a.corp:5000", "https://a.corp/", false);
        check("a.corp:443", "https://a.corp/", true);
        check("*:5000", "https://a.corp:5000/", true);
        check("10.0.0.1", "https://10.0.0.1:5000/", true);
        check("10.0.0.1:80", "http://10.0.0.1/", true);
        check("10.0.0.1:80", "https://10.0.0.1/", false);
        check("10.0.0.0/8", "https://10.9.8.7/", true);
        check("10.0.0.0/8", "https://11.0.0.1/", false);
        check("10.0.0.0/33", "https://10.0.0.1/", false);
        check("0.0.0.0/0", "https://10.0.0.1/", true);
        check("0.0.0.0/0", "https://[2001:db8::1]/", false);
        check("2001:db8::1", "https://[2001:db8::1]:5000/", true);
        check("[2001:db8::1]:5000", "https://[2001:db8::1]:5000/", true);
        check("[2001:db8::1]:5000", "https://[2001:db8::1]/", false);
        check("[2001:db8::1]", "https://[2001:db8:0:0::1]/", true);
        check("2001:db8::/32", "https://[2001:db8:ffff::1]/", true);
        check("2001:db8::/32", "https://[2001:db9::1]/", false);
        check("::/0", "https://[2001:db9::1]/", true);
        // An address is no part of a name, and a name covers no address.
        check("0.0.1", "https://10.0.0.1/", false);
        check(".", "https://a.corp/", false);
        check("a.corp:x", "https://a.corp/", false);
    }
}
