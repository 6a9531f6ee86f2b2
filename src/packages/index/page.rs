//! A page's URL in, the files that it lists out: from the cache while it is fresh, else from its server.

use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use url::Url;

use super::error::shown;
use super::listed::Listed;
use super::transport::{Answer, Request};
use super::{IndexError, Shared, html, json};
use crate::cache::{AnswerHead, KeptAnswer};

/// JSON where the index has it (PEP 691, "Version + Format Selection").
const PAGES: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// The largest page that is read, in bytes.
const PAGE_LIMIT: u64 = 128 << 20;

/// A server that says nothing of how long its pages are good for gets as long as PyPI says, in seconds.
const USUAL_FRESHNESS: u64 = 600;

const NOT_FOUND: u16 = 404;

impl Shared {
    /// Returns the files that the page at `url` lists; none at all where there is no such page.
    pub(super) async fn listed(&self, attempted: &str, url: &Url) -> Result<Option<Vec<Listed>>, IndexError> {
        let (head, body) = self.page(attempted, url).await?;
        if head.status == NOT_FOUND {
            return Ok(None);
        }
        let attempted = attempted.to_owned();
        let listed = tokio::task::spawn_blocking(move || parse(attempted, &head, &body)).await;
        listed.unwrap_or_else(|error| Err(IndexError::Setup(error.to_string()))).map(Some)
    }

    async fn page(&self, attempted: &str, url: &Url) -> Result<(AnswerHead, Vec<u8>), IndexError> {
        let kept = self.options.cache.answer(url.as_str());
        match kept {
            Some(kept) if self.options.offline || kept.is_fresh() => Ok((kept.head, kept.body)),
            kept => self.ask_for_page(attempted, url, kept).await,
        }
    }

    async fn ask_for_page(
        &self,
        attempted: &str,
        url: &Url,
        kept: Option<KeptAnswer>,
    ) -> Result<(AnswerHead, Vec<u8>), IndexError> {
        let cache = &self.options.cache;
        let mut request = Request::get(attempted, url);
        request.headers.insert(ACCEPT, HeaderValue::from_static(PAGES));
        let etag = kept.as_ref().and_then(|kept| HeaderValue::from_str(kept.head.etag.as_ref()?).ok());
        etag.map(|etag| request.headers.insert(IF_NONE_MATCH, etag));
        let (head, body) = match (self.fetch(&request, PAGE_LIMIT).await, kept) {
            (Ok((answer, _)), Some(kept)) if answer.status == StatusCode::NOT_MODIFIED => {
                cache.confirm_answer(url.as_str());
                return Ok((kept.head, kept.body));
            }
            (Ok((answer, body)), _) => (head(&answer), body),
            // Kept for --offline alone: what is missing now may be there in a minute.
            (Err(IndexError::Missing { .. }), _) => (missing(url), Vec::new()),
            (Err(error), _) => return Err(error),
        };
        cache.keep_answer(url.as_str(), &head, &body);
        Ok((head, body))
    }
}

fn head(answer: &Answer) -> AnswerHead {
    AnswerHead {
        url: answer.url.to_string(),
        status: answer.status.as_u16(),
        content_type: answer.header(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
        etag: answer.header(ETAG).map(str::to_owned),
        fresh_for: freshness(answer.header(CACHE_CONTROL)),
    }
}

fn missing(url: &Url) -> AnswerHead {
    let (url, content_type) = (url.to_string(), String::new());
    AnswerHead { url, status: NOT_FOUND, content_type, etag: None, fresh_for: 0 }
}

/// Reads `Cache-Control` (RFC 9111 section 5.2.2); nobody else reads our cache, so that `private` is no limit.
fn freshness(control: Option<&str>) -> u64 {
    let Some(control) = control else { return USUAL_FRESHNESS };
    let mut directives = control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    if directives.clone().any(|directive| matches!(&*directive, "no-cache" | "no-store")) {
        return 0;
    }
    directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok()).unwrap_or(USUAL_FRESHNESS)
}

fn parse(attempted: String, head: &AnswerHead, body: &[u8]) -> Result<Vec<Listed>, IndexError> {
    let unknown = |url: String, reason: String| IndexError::NoIndex { attempted: attempted.clone(), url, reason };
    let url = Url::parse(&head.url).map_err(|error| unknown(head.url.clone(), error.to_string()))?;
    let kind = head.content_type.split(';').next().unwrap_or_default().trim();
    let listed = match kind {
        _ if kind.ends_with("json") => json::parse(body, &url).map_err(|reason| unknown(shown(&url), reason))?,
        _ if kind.ends_with("html") || kind.is_empty() => {
            let page = html::parse(body, &url);
            if page.files.is_empty() && page.is_for_people {
                return Err(IndexError::LoginPage { attempted, url: shown(&url) });
            }
            page.files
        }
        other => return Err(unknown(shown(&url), format!("it is `{other}`, neither JSON nor HTML"))),
    };
    Ok(listed.into_iter().filter(|file| may_link(&url, &file.url)).collect())
}

/// Returns whether a page may lead there: one of a server does not lead to files of this machine.
fn may_link(page: &Url, file: &Url) -> bool {
    matches!(file.scheme(), "http" | "https") || file.scheme() == page.scheme()
}

/// Returns what is attempted, to be told.
pub(super) fn attempted(what: impl std::fmt::Display) -> Arc<str> {
    format!("read the files of `{what}`").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_how_long_a_page_is_good_for() {
        for (control, expected) in [
            (None, 600),
            (Some("max-age=5, public"), 5),
            (Some("public, Max-Age=0"), 0),
            (Some("no-cache, max-age=5"), 0),
            (Some("private"), 600),
            (Some("max-age=x"), 600),
        ] {
            assert_eq!(freshness(control), expected, "{control:?}");
        }
    }
}
