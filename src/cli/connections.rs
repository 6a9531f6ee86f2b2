//! The connections that DAGs need, compared with those that the server has. Names only: nobody is asked for a secret.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::fold::folded;
use crate::control_plane::ControlPlane;

/// How long the server's list is waited for: the deploy is done already.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the server has, asked for once, and only when a DAG needs any.
#[derive(Debug, Default)]
pub struct ServerConnections(OnceCell<Result<BTreeSet<String>, String>>);

impl ServerConnections {
    /// Asks for what the server has, if anything is needed and nobody has asked before.
    pub async fn ask(&self, control_plane: &ControlPlane, needed: &[String]) {
        if !needed.is_empty() {
            self.0.get_or_init(|| known(control_plane)).await;
        }
    }

    /// Returns what the server lacks; `None` when that is not known.
    #[must_use]
    pub fn missing<'a>(&self, needed: &'a [String]) -> Option<Vec<&'a str>> {
        match self.0.get() {
            _ if needed.is_empty() => Some(Vec::new()),
            Some(Ok(there)) => Some(needed.iter().map(String::as_str).filter(|name| !there.contains(*name)).collect()),
            Some(Err(_)) | None => None,
        }
    }

    /// Returns what to tell people; `place` is where connections are made.
    #[must_use]
    pub fn text(&self, needed: &[String], place: &str) -> String {
        if needed.is_empty() {
            return String::new();
        }
        let needs = listed("  needs connections: ", needed.iter().map(String::as_str));
        match (self.missing(needed), self.0.get()) {
            (Some(missing), _) if missing.is_empty() => format!("{needs}  the server has them all\n"),
            (Some(missing), _) => {
                let them = if missing.len() == 1 { "it" } else { "them" };
                let missing = listed("  missing on the server: ", missing.into_iter());
                format!("{needs}{missing}    add {them} at {place}\n")
            }
            (None, Some(Err(reason))) => {
                format!("{needs}  not compared with the server's ({reason})\n    add what is missing at {place}\n")
            }
            (None, _) => format!("{needs}    add what is missing at {place}\n"),
        }
    }
}

async fn known(control_plane: &ControlPlane) -> Result<BTreeSet<String>, String> {
    match timeout(PATIENCE, control_plane.connections()).await {
        Ok(connections) => connections.map_err(|error| error.reason()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Lists names in lines that do not wrap, the further ones below the first name.
fn listed<'a>(start: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    format!("{start}{}\n", folded(&names.join(", "), start.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(there: Result<&[&str], &str>) -> ServerConnections {
        let there = there.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        ServerConnections(OnceCell::new_with(Some(there.map_err(str::to_owned))))
    }

    #[test]
    fn what_is_missing_is_told_with_the_place_to_add_it() {
        let check = |needed: &[&str], there: Result<&[&str], &str>, expected: &str| {
            let needed: Vec<String> = needed.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(known(there).text(&needed, "http://s/connections"), expected);
        };
        check(&[], Ok(&[]), "");
        check(&["a", "b"], Ok(&["b", "a", "c"]), "  needs connections: a, b\n  the server has them all\n");
        let one = "  needs connections: a, b\n  missing on the server: b\n    add it at http://s/connections\n";
        check(&["a", "b"], Ok(&["a", "B"]), one);
        let two = "  needs connections: a, b\n  missing on the server: a, b\n    add them at http://s/connections\n";
        check(&["a", "b"], Ok(&[]), two);
        let unknown = "  needs connections: a\n  not compared with the server's (403 Forbidden)\n    \
                       add what is missing at http://s/connections\n";
        check(&["a"], Err("403 Forbidden"), unknown);
    }

    #[test]
    fn what_was_not_compared_is_not_known_to_be_missing() {
        let needed = ["a".to_owned()];
        assert_eq!(ServerConnections::default().missing(&needed), None);
        assert_eq!(known(Err("x")).missing(&needed), None);
        assert_eq!(known(Ok(&[])).missing(&needed), Some(vec!["a"]));
        assert_eq!(ServerConnections::default().missing(&[]), Some(Vec::new()));
    }
}
