//! `--watch`: what is saved is compiled again, whatever way an editor saves it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Home;

/// Longer than anything takes.
const DEADLINE: Duration = Duration::from_secs(60);

const ONE: &str =
    "from airflow.sdk import DAG, EmptyOperator\nwith DAG(\"etl\"):\n    a = EmptyOperator(task_id=\"a\")\n";

/// A program that watches, and the lines that it prints.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.leoflow().args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        // Ends with the program.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits for a line that holds `text`, and returns it.
    #[track_caller]
    fn says(&self, text: &str) -> String {
        let (begun, mut heard) = (Instant::now(), Vec::new());
        while let Some(left) = DEADLINE.checked_sub(begun.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => heard.push(line),
                Err(_) => break,
            }
        }
        panic!("`{text}` is not in {heard:#?}")
    }

    fn interrupted(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_saved_is_compiled_again_and_ctrl_c_is_how_it_ends() {
    let home = Home::new();
    home.write("etl/leoflow.yaml", "dag_id: etl\n");
    let dag = home.write("etl/dag.py", "def\n");
    let json = home.path().join("etl/dag.json");
    let watching = Watching::start(&home, &["compile", "etl", "--watch"]);
    watching.says("does not compile: 1 error");
    assert!(!json.exists(), "of a DAG that does not compile nothing is written");

    fs::write(&dag, ONE).unwrap();
    let line = watching.says("compiled etl: 1 task, ");
    assert!(!line.contains('+') && line.as_bytes()[2] == b':', "{line}");
    let first = fs::read(&json).unwrap();

    // As an editor that writes anew and renames.
    let two = format!("{ONE}    b = EmptyOperator(task_id=\"b\")\n    a >> b\n");
    fs::write(home.path().join("etl/4913"), two).unwrap();
    fs::rename(home.path().join("etl/4913"), &dag).unwrap();
    watching.says("compiled etl: 2 tasks").contains("+ task b, + edge a -> b").then_some(()).expect("what changed");
    let second = fs::read(&json).unwrap();
    assert_ne!(first, second);

    // As one that removes first.
    fs::remove_file(&dag).unwrap();
    watching.says("does not compile");
    assert_eq!(fs::read(&json).unwrap(), second, "the last good one stays");
    fs::write(&dag, ONE).unwrap();
    watching.says(": - task b, - edge a -> b");

    // A file that was imported, and one that was not there.
    fs::write(&dag, format!("import names\n{ONE}")).unwrap();
    watching.says("does not compile");
    home.write("etl/names.py", "");
    watching.says("compiled etl: 1 task");
    home.write("etl/names.py", "def\n");
    watching.says("does not compile");
    home.write("etl/names.py", "");
    watching.says("compiled etl");
    home.write("etl/leoflow.yaml", "dag_id: etl\nretires: 2\n");
    watching.says("does not compile: 1 error");
    assert_eq!(watching.interrupted(), Some(0));
}

#[test]
fn a_file_that_says_the_same_is_not_written_again() {
    let home = Home::new();
    home.write("etl/leoflow.yaml", "dag_id: etl\n");
    let dag = home.write("etl/dag.py", ONE);
    let watching = Watching::start(&home, &["compile", "etl", "--watch"]);
    watching.says("compiled etl");
    let json = home.path().join("etl/dag.json");
    let written = || fs::metadata(&json).unwrap().modified().unwrap();
    let before = written();
    fs::write(&dag, ONE).unwrap();
    watching.says("compiled etl");
    assert_eq!(written(), before);
}

#[test]
fn validating_watches_every_file_and_writes_none() {
    let home = Home::new();
    home.write("etl/leoflow.yaml", "dag_id: etl\n");
    home.write("etl/dag.py", ONE);
    let watching = Watching::start(&home, &["validate", "etl", "--watch"]);
    watching.says("valid etl: 1 task, 0 edges; 2 files");
    home.write("etl/.env", "PASSWORD=x\n");
    watching.says("is not valid: 1 error");
    fs::remove_file(home.path().join("etl/.env")).unwrap();
    watching.says("valid etl");
    assert!(!home.path().join("etl/dag.json").exists());
    assert_eq!(watching.interrupted(), Some(0));
}

#[test]
fn what_has_no_end_is_no_object_of_json() {
    let home = Home::new();
    home.write("etl/leoflow.yaml", "dag_id: etl\n");
    home.run(&["compile", "etl", "--watch", "-o", "-"]).exits(2).says(&["stdout cannot be dag.json"]);
    for command in ["compile", "validate"] {
        home.run(&[command, "etl", "--watch", "--output", "json"]).exits(2).says(&["--watch has no end"]);
        home.run(&[command, "nowhere", "--watch"]).exits(2).says(&["nowhere"]);
    }
}
