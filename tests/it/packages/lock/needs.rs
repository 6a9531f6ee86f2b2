//! Locks of other tools that lack what a package needs.

use leoflow::layers::Digest;

use super::commands::World;
use crate::support::wheels::Wheel;

const BUILD: [&str; 4] = ["build", "demo", "-o", "oci:image"];

impl World {
    /// Writes a pylock.toml as uv does: which wheels, and not who needs whom.
    fn write_pylock(&self, wheels: &[&Wheel]) {
        let host = self.index.server.host();
        let package = |wheel: &&Wheel| {
            let (file, sha256) = (wheel.filename(), Digest::of(&wheel.build()).hex());
            let [name, version] = file.split('-').take(2).collect::<Vec<_>>()[..] else { panic!("{file}") };
            format!(
                "[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\nwheels = [{{ url = \
                 \"http://{host}/files/{file}\", hashes = {{ sha256 = \"{sha256}\" }} }}]\n"
            )
        };
        let packages: String = wheels.iter().map(package).collect();
        self.home.write("demo/pylock.toml", &format!("lock-version = \"1.0\"\ncreated-by = \"uv\"\n{packages}"));
        wheels.iter().for_each(|wheel| self.index.put(wheel));
    }

    async fn refuses(&self, wheels: &[&Wheel], told: &str) {
        self.write_pylock(wheels);
        let ran = self.run(&[&BUILD[..], &["--locked"]].concat()).await.exits(5);
        ran.says(&["pylock.toml", told, "leoflow lock"]);
    }

    async fn takes(&self, wheels: &[&Wheel]) {
        self.write_pylock(wheels);
        let ran = self.run(&[&BUILD[..], &["--locked"]].concat()).await.exits(0);
        ran.says(&[&format!("{} wheel", wheels.len()), "by pylock.toml"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pylock_that_lacks_what_a_package_needs_is_refused_by_name() {
    let world = World::new().await;
    let app = Wheel::new("app", "1.0").requires("lib[fast]>=1").requires("pip").requires("nt ; os_name == 'nt'");
    let lib = Wheel::new("lib", "1.0").extra("fast").requires("speed ; extra == 'fast'");
    let (speed, odd) = (Wheel::new("speed", "1.0"), Wheel::new("odd", "1.0").requires("unheard-of"));
    world.refuses(&[&app], "`app` needs `lib`, which the lock does not hold").await;
    world.refuses(&[&app, &lib], "`lib` needs `speed`, which the lock does not hold").await;
    world.refuses(&[&app, &lib, &speed, &odd], "`odd` needs `unheard-of`, which the lock does not hold").await;
    world.takes(&[&app, &lib, &speed]).await;
    world.asks_for("[app, other]");
    world.refuses(&[&app, &lib, &speed], "`other` is not locked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_fulfils_a_need_in_a_version_that_will_do() {
    let world = World::new().await;
    let app = |needs: &str| Wheel::new("app", "1.0").requires(needs);
    world.takes(&[&app("pip>=24")]).await;
    world.refuses(&[&app("pip>=99")], "`app` needs `pip`, which the lock does not hold").await;
}

/// Overriding what a package asks for is what some locks are for.
#[tokio::test(flavor = "multi_thread")]
async fn which_version_is_locked_is_its_author_s_choice() {
    let world = World::new().await;
    world.takes(&[&Wheel::new("app", "1.0").requires("lib>=2"), &Wheel::new("lib", "1.0")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pylock_of_others_is_drawn_with_who_wants_what() {
    let world = World::new().await;
    world.write_pylock(&[&Wheel::new("app", "1.0").requires("lib>=1"), &Wheel::new("lib", "1.0")]);
    let text = world.run(&["tree", "demo", "--why", "lib"]).await.exits(0).stdout;
    assert!(text.contains("\u{2514}\u{2500} app 1.0\n   \u{2514}\u{2500} lib 1.0\n"), "{text}");
}
