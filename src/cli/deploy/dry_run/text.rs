//! What a deploy would do, as people read it: 80 columns, what changes first, what moves last.

use std::fmt::Write as _;

use crate::cli::building::count;
use crate::cli::diff::text;
use crate::cli::progress::{human_bytes, short};
use crate::deploy::{Before, DryRun, Live};
use crate::image::{DescribedImage, DescribedLayer};
use crate::registry::{Fate, Survey};

/// Returns the whole plan.
pub(in crate::cli::deploy) fn as_text(foretold: &DryRun, server: &str) -> String {
    let mut text = heading(foretold, server);
    if foretold.is_live() != Some(true) {
        text.push_str(&spec(foretold));
        text.push_str(&image(foretold));
    }
    if foretold.survey.is_unchanged() {
        text.push_str("\nLayers: the registry has this image under this tag, nothing would be sent\n");
    } else {
        text.push_str(&layers(foretold));
    }
    text + "\nThis was a dry run: nothing was pushed or registered.\n"
}

fn heading(foretold: &DryRun, server: &str) -> String {
    let (word, live) = match (&foretold.live, foretold.is_live()) {
        (_, Some(true)) => ("Unchanged", format!("{} is live already", version(foretold))),
        (Live::Nothing, _) => ("Would deploy", "new: the server does not know this DAG yet".to_owned()),
        (Live::Unknown(_), _) => ("Would deploy", "the server does not say what is live: see the error".to_owned()),
        (Live::Version(_), Some(false)) => ("Would deploy", format!("{} is live now", version(foretold))),
        (Live::Version(_), None) => {
            let told = format!("{} is live; the server does not tell whether it is this one", version(foretold));
            ("Would deploy", told)
        }
    };
    format!("{word} {} -> {server}\n  image {}\n  {live}\n", foretold.spec.dag_id(), foretold.spec.image())
}

fn version(foretold: &DryRun) -> String {
    match &foretold.live {
        Live::Version(live) => {
            live.version.as_ref().map_or("a version".to_owned(), |version| format!("version {version}"))
        }
        Live::Nothing | Live::Unknown(_) => "no version".to_owned(),
    }
}

fn spec(foretold: &DryRun) -> String {
    let Some(earlier) = &foretold.earlier else {
        return match foretold.live {
            Live::Nothing => String::new(),
            _ => "\nSpec: what changes is not known, no deploy of it from this machine is recorded\n".to_owned(),
        };
    };
    let against = match &foretold.live {
        Live::Version(live) if live.version.as_ref() == Some(&earlier.version) => "which is live".to_owned(),
        _ => "the last deploy from this machine".to_owned(),
    };
    match &foretold.spec_diff {
        Some(diff) => format!("\nSpec, compared with version {}, {against}:\n{}", earlier.version, text::spec(diff)),
        None => format!("\nSpec: the same as version {}, {against}\n", earlier.version),
    }
}

fn image(foretold: &DryRun) -> String {
    match &foretold.before {
        Before::Nothing => String::new(),
        Before::Same => "\nImage: the same\n".to_owned(),
        Before::Differs { image, diff: None } => {
            format!("\nImage, compared with {}: only the index differs\n", short(&image.digest()))
        }
        Before::Differs { image, diff: Some(diff) } => {
            let lines = text::image_without_its_layers(diff.clone());
            format!("\nImage, compared with {}:\n{lines}", short(&image.digest()))
        }
        Before::Unreadable { image, error } => {
            format!("\nImage: what changes is not known, {} cannot be read:\n  {error}\n", short(&image.digest()))
        }
    }
}

fn layers(foretold: &DryRun) -> String {
    let several = foretold.images.len() > 1;
    let mut text = "\nLayers:\n".to_owned();
    for image in &foretold.images {
        if several {
            let _ = writeln!(text, "  {}  {}", image.platform, short(&image.manifest));
        }
        text.push_str(&layers_of(image, &foretold.survey));
    }
    text + &sums(&foretold.survey)
}

fn layers_of(image: &DescribedImage, survey: &Survey) -> String {
    let line = |layer: &DescribedLayer| {
        let (mark, word) = survey.blob(layer.digest).map_or((' ', ""), |blob| in_words(blob.fate));
        text::layer_line(2, mark, layer, &format!("{word:<8}  "))
    };
    image.layers.iter().map(line).collect()
}

fn in_words(fate: Fate) -> (char, &'static str) {
    match fate {
        Fate::Present => ('=', "there"),
        Fate::Mount => ('=', "mount"),
        Fate::Copy => ('+', "copy"),
        Fate::Upload => ('+', "upload"),
    }
}

/// `To upload: 2 blobs, 3.2 KiB; 1 mounted, 3 there already`
fn sums(survey: &Survey) -> String {
    let (uploads, copies) = (survey.sum(Fate::Upload).0, survey.sum(Fate::Copy).0);
    let mut text = match uploads + copies {
        0 => "  nothing to upload".to_owned(),
        blobs => format!("  to upload: {} ({})", count(blobs, "blob"), human_bytes(survey.upload_bytes())),
    };
    for (fate, word) in [(Fate::Mount, "to mount"), (Fate::Present, "there already")] {
        if let blobs @ 1.. = survey.sum(fate).0 {
            let _ = write!(text, ", {blobs} {word}");
        }
    }
    if let untold @ 1.. = survey.blobs.iter().filter(|blob| !blob.told).count() {
        let _ =
            write!(text, "\n  the registry does not tell whether it has {}: taken as absent", count(untold, "blob"));
    }
    text + "\n"
}
