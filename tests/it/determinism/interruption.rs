//! Deploys that are killed, and deploys that meet: what comes of them is what comes of one alone.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::road::noise;
use crate::support::{Home, Ran, SandboxProcess};

/// More lines than a deploy tells.
const LINES: usize = 9;

fn deploy(home: &Home, sandbox: &SandboxProcess, project: &str) -> Command {
    let mut command = home.leoflow();
    command.args(["deploy", project, "--output", "json"]).args(sandbox.arguments());
    command.env("TMPDIR", home.path().join("tmp")).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Kills the process once it has told so many lines, and lets it end by itself when it tells fewer.
fn kill_after(mut child: Child, lines: usize) {
    let told = BufReader::new(child.stderr.take().unwrap()).lines().take(lines).count();
    if told == lines {
        child.kill().unwrap();
    }
    child.wait().unwrap();
}

fn digest(ran: Ran) -> String {
    ran.exits(0).json()["digest"].as_str().unwrap().to_owned()
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let is_directory = entry.file_type().unwrap().is_dir();
        found.extend(if is_directory { below(&entry.path()) } else { vec![entry.path()] });
    }
    found.sort();
    found
}

#[test]
fn a_deploy_that_was_killed_leaves_nothing_and_is_repeated() {
    let home = Home::new();
    let project = home.project("etl_sales");
    fs::write(project.join("noise.bin"), noise(5 << 20)).unwrap();
    fs::create_dir(home.path().join("tmp")).unwrap();
    let files = below(&project);
    let sandbox = SandboxProcess::start(&home);
    for lines in 0..LINES {
        // Another edit each time, or there would be nothing to send.
        fs::write(project.join("report.py"), format!("def publish(totals, title):\n    return {lines}\n")).unwrap();
        kill_after(deploy(&home, &sandbox, "etl_sales").spawn().unwrap(), lines);
        let again = digest(Ran::of(deploy(&home, &sandbox, "etl_sales").output().unwrap()));
        let unchanged = Ran::of(deploy(&home, &sandbox, "etl_sales").output().unwrap()).exits(0).json();
        assert_eq!((&unchanged["digest"], &unchanged["uploaded_bytes"]), (&again.into(), &0.into()), "{lines} lines");
    }
    assert_eq!(below(&home.path().join("tmp")), Vec::<PathBuf>::new());
    assert_eq!(below(&project), files);
}

#[test]
fn deploys_of_one_project_at_once_agree() {
    let home = Home::new();
    let project = home.project("etl_sales");
    fs::write(project.join("noise.bin"), noise(5 << 20)).unwrap();
    fs::create_dir(home.path().join("tmp")).unwrap();
    let sandbox = SandboxProcess::start(&home);
    let children: Vec<Child> = (0..3).map(|_| deploy(&home, &sandbox, "etl_sales").spawn().unwrap()).collect();
    let digests: Vec<String> =
        children.into_iter().map(|child| digest(Ran::of(child.wait_with_output().unwrap()))).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

/// Each of them would have started the sandbox, and one did: it must outlast the others.
#[test]
fn deploys_to_one_sandbox_at_once_all_succeed() {
    let home = Home::new();
    let names: Vec<String> = (0..8).map(|n| format!("flow_{n}")).collect();
    for name in &names {
        let project = home.project("bash_chain");
        let renamed = home.path().join(name);
        fs::rename(project, &renamed).unwrap();
        for file in ["leoflow.yaml", "dag.py"] {
            let text = fs::read_to_string(renamed.join(file)).unwrap().replace("bash_chain", name);
            fs::write(renamed.join(file), text).unwrap();
        }
    }
    let start = |name: &String| {
        let mut command = home.leoflow();
        command.args(["deploy", name, "--sandbox"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = names.iter().map(start).collect();
    for child in children {
        Ran::of(child.wait_with_output().unwrap()).exits(0);
    }
}
