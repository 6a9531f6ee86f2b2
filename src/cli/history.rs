//! `leoflow history`: the versions that were deployed from this machine, and which one is live.

use serde_json::{Value, json};

use super::args::HistoryArgs;
use super::exit::Exit;
use super::record;
use super::report::Failure;
use super::session::Session;
use super::versions::{Live, Plane, choice};
use crate::record::Entry;
use crate::time::rfc3339;

/// How many characters of versions are shown.
const VERSION_WIDTH: usize = 16;
const DAG_VERSION_WIDTH: usize = 18;

const SOURCE: &str = "\
The control plane's API lists no versions: these are the deploys from this
machine.
";

pub(super) async fn run(session: &Session, args: &HistoryArgs) -> Result<Exit, Failure> {
    session.standing.at("while the server was asked: nothing was changed", "run the same command again");
    let plane = Plane::open(session, &args.server, args.sandbox).await?;
    let records = record::records(session);
    let entries = records.entries(&plane.name, &args.dag_id);
    let live = Live::ask(session, &plane, &args.dag_id).await;
    let elsewhere = record::elsewhere(&records, &args.dag_id).filter(|_| entries.is_empty());
    let history = History { dag_id: &args.dag_id, server: plane.shown(), entries: &entries, elsewhere, live: &live };
    let printed = session.print(&history.as_text(), &history.as_json());
    plane.close().await;
    printed.map(|()| Exit::Success)
}

/// What is told.
struct History<'a> {
    dag_id: &'a str,
    server: String,
    /// The newest first.
    entries: &'a [Entry],
    /// Where it was deployed to instead.
    elsewhere: Option<String>,
    live: &'a Live,
}

impl History<'_> {
    /// Returns the newest entry of what is live.
    fn live_entry(&self) -> Option<usize> {
        let live = self.live.dag()?;
        self.entries.iter().position(|entry| choice::is_live(entry, live))
    }

    fn as_text(&self) -> String {
        let Self { dag_id, server, entries, .. } = self;
        if entries.is_empty() {
            let elsewhere = self.elsewhere.as_ref().map_or_else(String::new, |text| format!("({text})\n"));
            let none = format!("No deploy of {dag_id} to {server} is recorded on this machine.\n");
            return none + &elsewhere + &self.live_line();
        }
        let mut text = format!("{dag_id} on {server}\n");
        let widths = [width(entries, VERSION_WIDTH, |entry| &entry.version), self.dag_version_width()];
        text.push_str(&row(widths, [" ", "VERSION", "WHEN (UTC)", "DAG_VERSION", "IMAGE", "BY"]));
        for (at, entry) in entries.iter().enumerate() {
            text.push_str(&self.line(widths, at, entry));
        }
        text + "\n" + &self.live_line() + SOURCE
    }

    fn dag_version_width(&self) -> usize {
        width(self.entries, DAG_VERSION_WIDTH, |entry| &entry.dag_version).max("DAG_VERSION".len())
    }

    fn line(&self, widths: [usize; 2], at: usize, entry: &Entry) -> String {
        let mark = if self.live_entry() == Some(at) { "*" } else { " " };
        let time = rfc3339(entry.time);
        let time = time.get(..16).unwrap_or(&time).replace('T', " ");
        let image = entry.image.digest().hex();
        let (version, dag_version) = (cut(&entry.version, VERSION_WIDTH), cut(&entry.dag_version, DAG_VERSION_WIDTH));
        row(widths, [mark, &version, &time, &dag_version, &image[..12], entry.way.as_str()])
    }

    fn live_line(&self) -> String {
        match (self.live, self.live_entry()) {
            (Live::Is(_), Some(_)) => "* is live.\n".to_owned(),
            (Live::Is(live), None) => match &live.version {
                Some(version) => format!("Live is {version}, which was not deployed from this machine.\n"),
                None => "The server does not say which version is live.\n".to_owned(),
            },
            (Live::Nothing, _) => format!("The server has no DAG {} now.\n", self.dag_id),
            (Live::Unknown(reason), _) => format!("Which one is live is not known:\n{reason}\n"),
        }
    }

    fn as_json(&self) -> Value {
        let entries = self.entries.iter().enumerate().map(|(at, entry)| self.entry_json(at, entry));
        json!({"schema": "leoflow.history/v1", "dag_id": self.dag_id, "server": self.server,
               "source": "local_record", "live": self.live_json(), "entries": entries.collect::<Vec<_>>()})
    }

    fn live_json(&self) -> Value {
        let reason = match self.live {
            Live::Unknown(reason) => Some(reason),
            Live::Is(_) | Live::Nothing => None,
        };
        let live = self.live.dag().cloned().unwrap_or_default();
        json!({"known": reason.is_none(), "reason": reason, "version": live.version, "spec_hash": live.spec_hash,
               "image": live.image})
    }

    fn entry_json(&self, at: usize, entry: &Entry) -> Value {
        let is_live = self.live.dag().map(|_| self.live_entry() == Some(at));
        json!({"version": entry.version, "spec_hash": entry.spec_hash, "dag_version": entry.dag_version,
               "time": rfc3339(entry.time), "by": entry.way.as_str(), "image": entry.image.to_string(),
               "digest": entry.image.digest().to_string(), "spec_sha256": entry.spec.to_string(), "live": is_live})
    }
}

/// One line of 80 columns at most.
fn row(widths: [usize; 2], columns: [&str; 6]) -> String {
    let [version, dag_version] = widths;
    let [mark, name, time, dag, image, by] = columns;
    let line = format!("{mark} {name:version$}  {time:16}  {dag:dag_version$}  {image:12}  {by}");
    line.trim_end().to_owned() + "\n"
}

fn width(entries: &[Entry], most: usize, text: impl Fn(&Entry) -> &String) -> usize {
    let widest = entries.iter().map(|entry| text(entry).chars().count()).max().unwrap_or_default();
    widest.clamp("VERSION".len(), most)
}

/// Keeps a text within a width; whoever needs all of it asks for JSON.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
