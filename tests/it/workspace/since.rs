//! `--since`: only what holds a file that changed.

use super::*;

/// A world whose projects are committed, and a deploy that finds git.
struct Committed(World);

impl Committed {
    fn new(names: &[&str]) -> Self {
        let world = World::new(names);
        git(world.home.path(), &["init", "-q"]);
        git(world.home.path(), &["add", "dags"]);
        git(world.home.path(), &["commit", "-q", "-m", "one"]);
        Self(world)
    }

    fn deploy(&self, arguments: &[&str]) -> Ran {
        let mut command = self.0.command(arguments);
        Ran::of(command.env("PATH", std::env::var("PATH").unwrap()).output().unwrap())
    }

    /// Who is deployed.
    fn since(&self, revision: &str) -> Vec<String> {
        let json = self.deploy(&["--since", revision, "--output", "json"]).exits(0).json();
        let deployed = statuses(&json).into_iter().filter(|status| !status.ends_with(": skipped"));
        deployed.map(|status| status.split(':').next().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_project_with_a_changed_file_is_deployed_and_others_are_not() {
    let world = Committed::new(&["a", "ab", "b", "c"]);
    assert_eq!(world.since("HEAD"), Vec::<String>::new());
    world.0.edit("a/dag.py");
    assert_eq!(world.since("HEAD"), ["a"], "not committed");
    git(world.0.home.path(), &["commit", "-qam", "two"]);
    assert_eq!(world.since("HEAD"), Vec::<String>::new());
    assert_eq!(world.since("HEAD~1"), ["a"], "committed");
    world.0.edit("b/new.py");
    world.0.home.write("README.md", "of no project");
    assert_eq!(world.since("HEAD"), ["b"], "new, and nobody's");
    std::fs::rename(world.0.path("c"), world.0.path("d")).unwrap();
    assert_eq!(world.since("HEAD"), ["b", "c"], "moved to another directory");
}

#[test]
fn what_git_does_not_know_is_told() {
    let world = Committed::new(&["a"]);
    for bad in ["nosuch", "--output=x", ""] {
        let since = format!("--since={bad}");
        world.deploy(&[&since]).exits(2).says(&[&format!("`{bad}` is no commit"), "help: name a commit"]);
    }
    std::fs::remove_dir_all(world.0.home.path().join(".git")).unwrap();
    world.deploy(&["--since", "HEAD"]).exits(2).says(&["is in no git repository", "--changed"]);
    assert!(world.0.control_plane.take().is_empty());
}
