//! What servers answered before, by what was asked: pages of package indexes, and the metadata of wheels.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use leoflow_layers::Digest;
use serde::{Deserialize, Serialize};

use super::directory::{Kind, touch};
use super::{Cache, discard, read};

/// No answer is larger, in bytes.
const LIMIT: u64 = 128 << 20;

/// An answer without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerHead {
    /// 200, or 404.
    pub status: u16,
    /// `Content-Type`
    pub content_type: String,
    /// `ETag`, to be asked with whether anything has changed.
    pub etag: Option<String>,
    /// How long it need not be asked for again, in seconds.
    pub fresh_for: u64,
}

/// An answer, and when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What was said of it.
    pub head: AnswerHead,
    /// What was answered.
    pub body: Vec<u8>,
    /// How long ago it was given, or found unchanged.
    pub age: Duration,
}

/// The first line of a file: an answer's head, and a hash over it, what was asked, and the body. What was asked is not
/// there itself: it may hold a signature.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    head: AnswerHead,
    seal: String,
}

impl KeptAnswer {
    /// Returns whether it need not be asked for again.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.age < Duration::from_secs(self.head.fresh_for)
    }
}

impl Cache {
    /// Returns what was answered to `asked`, however old.
    #[must_use]
    pub fn answer(&self, asked: &str) -> Option<KeptAnswer> {
        let directory = self.0.as_ref()?.directory(Kind::Answers)?;
        let file = directory.get(&name(asked))?;
        let answer = parse(read(&file, LIMIT).ok()?, asked, age(&file));
        if answer.is_none() {
            discard(&directory, &name(asked));
        }
        answer
    }

    /// Keeps an answer, if that is possible.
    pub fn keep_answer(&self, asked: &str, head: &AnswerHead, body: &[u8]) {
        let (Some(cache), Some(line)) = (&self.0, line(asked, head, body)) else { return };
        cache.write_little(line.len() + body.len(), || {
            cache.put(Kind::Answers, &name(asked), line.as_bytes().chain(body))
        });
    }

    /// Notes that what was answered to `asked` is so still.
    pub fn confirm_answer(&self, asked: &str) {
        let directory = self.0.as_ref().and_then(|cache| cache.directory(Kind::Answers));
        if let Some(file) = directory.and_then(|directory| directory.get(&name(asked))) {
            touch(&file);
        }
    }
}

fn name(asked: &str) -> String {
    Digest::of(asked.as_bytes()).hex()
}

/// A time that lies ahead is one of a clock that was wrong: nothing is fresh by it.
fn age(file: &File) -> Duration {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.ok().and_then(|modified| modified.elapsed().ok()).unwrap_or(Duration::MAX)
}

fn line(asked: &str, head: &AnswerHead, body: &[u8]) -> Option<String> {
    let (head, seal) = (head.clone(), seal(asked, head, body)?);
    Some(serde_json::to_string(&Sealed { head, seal }).ok()? + "\n")
}

fn parse(mut bytes: Vec<u8>, asked: &str, age: Duration) -> Option<KeptAnswer> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let sealed: Sealed = serde_json::from_slice(&bytes[..end]).ok()?;
    bytes.drain(..=end);
    let is_whole = seal(asked, &sealed.head, &bytes)? == sealed.seal;
    is_whole.then_some(KeptAnswer { head: sealed.head, body: bytes, age })
}

fn seal(asked: &str, head: &AnswerHead, body: &[u8]) -> Option<String> {
    let body = Digest::of(body).to_string();
    Some(Digest::of(&serde_json::to_vec(&(asked, head, body)).ok()?).hex())
}
