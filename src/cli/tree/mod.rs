//! `leoflow tree`: the packages of the image, who wants them, and which layers they lie in.

mod draw;

use serde_json::{Value, json};

use super::args::TreeArgs;
use super::exit::Exit;
use super::locking;
use super::report::Failure;
use super::session::Session;
use crate::deploy::{ChosenPackages, Locking};
use crate::packages::requirements::{Wanted, requirements};
use crate::packages::{PackageName, PackagesError};
use draw::Drawing;

pub(super) async fn run(session: &Session, args: &TreeArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was shown", "run the same command again");
    let project = session.project(&args.target)?;
    let why = args.why.as_deref().map(package_name).transpose()?;
    let wanted = requirements(&project.config).map_err(PackagesError::from)?;
    let dag_id = &project.config.dag_id;
    let chosen = locking::chosen(session, &project, &args.registry, Locking::Use).await?;
    let trees: Vec<Tree> = chosen.into_iter().map(Tree).collect();
    let text = match &why {
        Some(name) => whys(&trees, name, &wanted)?,
        None => trees.iter().map(|tree| tree.text(dag_id)).collect::<Vec<_>>().join("\n"),
    };
    session.print(&text, &as_json(dag_id, &trees, why.as_ref()))?;
    Ok(Exit::Success)
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

    /// `linux/amd64, Python 3.11.9, as pylock.linux-amd64-py311.toml has it`
    fn whose(&self) -> String {
        let python = self.0.packages.facts.python.as_ref().map(|python| format!(", Python {}", python.version));
        let file = self.0.packages.locked_in.as_ref().and_then(|path| path.file_name());
        let file = file.map_or_else(String::new, |file| format!(", as {} has it", file.to_string_lossy()));
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
        let chains = why.map(|name| lock.chains_to(name).iter().map(|chain| names(chain)).collect::<Vec<_>>());
        json!({"platform": self.0.packages.platform.to_string(), "lock": self.0.packages.locked_in,
               "packages": installed.chain(kept).collect::<Vec<_>>(), "layers": batches.collect::<Vec<_>>(), "why": chains})
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
    let known = trees.iter().flat_map(|tree| tree.0.packages.lock.versions().into_keys());
    let nearest = known.map(|known| (strsim::damerau_levenshtein(known.as_ref(), name.as_ref()), known)).min();
    let help = match nearest {
        Some((0, _)) => "the lock does not say what wants what: `leoflow lock` writes one that does".to_owned(),
        Some((1..=2, known)) => format!("did you mean `{known}`?"),
        _ => "`leoflow tree` shows all packages that it wants".to_owned(),
    };
    Failure::new(Exit::Failure, format!("no chain leads from leoflow.yaml to a package `{name}`"), Some(help))
}

fn as_json(dag_id: &str, trees: &[Tree], why: Option<&PackageName>) -> Value {
    let platforms: Vec<Value> = trees.iter().map(|tree| tree.as_json(why)).collect();
    json!({"schema": "leoflow.tree/v1", "dag_id": dag_id, "platforms": platforms})
}
