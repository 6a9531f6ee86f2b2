//! A registry that behaves, in memory, on top of the scripted server; what should misbehave is scripted over it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use leoflow::layers::Digest;

use super::scripted::{Answer, Cut, Request, Scripted};

/// A running registry.
pub(crate) struct FakeRegistry {
    pub(crate) server: Scripted,
    store: Arc<Mutex<Store>>,
}

/// What a registry holds.
#[derive(Default)]
pub(crate) struct Store {
    /// Bytes by digest; `repositories` says who has which.
    blobs: BTreeMap<String, Vec<u8>>,
    holders: BTreeSet<(String, String)>,
    /// Media type and bytes by repository and by tag or digest.
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    uploads: u64,
}

impl FakeRegistry {
    pub(crate) async fn start() -> Self {
        Self::scripted(|_, _| None).await
    }

    /// A registry that answers by `script` where that has an answer.
    pub(crate) async fn scripted(
        script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::cutting(script, |_| None).await
    }

    /// The same, but with connections cut after so many bytes of a request's body.
    pub(crate) async fn cutting(
        script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
        cut: impl Fn(&Request) -> Option<usize> + Send + Sync + 'static,
    ) -> Self {
        let store = Arc::new(Mutex::new(Store::default()));
        let behind = Arc::clone(&store);
        let handler = move |request: &Request| {
            let mut store = behind.lock().unwrap();
            script(request, &mut store).unwrap_or_else(|| store.answer(request))
        };
        let cut: Cut = Arc::new(cut);
        Self { server: Scripted::start_cutting(Arc::new(handler), cut).await, store }
    }

    pub(crate) fn host(&self) -> String {
        self.server.host()
    }

    pub(crate) fn put_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.store.lock().unwrap().put_blob(repository, &digest.to_string(), bytes.to_vec());
        digest
    }

    pub(crate) fn put_manifest(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) -> Digest {
        self.store.lock().unwrap().put_manifest(repository, tag, media_type, bytes.to_vec());
        Digest::of(bytes)
    }

    pub(crate) fn manifest(&self, repository: &str, name: &str) -> Option<Vec<u8>> {
        let store = self.store.lock().unwrap();
        store.manifests.get(&(repository.to_owned(), name.to_owned())).map(|(_, bytes)| bytes.clone())
    }

    pub(crate) fn has_blob(&self, repository: &str, digest: Digest) -> bool {
        self.store.lock().unwrap().holders.contains(&(repository.to_owned(), digest.to_string()))
    }
}

impl Store {
    fn put_blob(&mut self, repository: &str, digest: &str, bytes: Vec<u8>) {
        self.blobs.insert(digest.to_owned(), bytes);
        self.holders.insert((repository.to_owned(), digest.to_owned()));
    }

    fn put_manifest(&mut self, repository: &str, name: &str, media_type: &str, bytes: Vec<u8>) {
        for name in [name.to_owned(), Digest::of(&bytes).to_string()] {
            self.manifests.insert((repository.to_owned(), name), (media_type.to_owned(), bytes.clone()));
        }
    }

    /// Answers as the distribution-spec has it.
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        let path = request.path.strip_prefix("/v2/").unwrap_or_default().to_owned();
        if let Some((repository, name)) = path.split_once("/manifests/") {
            return self.manifests(request, repository, name);
        }
        match path.split_once("/blobs/") {
            Some((repository, "uploads/")) => self.begin(request, repository),
            Some((repository, upload)) if upload.starts_with("uploads/") => self.commit(request, repository),
            Some((repository, digest)) => self.blob(repository, digest),
            None => Answer::new(404),
        }
    }

    fn manifests(&mut self, request: &Request, repository: &str, name: &str) -> Answer {
        if request.method == "PUT" {
            let media_type = request.header("content-type").unwrap_or_default();
            self.put_manifest(repository, name, media_type, request.body.clone());
            return Answer::new(201).header("Docker-Content-Digest", Digest::of(&request.body).to_string());
        }
        match self.manifests.get(&(repository.to_owned(), name.to_owned())) {
            None => error(404, "MANIFEST_UNKNOWN"),
            Some((media_type, bytes)) => Answer::new(200)
                .header("Content-Type", media_type)
                .header("Docker-Content-Digest", Digest::of(bytes).to_string())
                .body(bytes.clone()),
        }
    }

    fn blob(&self, repository: &str, digest: &str) -> Answer {
        match self.blobs.get(digest) {
            Some(bytes) if self.holders.contains(&(repository.to_owned(), digest.to_owned())) => {
                Answer::new(200).header("Docker-Content-Digest", digest).body(bytes.clone())
            }
            _ => error(404, "BLOB_UNKNOWN"),
        }
    }

    fn begin(&mut self, request: &Request, repository: &str) -> Answer {
        if let (Some(digest), Some(from)) = (request.parameter("mount"), request.parameter("from"))
            && self.holders.contains(&(from, digest.clone()))
        {
            self.holders.insert((repository.to_owned(), digest.clone()));
            return Answer::new(201).header("Docker-Content-Digest", digest);
        }
        self.uploads += 1;
        Answer::new(202).header("Location", format!("/v2/{repository}/blobs/uploads/{}", self.uploads))
    }

    fn commit(&mut self, request: &Request, repository: &str) -> Answer {
        let found = Digest::of(&request.body).to_string();
        if request.parameter("digest") != Some(found.clone()) {
            return error(400, "DIGEST_INVALID");
        }
        self.put_blob(repository, &found, request.body.clone());
        Answer::new(201).header("Docker-Content-Digest", found)
    }
}

/// An error as the distribution-spec words it.
pub(crate) fn error(status: u16, code: &str) -> Answer {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"so says the registry"}}]}}"#);
    Answer::new(status).header("Content-Type", "application/json").body(body)
}
