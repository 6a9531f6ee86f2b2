//! The whole program, deploying one project in many surroundings to one digest.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::{Home, Ran};

/// Larger than a block of the compressor and than what a layer holds in memory, so that threads and the spool count.
const NOISE: usize = 5 << 20;

/// Somebody who is not root, on every Unix that we know.
const NOBODY: &str = "65534";

/// What a deploy is surrounded by.
#[derive(Clone, Copy)]
struct Surroundings {
    umask: &'static str,
    /// The words before the program's own.
    wrapper: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    reversed: bool,
    /// In seconds since the Unix epoch.
    modified: u64,
    directory: &'static str,
}

const PLAIN: Surroundings = Surroundings {
    umask: "022",
    wrapper: &[],
    variables: &[],
    reversed: false,
    modified: 1_000_000_000,
    directory: "p",
};

/// Bytes that do not compress, the same each time.
pub(super) fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let bytes = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    });
    bytes.take(size).collect()
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let dag = "from airflow.sdk import DAG, task\nimport lib\n\nwith DAG(\"same\", tags={\"b\", \"a\"}):\n\n    @task\n    \
               def f():\n        return lib.X\n\n    f()\n";
    vec![
        ("leoflow.yaml", b"dag_id: same\nregistry: {url: registry.example.com/team}\n".to_vec()),
        ("dag.py", dag.into()),
        ("lib/__init__.py", b"X = 1\n".to_vec()),
        ("data/gr\u{f6}\u{df}e.csv", b"1,2\n".to_vec()),
        ("data/noise.bin", noise(NOISE)),
        ("data/I", b"upper\n".to_vec()),
        ("data/i", b"lower\n".to_vec()),
        ("run.sh", b"#!/bin/sh\n".to_vec()),
    ]
}

fn lay(project: &Path, surroundings: &Surroundings) {
    let mut files = files();
    if surroundings.reversed {
        files.reverse();
    }
    for (path, content) in files {
        let path = project.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(surroundings.modified);
        File::open(&path).unwrap().set_modified(modified).unwrap();
    }
    fs::set_permissions(project.join("run.sh"), PermissionsExt::from_mode(0o744)).unwrap();
}

/// Deploys, in a home that is new each time, and returns the image's digest.
fn digest(surroundings: &Surroundings, prepare: impl Fn(&Path)) -> String {
    let home = Home::new();
    let project = home.path().join(surroundings.directory);
    lay(&project, surroundings);
    prepare(&project);
    if surroundings.wrapper.contains(&NOBODY) {
        make_over(home.path());
    }
    let ran = Ran::of(command(&home, surroundings, &project).output().unwrap()).exits(0);
    let digest = ran.json()["digest"].as_str().unwrap().to_owned();
    make_writable(&project);
    digest
}

fn command(home: &Home, surroundings: &Surroundings, project: &Path) -> Command {
    let plain = home.leoflow();
    let script = format!("umask {} && exec \"$0\" \"$@\"", surroundings.umask);
    let words: Vec<PathBuf> = surroundings.wrapper.iter().map(PathBuf::from).collect();
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).args(words).arg(program_for(home, surroundings));
    command.args(["deploy", "--sandbox", "--output", "json"]).arg(project).env_clear().current_dir(home.path());
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").envs(surroundings.variables.iter().copied());
    command
}

/// Another user may not get to where the program was built.
fn program_for(home: &Home, surroundings: &Surroundings) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_leoflow"));
    if !surroundings.wrapper.contains(&NOBODY) {
        return program;
    }
    let copy = home.path().join("leoflow-program");
    if fs::hard_link(&program, &copy).is_err() {
        fs::copy(&program, &copy).unwrap();
    }
    copy
}

/// Lets another user work in a home.
fn make_over(home: &Path) {
    fs::set_permissions(home, PermissionsExt::from_mode(0o777)).unwrap();
}

fn make_writable(project: &Path) {
    fs::set_permissions(project, PermissionsExt::from_mode(0o755)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says that a part did not run; where everything must run, fails instead.
pub(super) fn left_out(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "left out under CI: {what}");
    eprintln!("left out: {what}");
}

fn has(program: &str) -> bool {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].iter().any(|directory| Path::new(directory).join(program).exists())
}

#[test]
fn surroundings_do_not_show_in_the_digest() {
    let expected = digest(&PLAIN, |_| {});
    let same = |surroundings: &Surroundings| {
        assert_eq!(digest(surroundings, |_| {}), expected, "{:?}", surroundings.variables);
    };
    same(&Surroundings { umask: "077", modified: 4_000_000_000, ..PLAIN });
    same(&Surroundings { umask: "000", reversed: true, directory: "elsewhere/deep/er", ..PLAIN });
    same(&Surroundings { variables: &[("TZ", "Asia/Kathmandu"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "C")], ..PLAIN });
    same(&Surroundings { variables: &[("USER", "x"), ("PYTHONHASHSEED", "7"), ("RAYON_NUM_THREADS", "1")], ..PLAIN });
}

#[test]
fn the_number_of_processors_does_not_show_in_the_digest() {
    if !has("taskset") {
        return left_out("one processor, for want of taskset");
    }
    let one = Surroundings { wrapper: &["taskset", "-c", "0"], ..PLAIN };
    assert_eq!(digest(&one, |_| {}), digest(&PLAIN, |_| {}));
}

#[test]
fn the_user_does_not_show_in_the_digest() {
    if !is_root() || !has("setpriv") {
        return left_out("a deploy by another user: it takes root and setpriv");
    }
    let wrapper = &["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"];
    let nobody = Surroundings { wrapper, ..PLAIN };
    assert_eq!(digest(&nobody, |_| {}), digest(&PLAIN, |_| {}));
}

#[test]
fn a_project_is_only_read() {
    let expected = digest(&PLAIN, |_| {});
    let read_only = |project: &Path| {
        for directory in ["data", "lib", ""] {
            fs::set_permissions(project.join(directory), PermissionsExt::from_mode(0o555)).unwrap();
        }
    };
    assert_eq!(digest(&PLAIN, read_only), expected);
}

#[test]
fn only_source_date_epoch_sets_the_time() {
    let dated = Surroundings { variables: &[("SOURCE_DATE_EPOCH", "1700000000")], ..PLAIN };
    let expected = digest(&dated, |_| {});
    assert_ne!(expected, digest(&PLAIN, |_| {}));
    assert_eq!(digest(&Surroundings { modified: 5, reversed: true, ..dated }, |_| {}), expected);
}
