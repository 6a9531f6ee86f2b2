//! Which connections the control plane has: their names, and nothing of what they hold.

use std::collections::BTreeSet;

use super::{ControlPlane, ControlPlaneError};

impl ControlPlane {
    /// Returns the names of the connections that the server has.
    ///
    /// # Errors
    /// When the server refuses to tell or cannot be reached.
    pub async fn connections(&self) -> Result<BTreeSet<String>, ControlPlaneError> {
        let call = self.get("list the connections".to_owned(), &["api", "v2", "connections"]);
        let entries = self.entries(call, "connections", async |call| self.call(call).await).await?;
        Ok(entries.iter().filter_map(|entry| Some(entry["connection_id"].as_str()?.to_owned())).collect())
    }
}
