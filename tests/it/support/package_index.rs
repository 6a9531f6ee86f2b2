//! A package index on loopback: pages in JSON or HTML, metadata beside wheels, files with ranges; what should misbehave is
//! scripted over it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use leoflow::layers::Digest;
use serde_json::{Value, json};

use super::scripted::{Answer, Request, Scripted};
use super::wheels::Wheel;

/// A running index: pages below `/simple/`, files below `/files/`.
pub(crate) struct PackageIndex {
    pub(crate) server: Scripted,
    shelf: Arc<Mutex<Shelf>>,
}

/// What an index has, and how it says so.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    /// By normalized name.
    projects: BTreeMap<String, Vec<File>>,
    /// Whether pages are in JSON for who wants that (PEP 691).
    pub(crate) json: bool,
    /// Whether metadata is offered beside wheels (PEP 658).
    pub(crate) beside: bool,
    /// Whether pages say the files' sha256.
    pub(crate) hashes: bool,
    /// Whether parts of files are given to who asks for them.
    pub(crate) ranges: bool,
    /// `Cache-Control` of pages.
    pub(crate) freshness: &'static str,
}

/// A file that an index offers.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) filename: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) metadata: Option<String>,
    pub(crate) requires_python: Option<String>,
    pub(crate) yanked: Option<String>,
    pub(crate) uploaded: Option<String>,
}

impl File {
    /// A file of any kind.
    pub(crate) fn new(filename: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let (filename, bytes) = (filename.to_owned(), bytes.into());
        Self { filename, bytes, metadata: None, requires_python: None, yanked: None, uploaded: None }
    }
}

impl From<&Wheel> for File {
    fn from(wheel: &Wheel) -> Self {
        let text = wheel.metadata();
        let python = text.lines().find_map(|line| line.strip_prefix("Requires-Python: "));
        let requires_python = python.map(str::to_owned);
        Self { metadata: Some(text), requires_python, ..Self::new(&wheel.filename(), wheel.build()) }
    }
}

impl Default for Shelf {
    fn default() -> Self {
        let freshness = "max-age=600, public";
        Self { projects: BTreeMap::new(), json: true, beside: true, hashes: true, ranges: true, freshness }
    }
}

impl PackageIndex {
    /// An index that has these wheels.
    pub(crate) async fn of(wheels: &[Wheel]) -> Self {
        let index = Self::start().await;
        wheels.iter().for_each(|wheel| index.put(wheel));
        index
    }

    pub(crate) async fn start() -> Self {
        Self::scripted(|_, _| None).await
    }

    /// An index that answers by `script` where that has an answer.
    pub(crate) async fn scripted(
        script: impl Fn(&Request, &mut Shelf) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let behind = Arc::clone(&shelf);
        let handler = move |request: &Request| {
            let mut shelf = behind.lock().unwrap();
            script(request, &mut shelf).unwrap_or_else(|| shelf.answer(request))
        };
        Self { server: Scripted::start(handler).await, shelf }
    }

    /// `http://127.0.0.1:port/simple/`
    pub(crate) fn url(&self) -> String {
        format!("http://{}/simple/", self.server.host())
    }

    /// Changes how it behaves.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.lock().unwrap());
    }

    pub(crate) fn put(&self, wheel: &Wheel) {
        self.put_file(project_of(&wheel.filename()), File::from(wheel));
    }

    /// Puts the page of `project` in the place of what is there.
    pub(crate) fn put_files(&self, project: &str, files: Vec<File>) {
        self.shelf.lock().unwrap().projects.insert(project.to_owned(), files);
    }

    /// Puts a file on the page of `project`, in the place of one of its name.
    pub(crate) fn put_file(&self, project: impl Into<String>, file: File) {
        let mut shelf = self.shelf.lock().unwrap();
        let files = shelf.projects.entry(project.into()).or_default();
        files.retain(|other| other.filename != file.filename);
        files.push(file);
    }

    /// The requests whose line starts so, e.g. `GET /files/`.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.server.count(start)
    }
}

/// The normalized name in a wheel's name.
fn project_of(filename: &str) -> String {
    filename.split('-').next().unwrap().to_lowercase().replace(['_', '.'], "-")
}

impl Shelf {
    /// Answers as an index that behaves.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        if !matches!(&*request.method, "GET" | "HEAD") {
            return Answer::new(405);
        }
        let path = percent_encoding::percent_decode_str(&request.path).decode_utf8_lossy().into_owned();
        match path.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
            ["simple", project] => self.page(request, project),
            ["files", name] => match name.strip_suffix(".metadata") {
                Some(wheel) => self.metadata(wheel),
                None => self.file(request, name),
            },
            _ => Answer::new(404),
        }
    }

    fn find(&self, name: &str) -> Option<&File> {
        self.projects.values().flatten().find(|file| file.filename == name)
    }

    fn page(&self, request: &Request, project: &str) -> Answer {
        let Some(files) = self.projects.get(project) else { return Answer::new(404).body("no such project") };
        let wants_json = request.header("accept").is_some_and(|accept| accept.contains("v1+json"));
        let (kind, body) = match self.json && wants_json {
            true => ("application/vnd.pypi.simple.v1+json", self.in_json(project, files)),
            false => ("text/html; charset=utf-8", self.in_html(project, files)),
        };
        let tag = format!("\"{}\"", &Digest::of(body.as_bytes()).hex()[..16]);
        let answer =
            if request.header("if-none-match") == Some(&tag) { Answer::new(304) } else { Answer::new(200).body(body) };
        answer.header("Content-Type", kind).header("ETag", tag).header("Cache-Control", self.freshness)
    }

    fn in_json(&self, project: &str, files: &[File]) -> String {
        let files: Vec<Value> = files.iter().map(|file| self.file_in_json(file)).collect();
        json!({"meta": {"api-version": "1.1"}, "name": project, "files": files}).to_string()
    }

    fn file_in_json(&self, file: &File) -> Value {
        let hashes = if self.hashes { json!({"sha256": Digest::of(&file.bytes).hex()}) } else { json!({}) };
        let beside = file.metadata.as_ref().filter(|_| self.beside);
        json!({
            "filename": file.filename,
            "url": format!("../../files/{}", file.filename),
            "hashes": hashes,
            "requires-python": file.requires_python,
            "size": file.bytes.len(),
            "upload-time": file.uploaded,
            "yanked": file.yanked.as_ref().map_or(json!(false), |reason| json!(reason)),
            "core-metadata": beside.map_or(json!(false), |text| json!({"sha256": Digest::of(text.as_bytes()).hex()})),
        })
    }

    fn in_html(&self, project: &str, files: &[File]) -> String {
        let lines: String = files.iter().map(|file| self.file_in_html(file)).collect();
        format!("<!DOCTYPE html>\n<html><head><title>{project}</title></head><body>\n{lines}</body></html>\n")
    }

    fn file_in_html(&self, file: &File) -> String {
        let escaped =
            |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let mut attributes = String::new();
        let mut add = |name: &str, value: &str| attributes.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        if let Some(python) = &file.requires_python {
            add("data-requires-python", python);
        }
        if let Some(reason) = &file.yanked {
            add("data-yanked", reason);
        }
        if let Some(text) = file.metadata.as_ref().filter(|_| self.beside) {
            add("data-dist-info-metadata", &format!("sha256={}", Digest::of(text.as_bytes()).hex()));
        }
        let fragment = if self.hashes { format!("#sha256={}", Digest::of(&file.bytes).hex()) } else { String::new() };
        let name = &file.filename;
        format!("<a href=\"../../files/{name}{fragment}\"{attributes}>{name}</a><br>\n")
    }

    fn metadata(&self, wheel: &str) -> Answer {
        let found = self.find(wheel).and_then(|file| file.metadata.as_ref()).filter(|_| self.beside);
        found.map_or(Answer::new(404), |text| Answer::new(200).body(text.as_bytes()))
    }

    fn file(&self, request: &Request, name: &str) -> Answer {
        let Some(file) = self.find(name) else { return Answer::new(404) };
        let tag = format!("\"{}\"", Digest::of(&file.bytes).hex());
        let answer = Answer::new(200).header("ETag", tag.clone());
        if !self.ranges {
            return answer.body(file.bytes.clone());
        }
        let stale = request.header("if-range").is_some_and(|known| known != tag);
        let range = request.header("range").filter(|_| !stale).and_then(|range| part(range, file.bytes.len()));
        match range {
            None => answer.header("Accept-Ranges", "bytes").body(file.bytes.clone()),
            Some((start, end)) if start < end => Answer::new(206)
                .header("ETag", tag)
                .header("Content-Range", format!("bytes {start}-{}/{}", end - 1, file.bytes.len()))
                .body(&file.bytes[start..end]),
            Some(_) => Answer::new(416).header("Content-Range", format!("bytes */{}", file.bytes.len())),
        }
    }
}

/// Reads `bytes=5-9`, `bytes=5-` or `bytes=-5`, of so many bytes; returns start and end.
fn part(range: &str, length: usize) -> Option<(usize, usize)> {
    let (start, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    if start.is_empty() {
        return Some((length.saturating_sub(last.parse().ok()?), length));
    }
    let end = if last.is_empty() { length } else { last.parse::<usize>().ok()? + 1 };
    Some((start.parse().ok()?, end.min(length)))
}
