//! Lists that come in pages (`limit` and `offset`, as Airflow's API has them), read to their end.

use serde_json::Value;

use super::exchange::Call;
use super::{ControlPlane, ControlPlaneError};

/// How many entries are asked for at a time; a server may give fewer.
const PAGE: usize = 100;

/// More entries than any server has; one that lists on and on is not heard out.
const MOST: usize = 10_000;

impl ControlPlane {
    /// Returns all entries of the list called `field`; `ask` fetches one page of it.
    ///
    /// The first page is asked for without `limit` and `offset`, which a server need not know as long as all fits in one.
    pub(super) async fn entries(
        &self,
        call: Call<'_>,
        field: &str,
        ask: impl AsyncFn(&Call<'_>) -> Result<super::Answer, ControlPlaneError>,
    ) -> Result<Vec<Value>, ControlPlaneError> {
        let (mut entries, mut call) = (Vec::new(), call);
        loop {
            let mut answer = ask(&call).await?;
            let total = answer.json["total_entries"].as_u64().and_then(|total| usize::try_from(total).ok());
            let Value::Array(page) = answer.json[field].take() else {
                return Err(answer.not_the_api(&format!("an answer without `{field}`")));
            };
            let is_last = page.is_empty();
            entries.extend(page);
            if is_last || total.is_none_or(|total| entries.len() >= total) {
                return Ok(entries);
            }
            if entries.len() >= MOST {
                return Err(answer.not_the_api(&format!("more than {MOST} entries in `{field}`")));
            }
            call.query = vec![("limit", PAGE.to_string()), ("offset", entries.len().to_string())];
        }
    }
}
