//! A project's name in, the files that the sources have of it out.

use std::sync::Arc;

use pep508_rs::PackageName;
use reqwest::header::{ACCEPT, HeaderValue};
use url::Url;

use super::error::shown;
use super::transport::Request;
use super::{IndexError, IndexEvent, ProjectFiles, Shared, json};

/// JSON where the index has it (PEP 691, "Version + Format Selection").
const PAGES: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// The largest page that is read, in bytes.
const PAGE_LIMIT: u64 = 128 << 20;

impl Shared {
    pub(super) async fn project(&self, name: &PackageName) -> Result<Arc<ProjectFiles>, IndexError> {
        for index in &self.options.sources.indexes {
            match self.page(index, name).await {
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error),
                Ok(files) => {
                    (self.options.observer)(IndexEvent::Project { name: name.clone(), files: files.files.len() });
                    return Ok(Arc::new(files));
                }
            }
        }
        let asked = self.options.sources.indexes.iter().map(shown).collect();
        Err(IndexError::NoSuchProject { name: name.clone(), asked, meant: None })
    }

    async fn page(&self, index: &Url, name: &PackageName) -> Result<ProjectFiles, IndexError> {
        let attempted = format!("read the files of `{name}`");
        let url = page_url(index, name);
        let mut request = Request::get(attempted.clone(), &url);
        request.headers.insert(ACCEPT, HeaderValue::from_static(PAGES));
        let (answer, body) = self.fetch(&request, PAGE_LIMIT).await?;
        let listed = json::parse(&body, &answer.url).map_err(|reason| IndexError::NoIndex {
            attempted,
            url: shown(&answer.url),
            reason,
        })?;
        let files = listed.into_iter().map(|listed| listed.file(name)).collect();
        Ok(ProjectFiles { name: name.clone(), index: shown(index), files })
    }
}

/// Returns `<index>/<normalized name>/` (PEP 503).
fn page_url(index: &Url, name: &PackageName) -> Url {
    let mut url = index.clone();
    url.set_path(&format!("{}/{name}/", index.path().trim_end_matches('/')));
    url
}
