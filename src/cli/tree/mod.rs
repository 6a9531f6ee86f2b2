//! `leoflow tree`: the packages of the image, who wants them, and which layers they lie in.

mod draw;
mod why;

use annotate_snippets::Level;
use serde_json::{Value, json};

use super::args::TreeArgs;
use super::exit::Exit;
use super::report::{Failure, Report};
use super::session::Session;
use super::{locking, target};
use crate::deploy::ChosenPackages;
use crate::packages::requirements::{Wanted, requirements};
use crate::packages::{PackageName, PackagesError};
use crate::project::Project;
use draw::Drawing;

pub(super) async fn run(session: &Session, args: &TreeArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was shown", "run the same command again");
    let project = session.project(&args.target)?;
    let why = args.why.as_deref().map(package_name).transpose()?;
    let wanted = requirements(&project.config).map_err(PackagesError::from)?;
    let dag_id = &project.config.dag_id;
    let trees = match wanted.is_empty() {
        true => nothing(session, dag_id),
        false => trees(session, &project, args).await?,
    };
    let text = match &why {
        Some(name) => whys(&trees, name, &wanted)?,
        None => trees.iter().map(|tree| tree.text(dag_id)).collect::<Vec<_>>().join("\n"),
    };
    session.print(&text, &as_json(dag_id, &trees, why.as_ref()))?;
    Ok(Exit::Success)
}

async fn trees(session: &Session, project: &Project, args: &TreeArgs) -> Result<Vec<Tree>, Failure> {
    let chosen = locking::chosen(session, project, &args.image, target::locking(args.locked)).await?;
    Ok(chosen.into_iter().map(Tree).collect())
}

/// An empty tree should not look like a program that went wrong.
fn nothing(session: &Session, dag_id: &str) -> Vec<Tree> {
    let report = Report::new(format!("`{dag_id}` asks for no packages: its image has those of the base"));
    let help = "name some under `dependencies:` or `connectors:` in leoflow.yaml".to_owned();
    session.progress.report(&report.help(Some(help)), Level::NOTE);
    Vec::new()
}

fn package_name(text: &str) -> Result<PackageName, Failure> {
    text.parse()
        .map_err(|_| Failure::usage(format!("`{text}` is not the name of a package"), "give one such as `requests`"))
}

/// One platform's packages.
struct Tree(ChosenPackages);

impl Tree {
    fn drawing(&self) -> Drawing<'_> {
        Drawing { lock: &self.0.packages.lock, batches: &self.0.batches }
    }

    fn text(&self, dag_id: &str) -> String {
        format!("{dag_id} for {}\n\n{}", self.whose(), self.drawing().text())
    }

    /// `linux/amd64, Python 3.11.9, by pylock.linux-amd64-py311.toml`
    fn whose(&self) -> String {
        let python = self.0.packages.facts.python.as_ref().map(|python| format!(", Python {}", python.version));
        let file = self.0.packages.locked_in.as_ref().and_then(|path| path.file_name());
        let file = file.map_or_else(String::new, |file| format!(", by {}", file.to_string_lossy()));
        format!("{}{}{file}", self.0.packages.platform, python.unwrap_or_default())
    }

    fn as_json(&self, why: Option<&PackageName>) -> Value {
        let lock = &self.0.packages.lock;
        let (layers, wanted_by) = (self.drawing().layers(), lock.wanted_by());
        let by =
            |name: &PackageName| wanted_by.get(name).into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>();
        let installed = lock.packages.iter().map(|package| {
            json!({"name": package.name.to_string(), "version": package.version.to_string(), "in_base": false,
                   "requested": package.requested, "wanted_by": by(&package.name), "size": package.wheel.size,
                   "sha256": package.wheel.sha256.hex(), "layer": layers.get(&package.name)})
        });
        let kept = lock.kept.iter().map(|package| {
            json!({"name": package.name.to_string(), "version": package.version.to_string(), "in_base": true,
                   "requested": package.requested, "wanted_by": by(&package.name)})
        });
        let batches = self.0.batches.iter().map(|batch| {
            let names: Vec<String> = batch.packages.iter().map(|package| package.name.to_string()).collect();
            json!({"title": batch.title, "packages": names})
        });
        let why = why.map(|name| lock.chains_to(name));
        let complete = why.as_ref().map(|why| why.complete);
        let why = why.map(|why| why.chains.iter().map(|chain| names(chain)).collect::<Vec<_>>());
        json!({"platform": self.0.packages.platform.to_string(), "lock": self.0.packages.locked_in,
               "packages": installed.chain(kept).collect::<Vec<_>>(), "layers": batches.collect::<Vec<_>>(), "why": why, "why_complete": complete})
    }
}

fn names(chain: &[PackageName]) -> Vec<String> {
    chain.iter().map(ToString::to_string).collect()
}

/// Returns why the image has a package, on each platform that has it.
fn whys(trees: &[Tree], name: &PackageName, wanted: &[Wanted]) -> Result<String, Failure> {
    let told = trees.iter().filter_map(|tree| Some((tree, tree.drawing().why(name, wanted)?)));
    let told: Vec<String> = told.map(|(tree, text)| format!("for {}: {text}", tree.whose())).collect();
    if told.is_empty() { Err(unwanted(trees, name)) } else { Ok(told.join("\n")) }
}

fn unwanted(trees: &[Tree], name: &PackageName) -> Failure {
    let known: Vec<&PackageName> = trees.iter().flat_map(|tree| tree.0.packages.lock.versions().into_keys()).collect();
    let help = match known.contains(&name) {
        true => "the lock does not say what wants what: `leoflow lock` writes one that does".to_owned(),
        false => locking::instead_of(name, known),
    };
    Failure::new(Exit::Failure, format!("no chain leads from leoflow.yaml to a package `{name}`"), Some(help))
}

fn as_json(dag_id: &str, trees: &[Tree], why: Option<&PackageName>) -> Value {
    let platforms: Vec<Value> = trees.iter().map(|tree| tree.as_json(why)).collect();
    json!({"schema": "leoflow.tree/v1", "dag_id": dag_id, "platforms": platforms})
}
