//! Pages of the control plane that people are sent to: those of Airflow 3's web interface.

use url::Url;

/// Returns where connections are made.
pub(super) fn connections(server: &Url) -> String {
    below(server, &["connections"])
}

/// Returns where a run is looked at, and the logs of its tasks.
pub(super) fn run(server: &Url, dag_id: &str, run_id: &str) -> String {
    below(server, &["dags", dag_id, "runs", run_id])
}

fn below(server: &Url, path: &[&str]) -> String {
    let mut url = server.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_below_the_servers_path() {
        for (server, expected) in [
            ("https://host", "https://host/dags/etl/runs/manual__1%2F2"),
            ("https://host:8080/leoflow/", "https://host:8080/leoflow/dags/etl/runs/manual__1%2F2"),
        ] {
            assert_eq!(run(&Url::parse(server).unwrap(), "etl", "manual__1/2"), expected);
        }
        assert_eq!(connections(&Url::parse("http://host/x").unwrap()), "http://host/x/connections");
    }
}
