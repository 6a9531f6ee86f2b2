//! What `lock` and `tree` share with `build`: a project's packages are chosen, on the bases of its platforms, and told of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use annotate_snippets::Level;

use super::args::{ForImageArgs, InterpreterArgs, UploadArgs};
use super::building::count;
use super::progress::{Progress, human_bytes};
use super::report::{Failure, Report};
use super::session::Session;
use super::{sandbox, target};
use crate::deploy::{
    self, Base, ChosenPackages, LayerOrigin, Locking, PackageLayer, PackageOptions, Plan, PlatformPackages, Step, Tools,
};
use crate::image::Platform;
use crate::layers::{Compression, Digest};
use crate::packages::PackageName;
use crate::packages::lock::{Change, Lock, LockError, LockFault};
use crate::project::Project;
use crate::sandbox::Sandbox;

/// Returns a project's packages for each platform; nothing is downloaded but what it takes to choose them.
pub(super) async fn chosen(
    session: &Session,
    project: &Project,
    args: &ForImageArgs,
    locking: Locking,
) -> Result<Vec<ChosenPackages>, Failure> {
    if !args.sandbox {
        let base = target::base(session, project, &args.base)?;
        return chosen_on(base, session, project, args, locking).await;
    }
    let sandbox = Sandbox::start(&sandbox::directory(session, None)?).await?;
    let base = match args.base.base {
        None => Ok(Base::Registry(sandbox.demo_base.clone())),
        Some(_) => target::base(session, project, &args.base),
    };
    let chosen = match base {
        Ok(base) => chosen_on(base, session, project, args, locking).await,
        Err(failure) => Err(failure),
    };
    sandbox.stop().await;
    chosen
}

async fn chosen_on(
    base: Base,
    session: &Session,
    project: &Project,
    args: &ForImageArgs,
    locking: Locking,
) -> Result<Vec<ChosenPackages>, Failure> {
    let registry = session.registry(&args.connection, &UploadArgs::default(), BTreeMap::new())?;
    if let (Base::Registry(reference), true) = (&base, args.sandbox) {
        registry.allow(&reference.repository);
    }
    let plan = plan(project, base, target::platforms(project, &args.base)?, locking)?;
    let tools = Tools {
        // dag.py is not executed.
        interpreter: session.interpreter(&InterpreterArgs { compile_timeout: Duration::ZERO, python: None }),
        assembly: session.assembly(Compression::default())?,
        cache: session.cache()?,
        registry: &registry,
        index: session.index(&args.index, args.connection.offline)?,
        common: session.common(),
        on_step: &|step| tell(&session.progress, &step),
        on_packed: Arc::new(|_| {}),
    };
    session.progress.doing("Looking", &format!("at {}", plan.base));
    let chosen = deploy::choose(&plan, &tools).await;
    session.progress.clear();
    Ok(chosen?)
}

/// No image is made: it needs no version, no files, and no word about where it comes from.
fn plan(project: &Project, base: Base, platforms: Vec<Platform>, locking: Locking) -> Result<Plan, Failure> {
    Ok(Plan {
        project: project.clone(),
        base,
        platforms,
        tag: "unversioned".parse()?,
        annotations: BTreeMap::new(),
        allowed_files: Vec::new(),
        own_directories: Vec::new(),
        packages: PackageOptions { in_base: false, locking, remote_cache: false },
    })
}

/// Returns what to do about a package that is not there: it was mistyped, or `tree` shows what is.
pub(super) fn instead_of<'a>(name: &PackageName, known: impl IntoIterator<Item = &'a PackageName>) -> String {
    let distance = |known: &PackageName| strsim::damerau_levenshtein(known.as_ref(), name.as_ref());
    match known.into_iter().map(|known| (distance(known), known)).min() {
        Some((0..=2, known)) => format!("did you mean `{known}`?"),
        _ => "`leoflow tree` shows all packages of the image".to_owned(),
    }
}

/// Tells a step that is about packages.
pub(super) fn tell(progress: &Progress, step: &Step<'_>) {
    if let Step::PackagesChosen(_) = step {
        progress.resolved();
    }
    warnings(step).iter().for_each(|report| progress.report(report, Level::WARNING));
    match step {
        Step::PackagesChosen(all) => all.iter().for_each(|packages| told(progress, packages, all.len() > 1)),
        Step::PackagesLayered(package) => {
            let size = human_bytes(package.descriptor().size);
            let whence = match package.origin {
                LayerOrigin::Made => "",
                LayerOrigin::Cache => ", kept from before",
                LayerOrigin::Registry => ", in the registry",
            };
            progress.step("Layered", &format!("{} into {size} of layer{whence}", package.batch.title));
        }
        _ => {}
    }
}

/// Returns what a step that is about packages warns of.
pub(super) fn warnings(step: &Step<'_>) -> Vec<Report> {
    match step {
        Step::LockStale(path, changes) => vec![stale(path, changes)],
        Step::LockUnusable(error) => vec![unusable(error)],
        Step::PackagesResolved(resolution) => {
            resolution.warnings.iter().map(|warning| Report::new(warning.to_string())).collect()
        }
        Step::PackagesChosen(all) => not_followed(all),
        Step::RecordDiffers(package, remembered) => vec![differs(package, remembered)],
        _ => Vec::new(),
    }
}

/// The layer made here is the one that is used.
fn differs(package: &PackageLayer, remembered: &Digest) -> Report {
    let made = package.descriptor().digest;
    let title = &package.batch.title;
    let report = Report::new(format!(
        "the repository remembers {remembered} as the layer of {title}, but it is {made}: somebody else wrote that, or meddled with it"
    ));
    report.help(Some("find out who may push to the repository; `--no-remote-cache` asks it nothing".to_owned()))
}

/// Nobody should take a lock for followed when it was not.
pub(super) fn stale(path: &Path, changes: &[Change]) -> Report {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let changes: String = changes.iter().map(|change| format!("\n  {change}")).collect();
    let report = Report::new(format!("`{name}` is stale, so packages are chosen anew:{changes}"));
    report.help(Some("`leoflow lock` writes it anew; with --locked this is an error".to_owned()))
}

/// Its versions cannot be kept: who looks at the differences should know why.
fn unusable(error: &LockError) -> Report {
    let span = error.span().cloned();
    Report { span, ..Report::new(format!("{error}; so no version of it is kept, and a lock is written anew")) }
}

/// Platforms may share a lock: what it says is told once.
fn not_followed(all: &[PlatformPackages]) -> Vec<Report> {
    let mut faults: Vec<&LockFault> = Vec::new();
    for fault in all.iter().flat_map(|packages| &packages.ignored) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults.into_iter().map(|fault| Report::from(fault.clone())).collect()
}

/// Returns how many wheels there are, how large they are together, and what the base has already.
pub(super) fn in_words(lock: &Lock) -> String {
    let size: u64 = lock.packages.iter().filter_map(|package| package.wheel.size).sum();
    let wheels = match lock.packages.len() {
        0 => "no wheels".to_owned(),
        several => format!("{}, {}", count(several, "wheel"), human_bytes(size)),
    };
    match lock.kept.len() {
        0 => wheels,
        several => format!("{wheels}, {} of the base", count(several, "package")),
    }
}

/// `12 wheels, 45 MiB, by pylock.linux-amd64-py311.toml`
fn told(progress: &Progress, packages: &PlatformPackages, of_several: bool) {
    let mut line = in_words(&packages.lock);
    if of_several {
        line += &format!(", for {}", packages.platform);
    }
    match packages.locked_in.as_ref().and_then(|path| path.file_name()) {
        Some(name) => progress.step("Locked", &format!("{line}, by {}", name.to_string_lossy())),
        None => progress.step("Resolved", &line),
    }
}
