//! One page of a list: `limit` and `offset`, as Airflow's API has them.

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::problem::{Problem, answer};

/// How many entries a page has unless `limit` says otherwise, as Airflow has it.
const LIMIT: usize = 50;

/// The most that `limit` gets.
const MOST: usize = 100;

/// Answers with the entries that the query of `uri` asks for, and how many there are in all.
pub(super) fn of(field: &str, entries: Vec<Value>, uri: &Uri) -> Result<Response, Problem> {
    let (limit, offset) = (number(uri, "limit")?.unwrap_or(LIMIT).min(MOST), number(uri, "offset")?.unwrap_or(0));
    let total = entries.len();
    let page: Vec<Value> = entries.into_iter().skip(offset).take(limit).collect();
    Ok(answer(StatusCode::OK, &json!({ field: page, "total_entries": total })))
}

fn number(uri: &Uri, name: &str) -> Result<Option<usize>, Problem> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let Some((_, text)) = pairs.find(|(key, _)| key == name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Problem::bad_request(format!("`{name}` must be a number")))
}
