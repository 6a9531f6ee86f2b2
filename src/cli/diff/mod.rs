//! `leoflow diff`: two specs or images compared.

pub(super) mod json;
pub(super) mod paint;
mod side;
pub(super) mod text;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::side::Side;
use super::args::DiffArgs;
use super::exit::Exit;
use super::progress::short;
use super::report::Failure;
use super::session::Session;
use crate::diff;
use crate::image::DescribedImage;
use crate::layers::Digest;

pub(super) async fn run(session: &Session, args: &DiffArgs) -> Result<Exit, Failure> {
    session.standing.at("while reading: nothing is written by this command", "run the same command again");
    let registry = session.registry(&args.connection, &Default::default(), BTreeMap::new())?;
    session.progress.doing("Reading", &args.old);
    let old = side::read(session, &registry, &args.old).await?;
    session.progress.doing("Reading", &args.new);
    let new = side::read(session, &registry, &args.new).await?;
    session.progress.clear();
    let outcome = match (old, new) {
        (Side::Spec(old), Side::Spec(new)) => specs(&old, &new),
        (Side::Image(old, before), Side::Image(new, now)) => images((old, &before), (new, &now)),
        (Side::Spec(_), Side::Image(..)) | (Side::Image(..), Side::Spec(_)) => return Err(unlike(args)),
    };
    paint::print(session, &outcome.text, &outcome.json(args))?;
    Ok(if outcome.differs && args.exit_code { Exit::Changes } else { Exit::Success })
}

/// What a comparison came to.
struct Outcome {
    kind: &'static str,
    differs: bool,
    text: String,
    /// What is told under `diff`.
    diff: Value,
}

impl Outcome {
    fn json(&self, args: &DiffArgs) -> Value {
        json!({"schema": "leoflow.diff/v1", "kind": self.kind, "old": args.old, "new": args.new,
               "differs": self.differs, "diff": self.diff})
    }
}

fn specs(old: &Value, new: &Value) -> Outcome {
    let diff = diff::specs(old, new);
    let heading = |diff| format!("The specs differ:\n{}", text::spec(diff));
    Outcome {
        kind: "spec",
        differs: diff.is_some(),
        text: diff.as_ref().map_or_else(|| "The specs are the same\n".to_owned(), heading),
        diff: diff.as_ref().map(json::spec).into(),
    }
}

fn images((old, before): (Digest, &[DescribedImage]), (new, now): (Digest, &[DescribedImage])) -> Outcome {
    let diff = diff::images(before, now);
    let (from, to) = (short(&old), short(&new));
    let text = match &diff {
        Some(diff) => format!("The images differ, {from} -> {to}:\n{}", text::image(diff)),
        None if old != new => format!("The indexes differ, {from} -> {to}; for each platform the image is the same\n"),
        None => format!("The images are the same, {from}\n"),
    };
    Outcome { kind: "image", differs: old != new, text, diff: diff.as_ref().map(json::image).into() }
}

fn unlike(args: &DiffArgs) -> Failure {
    let message = format!("`{}` and `{}` are a spec and an image, which cannot be compared", args.old, args.new);
    Failure::usage(message, "name two dag.json or two images; a dag.json's `image` is one")
}
