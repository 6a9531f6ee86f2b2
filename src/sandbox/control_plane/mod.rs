//! The stand-in of the control plane (contract section 5).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;

use crate::secret::Secret;

pub(super) struct Service {}

impl Service {
    pub(super) fn open(_root: PathBuf) -> io::Result<Self> {
        Ok(Self {})
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
    }
}

pub(super) fn sandbox_token() -> Secret {
    Secret::new("sandbox")
}

pub(super) fn record(root: &Path, dag_id: &str, version: &str) -> PathBuf {
    root.join("dags").join(dag_id).join("versions").join(format!("{version}.json"))
}
