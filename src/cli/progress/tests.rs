use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use annotate_snippets::Level;

use super::scene::Scene;
use super::screen::Screen;
use super::teller::Teller;
use super::{Mode, Progress};
use crate::cli::audience::Audience;
use crate::cli::report::Report;
use crate::layers::Digest;
use crate::registry::Event;

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Returns what a terminal of 40 columns shows of it.
    fn screen(&self) -> vt100::Parser {
        let mut parser = vt100::Parser::new(10.try_into().unwrap(), 40.try_into().unwrap(), 0);
        parser.process(self.text().replace('\n', "\r\n").as_bytes());
        parser
    }
}

fn telling(mode: Mode, verbose: bool) -> (Progress, Written) {
    let written = Written::default();
    let screen = Screen::new(Box::new(written.clone()), false);
    (Progress { teller: Arc::new(Teller::new(screen, mode, verbose, Audience::none())), job: None }, written)
}

fn digest(number: u8) -> Digest {
    Digest::of(&[number])
}

fn plain(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| anstream::adapter::strip_str(line).to_string().trim_end().to_owned()).collect()
}

#[test]
fn what_stays_is_above_what_is_live_and_nothing_live_is_left() {
    let written = Written::default();
    let mut screen = Screen::new(Box::new(written.clone()), true);
    let live = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    screen.tell("first", Vec::new());
    screen.draw(live(&["one", "two", "three"]));
    screen.tell("second", live(&["日本語🦁", "two"]));
    assert_eq!(written.screen().screen().contents(), "first\nsecond\n日本語🦁\ntwo");
    assert!(written.screen().screen().hide_cursor());
    screen.draw(live(&["only"]));
    assert_eq!(written.screen().screen().contents(), "first\nsecond\nonly");
    screen.tell("third", Vec::new());
    screen.draw(Vec::new());
    assert_eq!(written.screen().screen().contents(), "first\nsecond\nthird");
    assert!(!written.screen().screen().hide_cursor());
}

#[test]
fn what_has_not_changed_is_not_drawn_again() {
    let written = Written::default();
    let mut screen = Screen::new(Box::new(written.clone()), true);
    screen.draw(vec!["one".to_owned()]);
    let before = written.text();
    screen.draw(vec!["one".to_owned()]);
    assert_eq!(written.text(), before);
}

#[test]
fn a_terminal_that_goes_away_while_lines_are_live_is_left_clean() {
    let written = Written::default();
    let mut screen = Screen::new(Box::new(written.clone()), true);
    screen.draw(vec!["one".to_owned()]);
    drop(screen);
    assert_eq!(written.screen().screen().contents(), "");
    assert!(!written.screen().screen().hide_cursor());
}

#[test]
fn many_transfers_have_five_lines_and_one_for_all() {
    let (mut scene, start) = (Scene::default(), Instant::now());
    scene.transfers.expect((0..9).map(|number| (digest(number), 100 << 20)));
    scene.transfers.settled(digest(8), 100 << 20, false);
    for number in 0..7 {
        scene.transfers.started(digest(number), 100 << 20, false, start);
    }
    scene.transfers.name(digest(0), "numpy 2.1.0");
    scene.transfers.name(digest(1), "everything that is small enough to share a layer");
    scene.look(start);
    scene.transfers.sent(digest(0), 10 << 20);
    let later = start + Duration::from_secs(1);
    scene.look(later);
    let expected = [
        "            1 of 9 blobs    1%  10.00 MiB of 800.00 MiB  10.00 MiB/s  79s left",
        " Uploading  numpy 2.1.0            10%  10.00 MiB of 100.00 MiB  10.00 MiB/s",
        " Uploading  everything…e a layer    0%        0 B of 100.00 MiB",
        " Uploading  dbc1b4c900ff            0%        0 B of 100.00 MiB",
        " Uploading  084fed08b978            0%        0 B of 100.00 MiB",
        " Uploading  e52d9c508c50            0%        0 B of 100.00 MiB",
        "            and 2 more",
    ];
    assert_eq!(plain(&scene.lines(later, 80, 23)), expected);
    assert_eq!(scene.lines(later, 80, 3).len(), 3);
}

#[test]
fn an_upload_that_begins_again_is_not_counted_twice() {
    let (mut scene, now) = (Scene::default(), Instant::now());
    scene.transfers.expect([(digest(0), 100), (digest(1), 50)]);
    scene.transfers.started(digest(0), 100, false, now);
    scene.transfers.sent(digest(0), 80);
    scene.transfers.resumed(digest(0), 20);
    assert_eq!(plain(&scene.lines(now, 80, 23))[0], "            0 of 2 blobs   13%  20 B of 150 B");
    scene.transfers.started(digest(0), 100, false, now);
    scene.transfers.settled(digest(0), 100, true);
    scene.transfers.settled(digest(0), 100, true);
    scene.transfers.started(digest(1), 50, true, now);
    let expected = ["            1 of 2 blobs   66%  100 B of 150 B", "   Copying  4bf5122f3445    0%  0 B of 50 B"];
    assert_eq!(plain(&scene.lines(now, 80, 23)), expected);
}

#[test]
fn a_log_gets_a_line_now_and_then() {
    let (progress, written) = telling(Mode::Plain, false);
    let told = progress.observer();
    told(Event::Started { digest: digest(0), size: 4 << 30, streamed: false });
    told(Event::Sent { digest: digest(0), bytes: 1 << 30 });
    let start = Instant::now();
    for second in [1, 5, 9] {
        progress.teller.tick(start + Duration::from_secs(second));
    }
    assert_eq!(written.text(), "");
    told(Event::Sent { digest: digest(0), bytes: 1 << 30 });
    progress.teller.tick(start + Duration::from_secs(11));
    let expected = " Uploading  blob 1 of 1, 2.00 GiB of 4.00 GiB, 512.00 MiB/s, 4s left\n";
    assert_eq!(written.text(), expected);
    told(Event::Uploaded { digest: digest(0), size: 4 << 30 });
    progress.doing("Waiting", "for https://pro.example.com");
    progress.teller.tick(start + Duration::from_secs(22));
    let waiting = written.text().replace(expected, "");
    assert!(waiting.starts_with("   Waiting  for https://pro.example.com, ") && waiting.ends_with("s\n"), "{waiting}");
    progress.idle();
    progress.teller.tick(start + Duration::from_secs(99));
    assert_eq!(written.text().lines().count(), 2);
}

#[test]
fn a_project_of_several_is_one_line_when_it_is_done() {
    let (progress, written) = telling(Mode::Plain, false);
    let (first, second) = (progress.job("etl_sales"), progress.job("etl_costs"));
    first.progress().step("Compiled", "etl_sales, 3 tasks");
    first.progress().detail("Packs", "dag.py");
    first.progress().report(&Report::new("the schedule never fires"), Level::WARNING);
    first.done("Deployed", "version d0ee4da");
    drop(second);
    assert_eq!(
        written.text(),
        "warning: etl_sales: the schedule never fires\n  Deployed  etl_sales  version d0ee4da\n"
    );
}

#[test]
fn who_wants_details_gets_the_steps_of_each_project_too() {
    let (progress, written) = telling(Mode::Plain, true);
    let job = progress.job("etl_sales");
    job.progress().step("Compiled", "3 tasks");
    progress.retry("read x", "cannot read x: HTTP 500 (http://x/)", Duration::from_secs(1));
    let text = written.text();
    assert!(
        text.starts_with("  Compiled  etl_sales: 3 tasks\n  Retrying  in 1.0 s: read x: cannot read x: HTTP 500"),
        "{text}"
    );
}

#[test]
fn projects_in_flight_have_eight_lines() {
    let (mut scene, now) = (Scene::default(), Instant::now());
    let jobs: Vec<u64> = (0..11).map(|number| scene.begin_job(&format!("dag_{number}"))).collect();
    let task = super::task::Task::new("Packing", "the project", super::task::Amount::Of(1, 4), now);
    *scene.activity(Some(jobs[0])).unwrap() = Some(task);
    let lines = plain(&scene.lines(now, 80, 23));
    assert_eq!((lines.len(), lines[0].as_str()), (9, "   Packing  dag_0  the project   25%  1 B of 4 B"));
    assert_eq!((lines[1].as_str(), lines[8].as_str()), ("   Waiting  dag_1", "            and 3 more"));
    let names = "dag_0, dag_1, dag_2, dag_3, dag_4, dag_5, dag_6, dag_7";
    assert_eq!(scene.in_a_line(now), Some(("Working", format!("on {names} and 3 more"))));
}

#[test]
fn a_quiet_command_tells_nothing_but_errors() {
    let (progress, written) = telling(Mode::Quiet, true);
    progress.step("Compiled", "3 tasks");
    progress.detail("Packs", "dag.py");
    progress.line("line");
    progress.report(&Report::new("warning"), Level::WARNING);
    assert_eq!(written.text(), "");
    progress.tell(&super::Told::Error(&Report::new("it failed")));
    assert_eq!(written.text(), "error: it failed\n");
}
