//! One project, many circumstances, one digest.
//!
//! This binary runs itself again under another umask, time zone and language; there it lays out the project, assembles
//! it, puts it on a base and prints the image's digest. `road` does as much with the program as users have it,
//! `limits` with too little disk or memory, `interruption` when it is killed or meets another; `secrets` looks for what
//! must not leave.

mod interruption;
mod limits;
mod road;
mod secrets;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use leoflow::image::{BaseImage, Changes, LayerSource, Platform, append};
use leoflow::layers::{AssembleOptions, Compression, Content, Digest, Entry, EntryPath, FileSet, assemble};
use leoflow::reference::Repository;
use serde_json::json;

/// Set for a child: how it is to lay the project out.
const CIRCUMSTANCES: &str = "LEOFLOW_TEST_CIRCUMSTANCES";

/// What the image of the project is, anywhere. When it changes, so do all users' digests: the changelog says why.
const GOLDEN: &str = "sha256:307ffa75d4f659662f09c4cd824537b83f3b1884f796085fd1da2fce10f758bd";

const PROJECT: [(&str, &str, bool); 5] = [
    ("dag.py", "from lib import rows\n", false),
    ("data/größe.csv", "1,2\n", false),
    ("lib/__init__.py", "rows = []\n", false),
    ("run.sh", "#!/bin/sh\n", true),
    ("z/empty", "", false),
];

/// Runs `child` with a shell's words before it, and returns the digest it printed.
fn digest(umask: &str, variables: &[(&str, &str)], circumstances: &str) -> String {
    let script = format!("umask {umask} && exec \"$0\" --exact determinism::child --nocapture");
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(std::env::current_exe().unwrap());
    shell.envs(variables.iter().copied()).env(CIRCUMSTANCES, circumstances);
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    text.split_whitespace().find(|word| word.starts_with("sha256:")).unwrap().to_owned()
}

#[test]
fn circumstances_do_not_show_in_the_digest() {
    for (umask, variables, circumstances) in [
        ("022", &[("TZ", "UTC"), ("LANG", "C")], "forwards 1 0"),
        ("077", &[("TZ", "Asia/Kathmandu"), ("LANG", "tr_TR.UTF-8")], "backwards 2 1000000000"),
        ("000", &[("LC_ALL", "de_DE.UTF-8"), ("SOURCE_DATE_EPOCH", "7")], "backwards 8 4000000000"),
    ] {
        assert_eq!(digest(umask, variables, circumstances), GOLDEN, "{umask} {variables:?} {circumstances}");
    }
}

/// Does nothing when it is run as a test of its own.
#[test]
fn child() {
    let Ok(circumstances) = std::env::var(CIRCUMSTANCES) else { return };
    let [order, threads, modified] = circumstances.split(' ').collect::<Vec<_>>()[..] else { panic!("three words") };
    let directory = tempfile::tempdir().unwrap();
    let mut files = PROJECT.to_vec();
    if order == "backwards" {
        files.reverse();
    }
    for (path, content, executable) in &files {
        lay(&directory.path().join(path), content, *executable, modified.parse().unwrap());
    }
    let paths = files.iter().map(|(path, ..)| *path).collect::<Vec<_>>();
    println!("\n{}", image(directory.path(), &paths, threads.parse().unwrap()));
}

fn lay(path: &Path, content: &str, executable: bool, modified: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    if executable {
        let mode = path.metadata().unwrap().permissions().mode();
        fs::set_permissions(path, PermissionsExt::from_mode(mode | 0o100)).unwrap();
    }
    File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(modified)).unwrap();
}

fn image(directory: &Path, paths: &[&str], threads: usize) -> Digest {
    let mut set = FileSet::new();
    for path in paths {
        let source = directory.join(path);
        let executable = source.metadata().unwrap().permissions().mode() & 0o100 != 0;
        let entry = Entry::File { content: Content::File(source), executable };
        set.insert(EntryPath::new(format!("home/leoflow/{path}")).unwrap(), entry).unwrap();
    }
    let spool_directory = directory.to_owned();
    let options = AssembleOptions { compression: Compression::Gzip, modified: 0, threads, spool_directory };
    let changes = Changes { user: Some("65532".to_owned()), ..Changes::default() };
    append(base(), vec![assemble(&set, &options).unwrap()], &changes).unwrap().descriptor.digest
}

fn base() -> BaseImage {
    let config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}});
    let config = config.to_string().into_bytes();
    let media_type = "application/vnd.oci.image.config.v1+json";
    let descriptor = json!({"mediaType": media_type, "digest": Digest::of(&config).to_string(), "size": config.len()});
    let manifest = json!({"schemaVersion": 2, "config": descriptor, "layers": []}).to_string();
    let from: Repository = "registry.example.com/base".parse().unwrap();
    BaseImage::parse(manifest.as_bytes(), &config, &Platform::linux_amd64(), |_| LayerSource::Registry(from.clone()))
        .unwrap()
}
