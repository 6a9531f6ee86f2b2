//! The package index, asked for the first package that the project wants.

use super::check::{Check, PATIENCE, within};
use super::ground::Ground;
use crate::cli::exit::Exit;
use crate::packages::index::{Index, IndexOptions};
use crate::packages::requirements::requirements;
use crate::project::Project;

pub(super) async fn checks(ground: &Ground<'_>) -> Vec<Check> {
    let (Some(project), Some(options)) = (ground.readable(), &ground.index) else { return Vec::new() };
    let check = match options {
        Ok(_) if ground.image.connection.offline => Check::ok("packages", "no index is asked: --offline"),
        Ok(options) => within("packages", Exit::Packages, PATIENCE, asked(project, options)).await,
        Err(failure) => Check::fail("packages", failure.clone()),
    };
    vec![check]
}

async fn asked(project: &Project, options: &IndexOptions) -> Check {
    let wanted = requirements(&project.config).unwrap_or_default();
    let Some(name) = wanted.into_iter().map(|wanted| wanted.requirement.name).next() else {
        return Check::ok("packages", "none are asked for");
    };
    let places = places(options);
    let files = async { Index::new(options.clone())?.project(&name).await };
    Check::of("packages", files.await, |_| format!("{places}: `{name}` is there"))
}

/// Names the indexes, whose URLs hold no credentials any more.
fn places(options: &IndexOptions) -> String {
    let indexes: Vec<&str> = options.sources.indexes.iter().map(url::Url::as_str).collect();
    if indexes.is_empty() { "--find-links".to_owned() } else { indexes.join(", ") }
}
