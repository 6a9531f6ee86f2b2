//! `leoflow lock`: which packages the image gets, into a pylock.toml a platform.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::LockArgs;
use super::building::count;
use super::exit::Exit;
use super::locking;
use super::progress::human_bytes;
use super::report::{Failure, reason};
use super::session::Session;
use crate::deploy::{DeployError, Locking, PlatformPackages};
use crate::packages::lock::{self, BaseOfLock, Difference, Lock, LockFile};
use crate::packages::requirements::requirements;
use crate::packages::{PackageName, PackagesError, Requirement, Target};
use crate::project::Project;

/// A lock file, as it was and as it is.
struct Written {
    path: PathBuf,
    text: String,
    packages: PlatformPackages,
    /// What it locked before, when that could be read.
    before: Option<Lock>,
    changed: bool,
}

pub(super) async fn run(session: &Session, args: &LockArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was written", "run the same command again");
    let project = session.project(&args.target)?;
    let wanted = requirements(&project.config).map_err(PackagesError::from)?;
    let asked: Vec<Requirement> = wanted.into_iter().map(|wanted| wanted.requirement).collect();
    if asked.is_empty() {
        return Err(no_packages(&project));
    }
    let upgrade = upgraded(&args.upgrade_package)?;
    let locking = Locking::Renew { upgrade: upgrade.clone(), all: args.upgrade };
    let chosen = locking::chosen(session, &project, &args.image, locking).await?;
    let written = chosen.into_iter().map(|chosen| planned(&project, &asked, chosen.packages));
    let written = written.collect::<Result<Vec<_>, _>>()?;
    check_known(&project, &upgrade, &written)?;
    written.iter().try_for_each(Written::store)?;
    let text: String = written.iter().map(|written| written.told(&project)).collect();
    session.print(&text, &as_json(&project, &written))?;
    Ok(Exit::Success)
}

fn no_packages(project: &Project) -> Failure {
    let message = format!("`{}` asks for no packages: there is nothing to lock", project.config.dag_id);
    Failure::new(
        Exit::Project,
        message,
        Some("name some under `dependencies:` or `connectors:` in leoflow.yaml".into()),
    )
}

fn upgraded(names: &[String]) -> Result<BTreeSet<PackageName>, Failure> {
    let parse = |text: &String| {
        let fault = |_| Failure::usage(format!("`{text}` is not the name of a package"), "give one such as `requests`");
        text.parse().map_err(fault)
    };
    names.iter().map(parse).collect()
}

/// Checks that each name is of a package that was resolved, or locked before: another one was mistyped.
fn check_known(project: &Project, names: &BTreeSet<PackageName>, written: &[Written]) -> Result<(), Failure> {
    let locks = written.iter().flat_map(|written| written.before.iter().chain([&written.packages.lock]));
    let known: BTreeSet<&PackageName> = locks.flat_map(|lock| lock.versions().into_keys()).collect();
    names.iter().find(|name| !known.contains(name)).map_or(Ok(()), |name| Err(unknown(project, name, &known)))
}

fn unknown(project: &Project, name: &PackageName, known: &BTreeSet<&PackageName>) -> Failure {
    let message = format!("--upgrade-package: `{}` needs no package `{name}`", project.config.dag_id);
    Failure::usage(message, locking::instead_of(name, known.iter().copied()))
}

/// Returns what the lock of a platform is to be, beside what it is.
fn planned(project: &Project, asked: &[Requirement], packages: PlatformPackages) -> Result<Written, Failure> {
    let file = lock_file(project, asked, &packages)?;
    let path = project.root.join(lock::file_name(&file.target.platform, &file.target.python));
    let text = lock::write(&file, &project.root);
    let found = std::fs::read_to_string(&path).ok();
    let changed = found.as_deref() != Some(&text);
    let before = found.and_then(|text| lock::read(&text, &path).ok()).map(|file| file.lock);
    Ok(Written { path, text, packages, before, changed })
}

fn lock_file(project: &Project, asked: &[Requirement], packages: &PlatformPackages) -> Result<LockFile, Failure> {
    let config = &project.config;
    let interpreter = packages.facts.interpreter(config.python_version.as_str());
    let (python, libc) = interpreter.map_err(DeployError::from)?;
    let target = Target::new(packages.platform.clone(), python, libc);
    let base = BaseOfLock::new(packages.base, &packages.facts, &packages.lock, &config.system_packages);
    Ok(LockFile { target, requirements: lock::canonical(asked), base: Some(base), lock: packages.lock.clone() })
}

/// Replaces a file as a whole: a lock that is half there would be read.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let replaced = || {
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::Builder::new().prefix(".pylock.").permissions(readable()).tempfile_in(directory)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    };
    replaced().map_err(|error: std::io::Error| {
        let message = format!("cannot write `{}`: {}", path.display(), reason(&error));
        Failure::new(Exit::System, message, Some("make the project's directory writable, with room on its disk".into()))
    })
}

/// A lock is to be committed: nothing in it is secret.
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

impl Written {
    /// Writes the file, unless it is there already, byte by byte.
    fn store(&self) -> Result<(), Failure> {
        if self.changed { replace(&self.path, &self.text) } else { Ok(()) }
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn differences(&self) -> Vec<Difference> {
        self.before.as_ref().map(|before| self.packages.lock.since(before)).unwrap_or_default()
    }

    fn size(&self) -> u64 {
        self.packages.lock.packages.iter().filter_map(|package| package.wheel.size).sum()
    }

    /// One line, and one for each package that changed.
    fn told(&self, project: &Project) -> String {
        let what = format!("{}, {}", count(self.packages.lock.packages.len(), "wheel"), human_bytes(self.size()));
        let (dag_id, name) = (&project.config.dag_id, self.name());
        let line = match self.changed {
            true => format!("Locked {dag_id} -> {name}  {what}\n"),
            false => format!("Unchanged {dag_id}: {name} says so already  {what}\n"),
        };
        self.differences().iter().fold(line, |text, difference| format!("{text}  {difference}\n"))
    }

    fn as_json(&self) -> Value {
        let differences = self.differences().into_iter().map(|difference| {
            json!({"name": difference.name.to_string(), "before": difference.before.map(|version| version.to_string()),
                   "now": difference.now.map(|version| version.to_string())})
        });
        json!({"platform": self.packages.platform.to_string(), "file": self.path, "changed": self.changed,
               "wheels": self.packages.lock.packages.len(), "size": self.size(),
               "base_digest": self.packages.base.to_string(), "differences": differences.collect::<Vec<_>>()})
    }
}

fn as_json(project: &Project, written: &[Written]) -> Value {
    let files: Vec<Value> = written.iter().map(Written::as_json).collect();
    json!({"schema": "leoflow.lock/v1", "dag_id": project.config.dag_id, "files": files})
}
