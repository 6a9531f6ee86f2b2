//! `leoflow init`: a project that deploys to the sandbox at once, new or made of a DAG file that there is.
//!
//! Everything is decided before anything is written, and all of it is written or nothing; no file is ever replaced.

mod adopt;
mod identity;
mod place;
mod proposals;
mod tell;
mod template;
mod write;

use std::path::{Path, PathBuf};

use self::adopt::Adopted;
use self::place::Directory;
use self::write::NewFile;
use super::args::InitArgs;
use super::exit::Exit;
use super::prompt;
use super::report::Failure;
use super::session::Session;
use crate::project::{self, Starter};
use crate::reference::Repository;

/// What editors read about leoflow.yaml.
const SCHEMA_FILE: &str = "leoflow.schema.json";
/// Never a real registry (RFC 2606): it stands where a name needs one beside it.
const NO_REGISTRY: &str = "registry.example.com/team";

/// What is to be made.
struct Project {
    directory: Directory,
    values: Starter,
    files: Vec<NewFile>,
    /// Files that were there, and are used as they are.
    kept: Vec<PathBuf>,
}

pub(super) async fn run(session: &Session, args: &InitArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was written", "run the same command again");
    let directory = place::directory(session, args)?;
    directory.check_free(&taken(args))?;
    let adopted = match &args.from_dag {
        Some(file) => Some(adopt::read(session, args, &directory, file).await?),
        None => None,
    };
    let dag_id = identity::dag_id(session, args, &directory, adopted.as_ref()).await?;
    place::check_workspace(session, &directory, &dag_id)?;
    let registry = registry(session, args).await?;
    let project = planned(directory, dag_id, registry, adopted)?;
    write::all(&project.directory.path, &project.files)?;
    session.standing.at("after the project was written", "go on with what `leoflow help` lists");
    tell::tell(session, &project)?;
    Ok(Exit::Success)
}

/// The files that must not be there, whatever else comes out.
fn taken(args: &InitArgs) -> Vec<&'static str> {
    if args.from_dag.is_some() { vec!["leoflow.yaml"] } else { vec!["leoflow.yaml", "dag.py"] }
}

async fn registry(session: &Session, args: &InitArgs) -> Result<Option<String>, Failure> {
    let given = match &args.registry_url {
        Some(url) => url.clone(),
        None if identity::may_ask(session, args) => {
            prompt::ask("registry, e.g. ghcr.io/your-org (Enter: none yet): ".to_owned()).await?
        }
        None => return Ok(None),
    };
    let url = given.trim_end_matches('/');
    if url.is_empty() {
        return Ok(None);
    }
    match format!("{url}/x").parse::<Repository>() {
        Ok(_) => Ok(Some(url.to_owned())),
        Err(error) => {
            let message = format!("`{url}` is no place for images: {}", error.reason);
            Err(Failure::usage(message, "give a host and a path, e.g. `--registry ghcr.io/your-org`"))
        }
    }
}

fn planned(
    directory: Directory,
    dag_id: String,
    registry: Option<String>,
    adopted: Option<Adopted>,
) -> Result<Project, Failure> {
    let (mut files, mut kept, mut values) = (Vec::new(), Vec::new(), Starter::default());
    match adopted {
        Some(adopted) => {
            values = adopted.values;
            files.extend(adopted.copies);
            kept.extend(adopted.stays);
        }
        None => files.push(NewFile::text("dag.py", template::dag(&dag_id))),
    }
    let image_name = identity::image_name(&dag_id);
    let registry = registry.or_else(|| image_name.as_ref().map(|_| NO_REGISTRY.to_owned()));
    values = Starter { schema: Some(directory.schema()), dag_id, registry, image_name, ..values };
    files.push(NewFile::text("leoflow.yaml", project::starter(&values)));
    for (name, text) in [(SCHEMA_FILE, project::schema()), (".dockerignore", template::DOCKERIGNORE.to_owned())] {
        match directory.has(name) {
            _ if name == SCHEMA_FILE && directory.schema() != SCHEMA_FILE => {}
            true => kept.push(PathBuf::from(name)),
            false => files.push(NewFile::text(name, text)),
        }
    }
    let names: Vec<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    directory.check_free(&names)?;
    Ok(Project { directory, values, files, kept })
}
