//! Wheels that leoflow.yaml asks for by their URLs.

use std::fs;
use std::process::Command;

use leoflow::layers::Digest;

use super::commands::World;
use crate::support::wheels::Wheel;

const BUILD: [&str; 4] = ["build", "demo", "-o", "oci:image"];

fn direct() -> Wheel {
    Wheel::new("app", "1.5").requires("lib>=1")
}

impl World {
    /// A world where the wheel can be had at no index, only by its URL, which is returned with its hash.
    async fn direct() -> (Self, String) {
        let world = Self::new().await;
        let (file, bytes) = (direct().filename(), direct().build());
        // On no page of the name that it has.
        world.index.put_file("elsewhere", crate::support::package_index::File::new(&file, bytes.clone()));
        let url = format!("http://{}/files/{file}#sha256={}", world.index.server.host(), Digest::of(&bytes).hex());
        world.asks_for(&format!("[\"app @ {url}\"]"));
        (world, url)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_by_url_and_hash_is_all_there_is_of_its_package() {
    let (world, url) = World::direct().await;
    world.index.put(&Wheel::new("app", "2.0"));
    let resolved = world.json(&BUILD).await["digest"].clone();
    world.run(&["lock", "demo"]).await.exits(0).says(&["Resolved  2 wheels"]);
    let (plain, sha256) = url.split_once("#sha256=").unwrap();
    let size = direct().build().len();
    let archive = format!(
        "version = \"1.5\"\ndependencies = [\n    {{ name = \"lib\" }},\n]\narchive = {{ url = \"{plain}\", size = \
         {size}, hashes = {{ sha256 = \"{sha256}\" }} }}\n"
    );
    assert!(world.lock().contains(&archive), "{archive} is not in {}", world.lock());
    fs::remove_dir_all(world.home.path().join(".cache")).unwrap();
    let (pages, locked) = (world.index.count("GET /simple/"), [&BUILD[..], &["--locked"]].concat());
    assert_eq!(world.json(&locked).await["digest"], resolved, "locked or not, it is the same image");
    assert_eq!(world.index.count("GET /simple/"), pages);
    world.run(&["lock", "demo"]).await.exits(0).says(&["Resolved  2 wheels"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheelhouse_that_has_it_gives_the_same_image() {
    let (world, _) = World::direct().await;
    let online = world.json(&BUILD).await["digest"].clone();
    fs::remove_dir_all(world.home.path().join(".cache")).unwrap();
    let wheels = world.home.path().join("wheels");
    fs::create_dir(&wheels).unwrap();
    let closed = || {
        let mut command: Command = world.home.leoflow();
        command.args(BUILD).args(["--base", "oci:base", "--no-index", "--find-links", "wheels", "--output", "json"]);
        tokio::task::spawn_blocking(move || crate::support::Ran::of(command.output().unwrap()))
    };
    closed().await.unwrap().exits(5).says(&["app-1.5-py3-none-any.whl", "--no-index", wheels.to_str().unwrap()]);
    for wheel in [direct(), Wheel::new("lib", "1.0")] {
        fs::write(wheels.join(wheel.filename()), wheel.build()).unwrap();
    }
    let right = fs::read(wheels.join(direct().filename())).unwrap();
    fs::write(wheels.join(direct().filename()), direct().file("app/more.py", "").build()).unwrap();
    let beside = [&BUILD[..], &["--find-links", "wheels", "--output", "json"]].concat();
    assert_eq!(world.run(&beside).await.exits(0).json()["digest"], online, "another build of its name is passed over");
    fs::write(wheels.join(direct().filename()), right).unwrap();
    fs::remove_dir_all(world.home.path().join(".cache")).unwrap();
    let asked = world.index.count("");
    assert_eq!(closed().await.unwrap().exits(0).json()["digest"], online);
    assert_eq!(world.index.count(""), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_base_has_of_it_makes_room() {
    let world = World::new().await;
    let pip = Wheel::new("pip", "24.0").file("pip/patched.py", "");
    let (file, bytes) = (pip.filename(), pip.build());
    world.index.put_file("elsewhere", crate::support::package_index::File::new(&file, bytes.clone()));
    let url = format!("http://{}/files/{file}#sha256={}", world.index.server.host(), Digest::of(&bytes).hex());
    world.asks_for(&format!("[\"pip @ {url}\"]"));
    world.run(&["lock", "demo"]).await.exits(0).says(&["Resolved  1 wheel"]);
    assert!(
        world.lock().contains("[[tool.leoflow.base.replaced]]\nname = \"pip\"\nversion = \"24.0\""),
        "{}",
        world.lock()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_wheel_at_the_url_is_refused_with_both_hashes() {
    let (world, url) = World::direct().await;
    let other = Digest::of(b"other").hex();
    world.asks_for(&format!("[\"app @ {}#sha256={other}\"]", url.split_once('#').unwrap().0));
    world.run(&BUILD).await.exits(5).says(&[&other, &Digest::of(&direct().build()).hex(), "app-1.5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_by_url_that_lies_about_its_name_is_refused() {
    let (world, _) = World::direct().await;
    let liar = direct().header("Name", "other");
    let (file, bytes) = (liar.filename(), liar.build());
    world.index.put_file("elsewhere", crate::support::package_index::File::new(&file, bytes.clone()));
    let url = format!("http://{}/files/{file}#sha256={}", world.index.server.host(), Digest::of(&bytes).hex());
    world.asks_for(&format!("[\"app @ {url}\"]"));
    world.run(&BUILD).await.exits(5).says(&["app-1.5-py3-none-any.whl", "`Name: other`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_a_wheel_by_url_is_told() {
    let (world, url) = World::direct().await;
    world.index.put(&Wheel::new("wants", "1.0").requires("app>=2"));
    world.asks_for(&format!("[\"app @ {url}\", \"wants\"]"));
    world.run(&BUILD).await.exits(5).says(&["app @ http://", "wants 1.0 wants `app>=2`"]);
    let twice = url.replace("/files/", "/files//").replace(&url[url.len() - 64..], &"0".repeat(64));
    world.asks_for(&format!("[\"app @ {url}\", \"app @ {twice}\"]"));
    world.run(&BUILD).await.exits(5).says(&["contradict each other", &"0".repeat(64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_without_a_hash_or_a_wheel_is_refused_at_its_place() {
    let (world, url) = World::direct().await;
    let plain = url.split_once('#').unwrap().0;
    world.asks_for(&format!("[\"app @ {plain}\"]"));
    let help = format!("{plain}#sha256=HEX");
    world.run(&BUILD).await.exits(3).says(&["no `#sha256=…`", &help, "leoflow.yaml:2", "sha256sum"]);
    for other in ["https://h/app-1.5.tar.gz", "git+https://h/app", "file:///w/app-1.5-py3-none-any.whl"] {
        world.asks_for(&format!("[\"app @ {other}\"]"));
        world.run(&BUILD).await.exits(3).says(&["Four ways out", "--find-links DIR", "base_image"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_others_answers_a_wheel_by_url_by_its_bytes_alone() {
    let (world, url) = World::direct().await;
    let (plain, sha256) = url.split_once("#sha256=").unwrap();
    let lib = Wheel::new("lib", "1.0");
    let write = |sha256: &str| {
        let lib = format!(
            "[[packages]]\nname = \"lib\"\nversion = \"1.0\"\nwheels = [{{ url = \"http://{}/files/{}\", hashes = {{ \
             sha256 = \"{}\" }} }}]\n",
            world.index.server.host(),
            lib.filename(),
            Digest::of(&lib.build()).hex()
        );
        let app = format!("[[packages]]\nname = \"app\"\nversion = \"1.5\"\n[packages.archive]\nurl = \"{plain}\"\n");
        let hashes = format!("hashes = {{ sha256 = \"{sha256}\" }}\n");
        world.home.write("demo/pylock.toml", &format!("lock-version = \"1.0\"\n{lib}{app}{hashes}"));
    };
    let online = world.json(&BUILD).await["digest"].clone();
    let locked = [&BUILD[..], &["--locked"]].concat();
    write(sha256);
    assert_eq!(world.json(&locked).await["digest"], online);
    let other = direct().file("app/more.py", "");
    let elsewhere = crate::support::package_index::File::new(&other.filename(), other.build());
    world.index.put_file("elsewhere", elsewhere);
    write(&Digest::of(&other.build()).hex());
    world.run(&locked).await.exits(5).says(&["another wheel is locked", &url]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_hash_makes_the_lock_stale() {
    let (world, url) = World::direct().await;
    world.run(&["lock", "demo"]).await.exits(0);
    let rebuilt = direct().file("app/more.py", "");
    let bytes = rebuilt.build();
    let now = format!("{}#sha256={}", url.split_once('#').unwrap().0, Digest::of(&bytes).hex());
    world.index.put_file("elsewhere", crate::support::package_index::File::new(&rebuilt.filename(), bytes));
    world.asks_for(&format!("[\"app @ {now}\"]"));
    let locked = [&BUILD[..], &["--locked"]].concat();
    world.run(&locked).await.exits(5).says(&["became", &now, "leoflow lock"]);
    world.run(&["lock", "demo"]).await.exits(0);
    world.run(&locked).await.exits(0);
}
