//! The programs that these tests start, and the Debian packages that bring them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAMS: &[(&str, &str)] = &[
    ("debootstrap", "debootstrap"),
    ("docker", "docker.io"),
    ("docker-registry", "docker-registry"),
    ("dockerd", "docker.io"),
    ("git", "git"),
    ("htpasswd", "apache2-utils"),
    ("nginx", "nginx"),
    ("pip3", "python3-pip"),
    ("podman", "podman"),
    ("runc", "runc"),
    ("setpriv", "util-linux"),
    ("skopeo", "skopeo"),
    ("umoci", "umoci"),
    ("unshare", "util-linux"),
];

/// Fails with the command that installs what is missing.
pub(crate) fn require_all() {
    let missing: Vec<_> = PROGRAMS.iter().filter(|(program, _)| find(program).is_none()).collect();
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    assert!(missing.is_empty(), "missing {missing:?}: apt-get install --no-install-recommends {}", packages.join(" "));
    assert!(rustix::process::geteuid().is_root(), "dockerd, podman and debootstrap need root");
}

/// Returns where a program is, along PATH and in the directories of system programs.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    directories.map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

/// Returns a command for a program wherever it is.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(find(program).unwrap_or_else(|| PathBuf::from(program)));
    command.stdin(Stdio::null());
    command
}

/// Returns skopeo, which here trusts whatever it reads.
pub(crate) fn skopeo() -> Command {
    let mut skopeo = command("skopeo");
    skopeo.arg("--insecure-policy");
    skopeo
}

/// Runs a command to its end and returns its standard output; anything but success is a panic with all it said.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{stdout}{stderr}", output.status);
    stdout.into_owned()
}

/// Writes a file that only its owner reads.
pub(crate) fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
