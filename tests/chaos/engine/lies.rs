//! What is answered instead of the truth.

use super::schedule::{BodyLie, Class, Kind, Page, Reply, STRANGER};
use super::wire::{Answer, Head};

/// More than a manifest, a token or an error may have.
const HUGE: usize = 5 << 20;

/// Returns the answer that is sent before the request's body was read.
pub(crate) fn early(head: &Head, kinds: &[Kind]) -> Option<Answer> {
    kinds.iter().find_map(|kind| match kind {
        Kind::Instead { reply, early: true } => Some(made_up(reply, head)),
        _ => None,
    })
}

/// Returns what comes instead of HTTP.
pub(crate) fn raw(kind: &Kind) -> Option<&'static [u8]> {
    match kind {
        Kind::Raw(bytes) => Some(bytes),
        // What a TLS server says to whoever speaks plain HTTP.
        Kind::Tls(_) => Some(&[21, 3, 3, 0, 2, 2, 40]),
        _ => None,
    }
}

/// Returns the answer that spares the server the question.
pub(crate) fn instead(head: &Head, kinds: &[Kind], digest: &str) -> Option<Answer> {
    kinds.iter().find_map(|kind| match kind {
        Kind::Instead { reply, .. } => Some(made_up(reply, head)),
        Kind::Claim => claim(head, digest),
        _ => None,
    })
}

fn made_up(reply: &Reply, head: &Head) -> Answer {
    let answer = Answer::new(reply.status);
    let mut answer = match reply.body {
        Page::Empty => answer.body(""),
        Page::Html => answer.with("Content-Type", "text/html").body("<html><title>Sorry</title></html>"),
        Page::Error(code) => answer
            .with("Content-Type", "application/json")
            .body(format!(r#"{{"errors":[{{"code":"{code}","message":"says the proxy"}}]}}"#)),
        Page::Echo => answer.body(format!(
            r#"{{"errors":[{{"code":"DENIED","message":"not with {}"}}]}}"#,
            head.header("authorization").unwrap_or("nothing")
        )),
    };
    for (name, value) in &reply.headers {
        answer.set(name, value);
    }
    answer
}

/// Claims that what was asked for is there, or was done.
fn claim(head: &Head, digest: &str) -> Option<Answer> {
    let asked = ["digest=", "mount="].iter().find_map(|key| {
        let value = head.target.split_once(key)?.1.split('&').next()?;
        Some(value.replace("%3A", ":"))
    });
    let named = asked.unwrap_or_else(|| head.path().rsplit('/').next().unwrap_or_default().to_owned());
    let (dag, location) = (head.path().split('/').nth(4).unwrap_or_default(), format!("{}/x", head.path()));
    let answer = match head.class() {
        Class::Question => Answer::new(200).with("Docker-Content-Digest", named),
        Class::Tag => Answer::new(200).with("Docker-Content-Digest", digest),
        Class::Mount | Class::Commit => {
            Answer::new(201).with("Docker-Content-Digest", named).with("Location", location).body("")
        }
        Class::Begin | Class::Chunk => Answer::new(202).with("Location", location).with("Range", "0-99999999").body(""),
        Class::Publish => Answer::new(201).with("Docker-Content-Digest", digest).body(""),
        Class::Register => Answer::new(201).body(format!(
            r#"{{"dag_id":"{dag}","version":"1234567","spec_hash":"{}","created":true}}"#,
            "0".repeat(64)
        )),
        _ => return None,
    };
    Some(answer)
}

/// Makes an answer worse.
pub(crate) fn spoil(answer: &mut Answer, kind: &Kind, head: &Head, stale: &[u8]) {
    match kind {
        Kind::Afterwards(reply) => *answer = made_up(reply, head),
        Kind::Prelude(text) => answer.prelude = text,
        Kind::Without(name) => answer.remove(name),
        Kind::Header(name, value) => answer.set(name, value),
        Kind::Twice(name, value) => answer.headers.push(((*name).to_owned(), value.clone())),
        Kind::Line(line) => answer.line = Some(line),
        Kind::Body(lie) if head.method != "HEAD" => {
            spoil_body(&mut answer.body, *lie, stale);
            answer.tell_length();
        }
        _ => {}
    }
}

fn spoil_body(body: &mut Vec<u8>, lie: BodyLie, stale: &[u8]) {
    let place = |thousandths: usize| body.len() * thousandths / 1000;
    match lie {
        BodyLie::Flip(at) => {
            let at = place(at);
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1;
            }
        }
        BodyLie::Shorter(at) => body.truncate(place(at)),
        BodyLie::Longer(more) => body.resize(body.len() + more, b' '),
        BodyLie::Other(text) => *body = text.into(),
        BodyLie::Huge => *body = vec![b' '; HUGE],
        BodyLie::Stale => *body = stale.to_vec(),
    }
}

/// Fills in who is meant.
pub(crate) fn addressed(mut answer: Answer, own: &str, stranger: &str) -> Answer {
    for (_, value) in &mut answer.headers {
        *value = value.replace(STRANGER, stranger).replace("{own}", own);
    }
    answer
}
