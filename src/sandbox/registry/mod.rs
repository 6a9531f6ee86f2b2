//! An OCI registry on loopback: the distribution specification 1.1 (and the tag parameters of 1.2) over one image
//! layout per repository.
//!
//! It knows no users and no quotas, and never talks to anybody: who may write to its directory may write to it.

mod blobs;
mod content;
mod fault;
mod index;
mod listing;
mod manifests;
mod route;
mod store;
mod uploads;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use fault::Fault;
use route::Route;
use store::Store;
pub(super) use store::layout;
use uploads::Sessions;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// The registry's state: files, and the uploads that are going on.
pub(super) struct Registry {
    store: Store,
    sessions: Sessions,
}

impl Registry {
    /// Opens the registry that keeps its layouts under `root`.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        Ok(Self { store: Store::open(root)?, sessions: Sessions::default() })
    }

    /// Returns the service that answers its requests.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(answer).with_state(Arc::clone(self))
    }

    /// Stores a blob from inside the process.
    pub(super) fn put_blob(&self, repository: &str, bytes: &[u8]) -> io::Result<()> {
        let digest = content::ContentDigest::of(content::Algorithm::Sha256, bytes);
        self.store.keep_bytes(repository, &digest, bytes)
    }

    /// Stores a manifest from inside the process.
    pub(super) fn put_manifest(
        &self,
        repository: &str,
        media_type: &str,
        bytes: &[u8],
        tags: &[String],
    ) -> io::Result<()> {
        let digest = content::ContentDigest::of(content::Algorithm::Sha256, bytes);
        self.store.keep_bytes(repository, &digest, bytes)?;
        self.store.change(repository, |index| {
            index.put(media_type, &digest, bytes.len() as u64, tags);
            Ok(())
        })
    }
}

async fn answer(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    dispatch(registry, parts, body).await.unwrap_or_else(Fault::into_response)
}

async fn dispatch(registry: Arc<Registry>, parts: Parts, body: Body) -> Result<Response, Fault> {
    let call = Call { registry, parts };
    let method = call.parts.method.clone();
    match Route::parse(call.parts.uri.path())? {
        Route::Root => match method {
            Method::GET | Method::HEAD => Reply::new(StatusCode::OK).body("application/json", "{}".into()),
            _ => Err(Fault::method("GET, HEAD")),
        },
        Route::Tags { name } => match method {
            Method::GET | Method::HEAD => listing::tags(call, name).await,
            _ => Err(Fault::method("GET, HEAD")),
        },
        Route::Referrers { name, digest } => match method {
            Method::GET | Method::HEAD => listing::referrers(call, name, digest).await,
            _ => Err(Fault::method("GET, HEAD")),
        },
        Route::Manifest { name, reference } => match method {
            Method::GET | Method::HEAD => manifests::get(call, name, reference).await,
            Method::PUT => manifests::put(call, name, reference, body).await,
            Method::DELETE => manifests::delete(call, name, reference).await,
            _ => Err(Fault::method("GET, HEAD, PUT, DELETE")),
        },
        Route::Blob { name, digest } => match method {
            Method::GET | Method::HEAD => blobs::get(call, name, digest).await,
            Method::DELETE => blobs::delete(call, name, digest).await,
            _ => Err(Fault::method("GET, HEAD, DELETE")),
        },
        Route::Uploads { name } => match method {
            Method::POST => blobs::start(call, name, body).await,
            _ => Err(Fault::method("POST")),
        },
        Route::Upload { name, id } => match method {
            Method::GET | Method::HEAD => blobs::status(call, name, id).await,
            Method::PATCH => blobs::append(call, name, id, body).await,
            Method::PUT => blobs::commit(call, name, id, body).await,
            Method::DELETE => blobs::cancel(call, name, id).await,
            _ => Err(Fault::method("GET, PATCH, PUT, DELETE")),
        },
    }
}

/// A request without its body.
struct Call {
    registry: Arc<Registry>,
    parts: Parts,
}

impl Call {
    /// Returns a query parameter.
    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).into_iter().next()
    }

    /// Returns all values of a query parameter.
    fn parameters(&self, name: &str) -> Vec<String> {
        let query = self.parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    /// Returns a header that is text.
    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Runs what waits for the disk where waiting holds nobody up.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let registry = Arc::clone(&self.registry);
        let outcome = tokio::task::spawn_blocking(move || work(&registry)).await;
        outcome.unwrap_or_else(|error| Err(io::Error::other(error.to_string()).into()))
    }
}

/// An answer that is a success.
struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
}

impl Reply {
    fn new(status: StatusCode) -> Self {
        Self { status, headers: Vec::new() }
    }

    fn with(mut self, name: HeaderName, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Ends the answer without a body.
    fn empty(self) -> Result<Response, Fault> {
        self.send(Body::empty())
    }

    fn body(self, media_type: &str, bytes: Vec<u8>) -> Result<Response, Fault> {
        self.with(header::CONTENT_TYPE, media_type).with(header::CONTENT_LENGTH, bytes.len()).send(bytes.into())
    }

    fn send(self, body: Body) -> Result<Response, Fault> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(body).map_err(|error| io::Error::other(error.to_string()).into())
    }
}
