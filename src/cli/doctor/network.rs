//! What lies between here and servers: clocks that differ, proxies, and whom TLS trusts.

use url::Url;

use super::check::Check;
use super::ground::{Clock, Ground};
use crate::cli::environment::Environment;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::server;
use crate::cli::time::duration;
use crate::registry::TrustedRoots;

/// By how much clocks may differ, in seconds: tokens and certificates are valid by the clock.
const APART: u64 = 60;

pub(super) fn checks(ground: &Ground<'_>) -> Vec<Check> {
    vec![clock(&ground.clocks()), proxy(ground), authorities(ground)]
}

fn clock(clocks: &[Clock]) -> Check {
    let apart = clocks.iter().find(|clock| clock.ahead.unsigned_abs() > APART);
    match (apart, clocks.first()) {
        (Some(Clock { server, ahead }), _) => {
            let (apart, way) = (duration(ahead.unsigned_abs()), if *ahead > 0 { "behind" } else { "ahead of" });
            let what = format!("this machine is {apart} {way} {server}");
            Check::warn("clock", what, "set it by NTP, e.g. `timedatectl set-ntp true`: tokens go by it")
        }
        (None, Some(Clock { server, .. })) => Check::ok("clock", format!("agrees with {server}")),
        (None, None) => Check::ok("clock", "not compared: no server told the time"),
    }
}

/// Returns how each host is reached that a deploy asks.
fn proxy(ground: &Ground<'_>) -> Check {
    let proxies = ground.session.environment.proxies();
    let mut routes = Vec::new();
    for url in hosts(ground) {
        let host = url.host_str().unwrap_or_default();
        match proxies.route(&url) {
            Ok(Some(proxy)) => routes.push(format!("{host} by {proxy}")),
            Ok(None) => {}
            Err(error) => {
                return Check::fail("proxy", Failure::new(Exit::Usage, error.to_string(), Some(error.help(host))));
            }
        }
    }
    match routes.is_empty() {
        true => Check::ok("proxy", "none is in the way"),
        false => Check::ok("proxy", routes.join("\n")),
    }
}

fn hosts(ground: &Ground<'_>) -> Vec<Url> {
    let server = match &ground.sandbox {
        Some(sandbox) => Some(sandbox.control_plane.clone()),
        None => {
            let (given, session) = (&ground.args.server, ground.session);
            server::server(given, &session.environment, &session.settings).ok().map(|server| server.url)
        }
    };
    let indexes = ground.index.iter().flatten().flat_map(|options| options.sources.indexes.clone());
    server.into_iter().chain(ground.registries()).chain(indexes).collect()
}

fn authorities(ground: &Ground<'_>) -> Check {
    if let Err(failure) = ground.session.environment.check_authorities() {
        return Check::fail("ca", failure);
    }
    match TrustedRoots::of_machine() {
        Ok(TrustedRoots { count, built_in: true }) => {
            Check::ok("ca", format!("{count} authorities that are built in: this machine has none"))
        }
        Ok(TrustedRoots { count, built_in: false }) => Check::ok("ca", format!("{count} authorities from {}", from())),
        Err(reason) => {
            let help = "check `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set";
            Check::fail("ca", Failure::new(Exit::System, reason, Some(help.to_owned())))
        }
    }
}

fn from() -> &'static str {
    let given = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(|name| Environment::lookup(name).is_some());
    given.unwrap_or("this machine's store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_with_the_server_that_says_so() {
        let check = |ahead: &[i64], expected: &str| {
            let of = |(number, ahead): (usize, &i64)| Clock { server: format!("s{number}"), ahead: *ahead };
            let clocks: Vec<Clock> = ahead.iter().enumerate().map(of).collect();
            let check = clock(&clocks);
            assert_eq!(format!("{} {}", check.status.word(), check.what), expected);
        };
        check(&[], "ok not compared: no server told the time");
        check(&[60, -60], "ok agrees with s0");
        check(&[0, 61], "warn this machine is 1 min behind s1");
        check(&[-7200], "warn this machine is 2 h 0 min ahead of s0");
        check(&[i64::MIN], "warn this machine is 106751991167300 d 15 h ahead of s0");
    }
}
