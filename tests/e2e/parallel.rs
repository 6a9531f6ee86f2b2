//! Many deploys at once: of many processes to one registry, and of one process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::programs::run;
use crate::registry::Request;
use crate::road::project;
use crate::yard::Yard;

impl Yard {
    /// Starts a deploy and leaves it to itself. Its interpreter may have to wait for a core for long.
    fn start(&self, project: &Path, registry: &str, version: &str) -> Child {
        let mut leoflow = self.deploy(project, registry);
        leoflow.args(["--dag-version", version, "--compile-timeout", "600"]);
        leoflow.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// Counts the uploads that ended well, by repository and digest.
fn uploads(requests: &[Request]) -> BTreeMap<(String, String), usize> {
    let mut uploads = BTreeMap::new();
    for request in requests.iter().filter(|request| request.method == "PUT" && request.status == 201) {
        let Some((repository, rest)) = request.path.split_once("/blobs/uploads/") else { continue };
        let digest = rest.split("digest=").nth(1).unwrap().split('&').next().unwrap().replace("%3A", ":");
        *uploads.entry((repository.to_owned(), digest)).or_default() += 1;
    }
    uploads
}

#[test]
fn sixty_four_deploys_at_once_all_arrive_and_none_sends_a_blob_twice() {
    let mut yard = Yard::open();
    let project = project("etl_sales");
    let registry = |number: usize| format!("{}/team{}", yard.target.host, number % 32);
    let children: Vec<Child> =
        (0..64).map(|number| yard.start(&project, &registry(number), &format!("v{number}"))).collect();
    let failed: Vec<String> = children.into_iter().filter_map(failure).collect();
    assert!(failed.is_empty(), "{} of 64 failed:\n{}", failed.len(), failed.join("\n"));
    let uploads = uploads(&yard.target.requests());
    let repositories: BTreeSet<&String> = uploads.keys().map(|(repository, _)| repository).collect();
    assert_eq!(repositories.len(), 32, "{uploads:?}");
    for (blob, count) in &uploads {
        assert!(*count <= 2, "two processes deploy to each repository, and {blob:?} came {count} times");
    }
}

/// Waits for a deploy and returns what it said if it failed.
fn failure(child: Child) -> Option<String> {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then(|| said.lines().skip_while(|line| !line.starts_with("error")).collect())
}

#[test]
fn one_process_uploads_what_its_deploys_share_once_and_mounts_it_after() {
    let mut yard = Yard::open();
    let workspace = yard.home.path().join("workspace");
    for number in 0..16 {
        let directory = workspace.join(format!("dag{number}"));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("leoflow.yaml"), format!("dag_id: dag{number}\n")).unwrap();
        std::fs::write(directory.join("dag.py"), dag(number)).unwrap();
    }
    let registry = yard.target.host.clone();
    run(yard.deploy(&workspace, &registry).arg("--all"));

    let mut senders = BTreeMap::<String, usize>::new();
    for ((_, digest), count) in uploads(&yard.target.requests()) {
        *senders.entry(digest).or_default() += count;
    }
    assert!(senders.values().all(|count| *count == 1), "every blob is sent once: {senders:?}");
    assert_eq!(senders.len(), 1 + 16 * 2, "the base's layer, and a layer and a config a project: {senders:?}");
}

fn dag(number: usize) -> String {
    format!(
        "from airflow.sdk import DAG, task\n\n\n@task\ndef extract():\n    return {number}\n\n\n\
         with DAG(dag_id=\"dag{number}\", schedule=None):\n    extract()\n"
    )
}
