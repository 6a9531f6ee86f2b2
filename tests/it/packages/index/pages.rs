//! What a project's page says of its files.

use leoflow::packages::index::{Index, IndexOptions, Sources};

use crate::support::package_index::PackageIndex;
use crate::support::wheels::Wheel;

#[tokio::test]
async fn files_and_metadata_are_found() {
    let server = PackageIndex::of(&[Wheel::new("a.b", "1.0").requires("c>=2").python(">=3.8")]).await;
    let indexes = vec![server.url().parse().unwrap()];
    let index = Index::new(IndexOptions::new(Sources { indexes, ..Sources::default() })).unwrap();
    let project = index.project(&"a-b".parse().unwrap()).await.unwrap();
    assert_eq!(project.files.len(), 1);
    let metadata = index.metadata(&project.files[0]).await.unwrap();
    assert_eq!(metadata.requires[0].to_string(), "c>=2");
}
