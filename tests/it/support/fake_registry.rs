//! A registry that behaves, in memory, on top of the scripted server; what should misbehave is scripted over it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use leoflow::layers::Digest;

use super::scripted::{Answer, Interrupt, Interruption, Request, Scripted};

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
    /// What has arrived of each upload that is open, by its path.
    open: BTreeMap<String, Vec<u8>>,
}

impl FakeRegistry {
    pub(crate) async fn start() -> Self {
        Self::scripted(|_, _| None).await
    }

    /// A registry that answers by `script` where that has an answer.
    pub(crate) async fn scripted(
        script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::interrupting(script, |_| None).await
    }

    /// The same, but request bodies are not read to their end where `interrupt` says so.
    pub(crate) async fn interrupting(
        script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
        interrupt: impl Fn(&Request) -> Option<Interruption> + Send + Sync + 'static,
    ) -> Self {
        let store = Arc::new(Mutex::new(Store::default()));
        let behind = Arc::clone(&store);
        let handler = move |request: &Request| {
            let mut store = behind.lock().unwrap();
            script(request, &mut store).unwrap_or_else(|| store.answer(request))
        };
        let interrupt: Interrupt = Arc::new(interrupt);
        Self { server: Scripted::start_interrupting(Arc::new(handler), interrupt).await, store }
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

    pub(crate) fn blob(&self, repository: &str, digest: Digest) -> Option<Vec<u8>> {
        self.has_blob(repository, digest).then(|| self.store.lock().unwrap().blobs[&digest.to_string()].clone())
    }

    /// Throws a blob away, as a garbage collector does.
    pub(crate) fn collect(&self, repository: &str, digest: Digest) {
        self.store.lock().unwrap().collect(repository, &digest.to_string());
    }

    /// Uploads that were begun and neither closed nor cancelled.
    pub(crate) fn open_uploads(&self) -> usize {
        self.store.lock().unwrap().open.len()
    }

    pub(crate) fn has_blob(&self, repository: &str, digest: Digest) -> bool {
        self.store.lock().unwrap().holds(repository, &digest.to_string())
    }
}

impl Store {
    /// Whether there is any blob.
    pub(crate) fn has_blobs(&self) -> bool {
        !self.blobs.is_empty()
    }

    pub(crate) fn holds(&self, repository: &str, digest: &str) -> bool {
        self.holders.contains(&(repository.to_owned(), digest.to_owned()))
    }

    /// Throws a blob away; returns whether there was one.
    pub(crate) fn collect(&mut self, repository: &str, digest: &str) -> bool {
        self.holders.remove(&(repository.to_owned(), digest.to_owned()))
    }

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
            Some((repository, upload)) if upload.starts_with("uploads/") => self.upload(request, repository),
            Some((repository, digest)) => self.blob(request, repository, digest),
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

    fn blob(&self, request: &Request, repository: &str, digest: &str) -> Answer {
        match self.blobs.get(digest) {
            Some(bytes) if self.holders.contains(&(repository.to_owned(), digest.to_owned())) => {
                part_of(bytes, request).header("Docker-Content-Digest", digest)
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
        let location = format!("/v2/{repository}/blobs/uploads/{}", self.uploads);
        self.open.insert(location.clone(), Vec::new());
        Answer::new(202).header("Location", location)
    }

    /// Answers whatever is asked of an upload, also of one that a script has opened.
    fn upload(&mut self, request: &Request, repository: &str) -> Answer {
        match request.method.as_str() {
            "PUT" => self.commit(request, repository),
            "DELETE" => match self.open.remove(&request.path) {
                Some(_) => Answer::new(204),
                None => error(404, "BLOB_UPLOAD_UNKNOWN"),
            },
            "PATCH" => self.append(request),
            _ => match self.open.get(&request.path) {
                Some(arrived) => arrived_so_far(204, &request.path, arrived.len()),
                None => error(404, "BLOB_UPLOAD_UNKNOWN"),
            },
        }
    }

    fn append(&mut self, request: &Request) -> Answer {
        let Some(arrived) = self.open.get_mut(&request.path) else { return error(404, "BLOB_UPLOAD_UNKNOWN") };
        let range = request.header("content-range").unwrap_or_default();
        if !range.starts_with(&format!("{}-", arrived.len())) {
            return arrived_so_far(416, &request.path, arrived.len());
        }
        arrived.extend(&request.body);
        arrived_so_far(202, &request.path, arrived.len())
    }

    fn commit(&mut self, request: &Request, repository: &str) -> Answer {
        let mut bytes = self.open.remove(&request.path).unwrap_or_default();
        bytes.extend(&request.body);
        let found = Digest::of(&bytes).to_string();
        if request.parameter("digest") != Some(found.clone()) {
            return error(400, "DIGEST_INVALID");
        }
        self.put_blob(repository, &found, bytes);
        Answer::new(201).header("Docker-Content-Digest", found)
    }
}

fn arrived_so_far(status: u16, location: &str, length: usize) -> Answer {
    Answer::new(status).header("Location", location).header("Range", format!("0-{}", length.saturating_sub(1)))
}

/// A blob, or what a `Range: bytes=N-` asks of it.
fn part_of(bytes: &[u8], request: &Request) -> Answer {
    let start = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match start {
        None => Answer::new(200).body(bytes),
        Some(start) if start >= bytes.len() => Answer::new(416),
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
            Answer::new(206).header("Content-Range", range).body(&bytes[start..])
        }
    }
}

/// An error as the distribution-spec words it.
pub(crate) fn error(status: u16, code: &str) -> Answer {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"so says the registry"}}]}}"#);
    Answer::new(status).header("Content-Type", "application/json").body(body)
}
