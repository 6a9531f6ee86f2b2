//! A base is looked into once, wherever it is.

use std::sync::Arc;
use std::time::Duration;

use leoflow::cache::{self, Cache};
use leoflow::deploy::{Common, DeployError, Tools, facts};
use leoflow::image::{BaseImage, BaseLayer, Descriptor, LayerSource, media_type};
use leoflow::inspect::{Facts, InspectError};
use leoflow::layers::{AssembleOptions, Blob, Compression, DiffId, Digest};
use leoflow::packages::index::{Index, IndexOptions, Sources};
use leoflow::project::PythonVersion;
use leoflow::python::Interpreter;
use leoflow::registry::{Client, RegistryError};
use serde_json::json;
use tempfile::TempDir;

use crate::registry::samples::options;
use crate::support::bases::{Layer, official_python};
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::{Answer, Fault};

const SITE: &str = "usr/local/lib/python3.11/site-packages";

fn blobs() -> [Vec<u8>; 2] {
    [official_python("3.11.9").tar(), Layer::new().distribution(SITE, "six", "1.0", &[]).tar()]
}

fn base(blobs: &[Vec<u8>], locate: impl Fn(&[u8]) -> LayerSource) -> BaseImage {
    let layer = |bytes: &Vec<u8>| BaseLayer {
        descriptor: Descriptor::new(media_type::OCI_LAYER, Digest::of(bytes), bytes.len() as u64),
        diff_id: DiffId::of(bytes),
        from: locate(bytes),
    };
    let config = json!({"config": {"Env": ["PATH=/usr/local/bin"]}});
    BaseImage { digest: Digest::of(b"manifest"), config, layers: blobs.iter().map(layer).collect() }
}

fn here(blobs: &[Vec<u8>]) -> BaseImage {
    base(blobs, |bytes| LayerSource::Local(Blob::from_bytes(bytes.to_vec())))
}

fn in_registry(host: &str, blobs: &[Vec<u8>]) -> BaseImage {
    base(blobs, |_| LayerSource::Registry(format!("{host}/base/python").parse().unwrap()))
}

/// Asks as another process would that has the same cache.
async fn asked(base: &BaseImage, python: PythonVersion, directory: &TempDir) -> Result<Facts, DeployError> {
    let on_fault = Arc::new(|fault: &cache::CacheError| panic!("{fault}"));
    let cache = Cache::open(cache::Options { directory: directory.path().join("cache"), max_size: 1 << 30, on_fault });
    let tools = Tools {
        interpreter: Interpreter {
            backend: leoflow::python::Backend::Embedded,
            program: "/nonexistent".into(),
            wall_limit: Duration::ZERO,
            memory_limit: 0,
        },
        assembly: AssembleOptions {
            compression: Compression::Gzip,
            modified: 0,
            threads: 1,
            spool_directory: directory.path().to_owned(),
        },
        cache,
        registry: &Client::new(options()).unwrap(),
        index: Index::new(IndexOptions::new(Sources::default())).unwrap(),
        common: Arc::new(Common::new(1)),
        on_step: &|_| {},
        on_packed: Arc::new(|_| {}),
    };
    facts(base, python, &tools).await
}

fn put(registry: &FakeRegistry, blobs: &[Vec<u8>]) {
    for blob in blobs {
        registry.put_blob("base/python", blob);
    }
}

fn names(facts: &Facts) -> Vec<&str> {
    facts.distributions.iter().map(|found| found.name.as_ref()).collect()
}

#[tokio::test]
async fn each_layer_is_fetched_once_and_what_came_of_it_is_remembered() {
    let (registry, directory) = (FakeRegistry::start().await, TempDir::new().unwrap());
    let blobs = blobs();
    put(&registry, &blobs);
    let base = in_registry(&registry.host(), &blobs);
    let first = asked(&base, PythonVersion::Py311, &directory).await.unwrap();
    assert_eq!((names(&first), registry.server.requests().len()), (vec!["pip", "six"], 2));
    let again = asked(&base, PythonVersion::Py311, &directory).await.unwrap();
    assert_eq!((&again, registry.server.requests().len()), (&first, 2));
    // Another Python is another question.
    let other = asked(&base, PythonVersion::Py312, &directory).await.unwrap();
    assert!(other.python.is_none() && other.pythons == ["/usr/local/bin/python3.11"]);
    assert_eq!(registry.server.requests().len(), 4);
    // From files, it is the same.
    let local = asked(&here(&blobs), PythonVersion::Py311, &TempDir::new().unwrap()).await.unwrap();
    assert_eq!(local, again);
}

#[tokio::test]
async fn a_connection_that_breaks_is_gone_on_with() {
    let blobs = blobs();
    let (bytes, left) = (blobs[0].clone(), std::sync::atomic::AtomicUsize::new(1));
    let registry = FakeRegistry::scripted(move |request, _| {
        let breaks = request.path.ends_with(&Digest::of(&bytes).to_string()) && crate::registry::samples::take(&left);
        breaks.then(|| Answer::new(200).body(bytes.clone()).fault(Fault::Truncate(1000)))
    })
    .await;
    put(&registry, &blobs);
    let base = in_registry(&registry.host(), &blobs);
    let found = asked(&base, PythonVersion::Py311, &TempDir::new().unwrap()).await.unwrap();
    assert_eq!(names(&found), ["pip", "six"]);
}

#[tokio::test]
async fn a_layer_that_is_another_says_so_and_nothing_is_remembered() {
    let (registry, directory) = (FakeRegistry::start().await, TempDir::new().unwrap());
    let blobs = blobs();
    let base = in_registry(&registry.host(), &blobs);
    let error = asked(&base, PythonVersion::Py311, &directory).await.unwrap_err();
    assert!(matches!(error.root(), DeployError::Base(RegistryError::Refused(_))), "{error}");
    let lying = FakeRegistry::scripted(|request, _| {
        request.path.contains("/blobs/").then(|| Answer::new(200).body(Layer::new().file("lie", "lie").tar()))
    })
    .await;
    let lied_to = in_registry(&lying.host(), &blobs);
    let error = asked(&lied_to, PythonVersion::Py311, &directory).await.unwrap_err();
    let wrong =
        matches!(error.root(), DeployError::Base(RegistryError::WrongSize { .. } | RegistryError::WrongDigest { .. }));
    assert!(wrong, "{error}");

    let mut damaged = here(&blobs);
    damaged.layers[1].from = LayerSource::Local(Blob::from_bytes(Layer::new().file("other", "").tar()));
    let error = asked(&damaged, PythonVersion::Py311, &directory).await.unwrap_err();
    assert!(matches!(error.root(), DeployError::Inspect(InspectError::Layer { .. })), "{error}");
    put(&registry, &blobs);
    assert_eq!(names(&asked(&base, PythonVersion::Py311, &directory).await.unwrap()), ["pip", "six"]);
}
