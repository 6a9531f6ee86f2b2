//! `--wait`, `wait`, and the connections that a DAG needs.
