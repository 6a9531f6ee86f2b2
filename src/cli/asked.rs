//! Which hosts were asked for images: told to scripts always, and to people as the proof of `--offline`.

use serde_json::Value;

use super::args::ConnectionArgs;
use crate::registry::Client;

/// Returns the line for people, with `--offline`.
pub(super) fn line(args: &ConnectionArgs, client: &Client) -> String {
    let hosts = client.asked().into_iter().map(|(host, requests)| match requests {
        1 => format!("{host} (1 request)"),
        several => format!("{host} ({several} requests)"),
    });
    match (args.offline, hosts.collect::<Vec<_>>()) {
        (false, _) => String::new(),
        (true, hosts) if hosts.is_empty() => "  offline: no registry was asked\n".to_owned(),
        (true, hosts) => format!("  offline: asked {} and no other registry\n", hosts.join(", ")),
    }
}

/// Returns the number of requests to each host.
pub(super) fn json(client: &Client) -> Value {
    client.asked().into_iter().collect::<std::collections::BTreeMap<String, u64>>().into_iter().collect()
}
