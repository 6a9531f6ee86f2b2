//! Downloads that end early, run twice at once, or find no room.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::support::scripted::Fault;

fn is_heavy(request: &Request) -> bool {
    request.path.starts_with("/files/heavy-") && request.path.ends_with(".whl")
}

/// Returns how many bytes of a download are there.
fn arrived(partial: &Path) -> u64 {
    let files = fs::read_dir(partial).into_iter().flatten().flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_download_is_gone_on_with() {
    let hangs = AtomicBool::new(true);
    let index = PackageIndex::scripted(move |request, shelf| {
        let hang = is_heavy(request) && hangs.swap(false, Ordering::SeqCst);
        hang.then(|| shelf.answer(request).fault(Fault::Hang(1_000_000)))
    });
    let mut world = World::of(index.await).await;
    let mut child = world.deploying(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while arrived(&world.path(".cache/leoflow/partial")) < 500_000 {
        assert_eq!(child.try_wait().unwrap(), None, "it waits for the rest");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (resumed, asked) = world.deployed(&[]).await;
    let ranges = asked.index.iter().filter(|request| is_heavy(request)).map(|request| request.header("range"));
    let ranges: Vec<&str> = ranges.map(Option::unwrap_or_default).collect();
    assert!(matches!(ranges[..], [range] if range.starts_with("bytes=") && range != "bytes=0-"), "{ranges:?}");
    world.elsewhere();
    let (clean, _) = world.deployed(&["--no-remote-cache"]).await;
    assert_eq!(resumed["digest"], clean["digest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_on_one_cache_download_once() {
    let world = World::new().await;
    let deploy = || finished(world.deploying(&["--output", "json"]));
    let (one, other) = tokio::join!(deploy(), deploy());
    assert_eq!(one.exits(0).json()["digest"], other.exits(0).json()["digest"]);
    assert_eq!(world.index.server.requests().into_iter().filter(is_heavy).count(), 1);
}

/// Has a command run where little fits into `directory`; nothing where that cannot be had.
async fn with_a_small_disk(command: Command, directory: &Path) -> Option<Ran> {
    fs::create_dir_all(directory).unwrap();
    let script = "mount -t tmpfs -o size=1m,mode=700 tmpfs \"$DISK\" || exit 99\nexec \"$0\" \"$@\"";
    let mut small = Command::new("/usr/bin/unshare");
    small.env_clear().args(["--mount", "--map-root-user", "/bin/sh", "-c", script]).arg(command.get_program());
    small.args(command.get_args()).current_dir(command.get_current_dir().unwrap()).env("DISK", directory);
    small.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    small.env("PATH", "/usr/bin:/bin");
    let output = tokio::task::spawn_blocking(move || small.output()).await.unwrap();
    Some(Ran::of(output.ok()?)).filter(|ran| ran.code != Some(99) && !ran.stderr.contains("unshare"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_does_without_the_cache_where_it_can() {
    let world = World::new().await;
    let (normal, _) = world.deployed(&["--no-remote-cache"]).await;
    world.forget_caches();
    let deploy = || world.deploying(&["--no-remote-cache", "--output", "json"]);
    let Some(ran) = with_a_small_disk(deploy(), &world.path(".cache/leoflow")).await else {
        eprintln!("left out: it takes a mount of one's own, by unshare");
        return;
    };
    let ran = ran.exits(0).says(&["warning: ", "No space left on device", "going on without it"]);
    assert_eq!(ran.stderr.matches("No space left").count(), 1, "{}", ran.stderr);
    assert_eq!(ran.json()["digest"], normal["digest"]);

    let mut nowhere = deploy();
    nowhere.env("TMPDIR", world.path("tmp")).env("XDG_CACHE_HOME", world.path("tmp"));
    let ran = with_a_small_disk(nowhere, &world.path("tmp")).await.unwrap().exits(9);
    ran.says(&["No space left on device", "help: "]);
}
