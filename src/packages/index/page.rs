//! A page's URL in, the files that it lists out: from the cache while it is fresh, else from its server.

use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use url::Url;

use super::error::shown;
use super::listed::Listed;
use super::rows::{MEDIA_TYPE, Rows};
use super::transport::{Answer, Request};
use super::{IndexError, Shared, html, json};
use crate::cache::AnswerHead;

/// JSON where the index has it (PEP 691, "Version + Format Selection").
const PAGES: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// The largest page that is read, in bytes.
const PAGE_LIMIT: u64 = 128 << 20;

/// A server that says nothing of how long its pages are good for gets as long as PyPI says, in seconds.
const USUAL_FRESHNESS: u64 = 600;

const NOT_FOUND: u16 = 404;

/// A page that was asked for before; without rows where there was none.
struct KeptPage {
    etag: Option<String>,
    is_fresh: bool,
    rows: Option<Rows>,
}

impl Shared {
    /// Returns the files that the page at `url` lists; none at all where there is no such page.
    pub(super) async fn rows(&self, attempted: &str, url: &Url) -> Result<Option<Arc<Rows>>, IndexError> {
        let rows = match self.kept_page(url).await? {
            Some(kept) if self.options.offline || kept.is_fresh => kept.rows,
            kept => self.ask_for_page(attempted, url, kept).await?,
        };
        Ok(rows.map(Arc::new))
    }

    async fn kept_page(&self, url: &Url) -> Result<Option<KeptPage>, IndexError> {
        let (cache, asked) = (self.options.cache.clone(), url.to_string());
        aside(move || {
            let kept = cache.answer(&asked)?;
            let (is_fresh, etag) = (kept.is_fresh(), kept.head.etag);
            if kept.head.status == NOT_FOUND {
                return Some(KeptPage { etag, is_fresh, rows: None });
            }
            // What is kept in another form is as good as nothing.
            let rows = Rows::kept(kept.body).filter(|_| kept.head.content_type == MEDIA_TYPE)?;
            Some(KeptPage { etag, is_fresh, rows: Some(rows) })
        })
        .await
    }

    async fn ask_for_page(
        &self,
        attempted: &str,
        url: &Url,
        kept: Option<KeptPage>,
    ) -> Result<Option<Rows>, IndexError> {
        let mut request = Request::get(attempted, url);
        request.headers.insert(ACCEPT, HeaderValue::from_static(PAGES));
        let etag = kept.as_ref().and_then(|kept| HeaderValue::from_str(kept.etag.as_ref()?).ok());
        etag.map(|etag| request.headers.insert(IF_NONE_MATCH, etag));
        match (self.fetch(&request, PAGE_LIMIT).await, kept) {
            (Ok((answer, _)), Some(kept)) if answer.status == StatusCode::NOT_MODIFIED => {
                self.options.cache.confirm_answer(url.as_str());
                Ok(kept.rows)
            }
            (Ok((answer, _)), _) if answer.status != StatusCode::OK => {
                let reason = format!("it answers HTTP {} to who asked for a page", answer.status.as_u16());
                Err(IndexError::NoIndex { attempted: attempted.to_owned(), url: shown(&answer.url), reason })
            }
            (Ok((answer, body)), _) => self.read_page(attempted, url, &answer, body).await.map(Some),
            // Kept for --offline alone: what is missing now may be there in a minute.
            (Err(IndexError::Missing { .. }), _) => {
                self.options.cache.keep_answer(url.as_str(), &missing(), &[]);
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Reads a page, and keeps what it says.
    async fn read_page(&self, attempted: &str, url: &Url, answer: &Answer, body: Vec<u8>) -> Result<Rows, IndexError> {
        let (cache, asked, attempted) = (self.options.cache.clone(), url.to_string(), attempted.to_owned());
        let (from, head) = (answer.url.clone(), head(answer));
        let kind = answer.header(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        aside(move || {
            let files = parse(attempted, &from, &kind, &body)?;
            // Signed URLs are secrets, and soon of no use.
            let is_signed = files.iter().any(|file| file.url.query().is_some());
            let rows = Rows::of(files);
            if !is_signed {
                cache.keep_answer(&asked, &head, rows.as_bytes());
            }
            Ok(rows)
        })
        .await?
    }
}

/// Does work that takes a while, where nobody waits for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IndexError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| IndexError::Setup(error.to_string()))
}

fn head(answer: &Answer) -> AnswerHead {
    AnswerHead {
        status: answer.status.as_u16(),
        content_type: MEDIA_TYPE.to_owned(),
        etag: answer.header(ETAG).map(str::to_owned),
        fresh_for: freshness(answer.header(CACHE_CONTROL)),
    }
}

fn missing() -> AnswerHead {
    AnswerHead { status: NOT_FOUND, content_type: String::new(), etag: None, fresh_for: 0 }
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

fn parse(attempted: String, url: &Url, kind: &str, body: &[u8]) -> Result<Vec<Listed>, IndexError> {
    let unknown = |reason| IndexError::NoIndex { attempted: attempted.clone(), url: shown(url), reason };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let listed = match kind {
        _ if kind.ends_with("json") => json::parse(body, url).map_err(unknown)?,
        _ if kind.ends_with("html") || kind.is_empty() => {
            let page = html::parse(body, url);
            if page.files.is_empty() && page.is_for_people {
                return Err(IndexError::LoginPage { attempted, url: shown(url) });
            }
            page.files
        }
        other => return Err(unknown(format!("it is `{other}`, neither JSON nor HTML"))),
    };
    Ok(listed.into_iter().filter(|file| may_link(url, &file.url)).collect())
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
