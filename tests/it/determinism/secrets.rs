//! What a deploy knows and must tell nobody: looked for in everything that it writes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Home, Ran, SandboxProcess};

/// Every secret below has it.
const MARK: &str = "SENTINEL";

/// `user:SENTINEL-registry` in base64.
const LOGIN: &str = "dXNlcjpTRU5USU5FTC1yZWdpc3RyeQ==";

struct Told {
    home: Home,
    sandbox: SandboxProcess,
}

impl Told {
    fn new() -> Self {
        let home = Home::new();
        let project = home.project("etl_sales");
        let yaml = fs::read_to_string(project.join("leoflow.yaml")).unwrap();
        fs::write(project.join("leoflow.yaml"), yaml + "exclude_paths: [\".env\"]\n").unwrap();
        fs::write(project.join(".env"), format!("PASSWORD={MARK}-dotenv\n")).unwrap();
        let sandbox = SandboxProcess::start(&home);
        let auths = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{LOGIN}\"}}}}}}", sandbox.registry);
        home.write(".docker/config.json", &auths);
        home.write(".leoflow/config.yaml", &format!("server_url: {}\ntoken: {MARK}-settings\n", sandbox.control_plane));
        Self { home, sandbox }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.home.leoflow();
        command.args(arguments).env("AWS_SECRET_ACCESS_KEY", format!("{MARK}-variable"));
        Ran::of(command.output().unwrap())
    }

    /// Runs the program, holds it to an exit code, and looks through what it says.
    fn check(&self, code: i32, arguments: &[&str]) {
        let ran = self.run(arguments).exits(code);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(MARK) && !text.contains(LOGIN), "{arguments:?}\n{text}");
        }
    }
}

/// Returns a file as it is, or what was compressed into it.
fn content(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut gzip = Command::new("gzip").arg("-dc").stdin(fs::File::open(path).unwrap()).stdout(Stdio::piped()).spawn();
    let mut text = Vec::new();
    gzip.as_mut().unwrap().stdout.take().unwrap().read_to_end(&mut text).unwrap();
    assert!(gzip.unwrap().wait().unwrap().success());
    text
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_that_is_sent_or_said_holds_a_secret() {
    let told = Told::new();
    let (registry, base) = (told.sandbox.registry.as_str(), told.sandbox.base.as_str());
    let target = ["--registry", registry, "--base", base];
    let deploy = |more: &[&'static str]| [&["deploy", "etl_sales"][..], &target[..], more].concat();
    told.check(0, &deploy(&[]));
    told.check(0, &deploy(&["--output", "json"]));
    told.check(0, &deploy(&["--token", "SENTINEL-argument"]));
    told.check(8, &deploy(&["--token", "SENTINEL-argument", "--server", "http://127.0.0.1:1"]));
    told.check(0, &["auth", "status"]);
    told.check(2, &["deploy", "etl_sales", "--registry", "user:SENTINEL@example.com", "--base", base]);
    told.check(2, &["deploy", "etl_sales", "--registry", "https://user:SENTINEL@example.com", "--base", base]);
    told.check(2, &["deploy", "etl_sales", "--registry", registry, "--base", "user:SENTINEL@example.com/base:1"]);
    told.check(2, &deploy(&["--server", "http://user:SENTINEL@127.0.0.1:1"]));
    let kept = below(&told.home.path().join(".local"));
    assert!(kept.len() > 10, "{kept:?}");
    for path in kept {
        let content = content(&path);
        let found = content.windows(MARK.len()).any(|window| window == MARK.as_bytes());
        assert!(!found, "{}", path.display());
    }
}
