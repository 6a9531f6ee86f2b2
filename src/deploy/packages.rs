//! What a project's packages come to: one exact set of wheels a platform, from a lock or resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use futures_util::future::try_join_all;

use super::inspect::facts;
use super::{DeployError, Plan, Step, Tools, apart};
use crate::image::{BaseImage, Platform};
use crate::inspect::Facts;
use crate::layers::Digest;
use crate::packages::lock::{self, Change, Found, Freshness, Lock, LockFault, LockFile, LockedWheel};
use crate::packages::requirements::{Wanted, requirements};
use crate::packages::resolve::{ForPlatform, Resolution, ResolveOptions, resolve};
use crate::packages::{PackageName, PackagesError, Requirement, Target, Version, check_system};

/// Where a project's packages come from.
#[derive(Debug, Clone, Default)]
pub struct PackageOptions {
    /// The user vouches that the base holds them.
    pub in_base: bool,
    /// Whether locks are used.
    pub locking: Locking,
    /// Whether the target's registry is asked for layers of earlier pushes, and told of new ones.
    pub remote_cache: bool,
}

/// What locks are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Locking {
    /// A lock is used where there is one; one that does not answer any more lends its versions, as far as they fit.
    #[default]
    Use,
    /// Without a lock that answers, nothing is done.
    Require,
    /// The lock is made anew, with the versions that it has.
    Renew {
        /// But for these packages, or for all when it is empty and `all` is set.
        upgrade: BTreeSet<PackageName>,
        /// Whether no version of the lock is kept.
        all: bool,
    },
}

/// The packages of an image for one platform.
#[derive(Debug, Clone)]
pub struct PlatformPackages {
    /// As it was asked for.
    pub platform: Platform,
    /// The digest of the base's manifest.
    pub base: Digest,
    /// What the base has, as far as it matters to an install.
    pub facts: Facts,
    /// What is installed, and what stays.
    pub lock: Lock,
    /// The lock that says so, if one does.
    pub locked_in: Option<PathBuf>,
    /// What that lock says and nobody follows.
    pub ignored: Vec<LockFault>,
}

/// What a project has of locks for one platform.
enum Answer {
    /// A lock that answers.
    Lock(Box<PlatformPackages>),
    /// None, or one that does not answer: its versions may be of use.
    Versions(BTreeMap<PackageName, Version>),
}

/// A project's question: what it asks for, on which bases.
struct Question<'a> {
    plan: &'a Plan,
    wanted: &'a [Wanted],
    tools: &'a Tools<'a>,
}

/// Returns what [`REQUIREMENTS`](crate::image::annotation::REQUIREMENTS) says: the digest of the requirements, whoever fulfils them; nothing where there are none.
pub(super) fn asked(plan: &Plan) -> Result<Option<String>, DeployError> {
    if plan.packages.in_base {
        return Ok(None);
    }
    let wanted = requirements(&plan.project.config).map_err(PackagesError::from)?;
    let texts = lock::canonical(wanted.iter().map(|wanted| &wanted.requirement));
    Ok((!texts.is_empty()).then(|| Digest::of(texts.join("\n").as_bytes()).to_string()))
}

/// Returns what is installed on each of `bases`; nothing when the project asks for no packages.
///
/// # Errors
/// When what is asked for cannot be read, cannot be had, or contradicts itself, or a lock is required and does not
/// answer.
pub async fn packages(
    plan: &Plan,
    bases: &[BaseImage],
    tools: &Tools<'_>,
) -> Result<Vec<PlatformPackages>, DeployError> {
    if plan.packages.in_base {
        return Ok(Vec::new());
    }
    let wanted = requirements(&plan.project.config).map_err(PackagesError::from)?;
    if wanted.is_empty() && plan.project.config.system_packages.is_empty() {
        return Ok(Vec::new());
    }
    let question = Question { plan, wanted: &wanted, tools };
    let mut found = question.answered(bases).await?;
    for packages in &mut found {
        with_sizes(&mut packages.lock, tools).await?;
    }
    for packages in &found {
        check_system(&plan.project.config, &packages.facts).map_err(PackagesError::from)?;
    }
    (tools.on_step)(Step::PackagesChosen(&found));
    Ok(found)
}

/// Which wheels share a layer depends on their sizes, and on nothing that one index says and another does not.
async fn with_sizes(lock: &mut Lock, tools: &Tools<'_>) -> Result<(), DeployError> {
    let sizes = try_join_all(lock.packages.iter().map(|package| size_of(&package.wheel, tools))).await?;
    lock.packages.iter_mut().zip(sizes).for_each(|(package, size)| package.wheel.size = Some(size));
    Ok(())
}

async fn size_of(wheel: &LockedWheel, tools: &Tools<'_>) -> Result<u64, DeployError> {
    match wheel.size {
        Some(size) => Ok(size),
        None => {
            let ask = async { Ok(tools.index.wheel_size(wheel).await.map_err(PackagesError::from)?) };
            tools.common.sizes.get(wheel.sha256, ask).await
        }
    }
}

impl Question<'_> {
    /// Locks serve when there is one for each platform, since platforms must agree.
    async fn answered(&self, bases: &[BaseImage]) -> Result<Vec<PlatformPackages>, DeployError> {
        if self.wanted.is_empty() {
            return self.resolved(bases, BTreeMap::new()).await;
        }
        let (mut locked, mut versions) = (Vec::new(), BTreeMap::new());
        for (platform, base) in self.plan.platforms.iter().zip(bases) {
            match self.locked(platform, base).await? {
                Answer::Lock(packages) => locked.push(*packages),
                Answer::Versions(known) => versions.extend(known),
            }
        }
        if locked.len() == bases.len() {
            return Ok(locked);
        }
        let locked = locked.iter().flat_map(|packages| versions_of(&packages.lock));
        versions.extend(locked.collect::<Vec<_>>());
        self.resolved(bases, versions).await
    }

    async fn resolved(
        &self,
        bases: &[BaseImage],
        preferences: BTreeMap<PackageName, Version>,
    ) -> Result<Vec<PlatformPackages>, DeployError> {
        let mut places = Vec::new();
        for (platform, base) in self.plan.platforms.iter().zip(bases) {
            let facts = facts(base, self.plan.project.config.python_version, self.tools).await?;
            places.push((self.target(platform, &facts)?, facts));
        }
        let resolution = self.resolution(&places, bases, preferences).await?;
        (self.tools.on_step)(Step::PackagesResolved(&resolution));
        let found = places.into_iter().zip(bases).zip(resolution.locks);
        let packages = found.map(|(((target, facts), base), lock)| PlatformPackages {
            platform: target.platform,
            base: base.digest,
            facts,
            lock,
            locked_in: None,
            ignored: Vec::new(),
        });
        Ok(packages.collect())
    }

    /// Resolves, unless another project asked for the same on the same bases.
    async fn resolution(
        &self,
        places: &[(Target, Facts)],
        bases: &[BaseImage],
        preferences: BTreeMap<PackageName, Version>,
    ) -> Result<Resolution, DeployError> {
        let key = Digest::of(self.in_full(bases, &preferences).as_bytes());
        let resolving = async {
            let platforms: Vec<_> = places.iter().map(|(target, facts)| ForPlatform { target, facts }).collect();
            let options = ResolveOptions { preferences };
            let resolution = resolve(self.wanted, &platforms, &self.tools.index, &options).await;
            Ok(resolution.map_err(PackagesError::from)?)
        };
        self.tools.common.resolutions.get(key, resolving).await
    }

    /// Returns all that a resolution depends on, and all that it tells: also the lines that requirements stand on.
    fn in_full(&self, bases: &[BaseImage], preferences: &BTreeMap<PackageName, Version>) -> String {
        let mut text = self.plan.project.config.python_version.as_str().to_owned();
        for (platform, base) in self.plan.platforms.iter().zip(bases) {
            text.push_str(&format!("\n{platform} {}", base.digest));
        }
        for Wanted { requirement, origin } in self.wanted {
            text.push_str(&format!("\n{requirement} {:?} {:?} {:?}", origin.key, origin.written, origin.line()));
        }
        text + &format!("\n{preferences:?}")
    }

    /// Returns what the project's lock for a platform says, if it has one that answers.
    async fn locked(&self, platform: &Platform, base: &BaseImage) -> Result<Answer, DeployError> {
        let Some(found) = self.found(platform).await? else { return self.without_lock(platform) };
        if let Locking::Renew { upgrade, all } = &self.plan.packages.locking {
            return Ok(Answer::Versions(kept_versions(&found, upgrade, *all)));
        }
        let path = found.path().to_owned();
        let known = kept_versions(&found, &BTreeSet::new(), false);
        let ignored = ignored(&found);
        let (mut packages, freshness) = match found {
            Found::Ours { file, .. } => self.ours(*file, platform, base).await?,
            other => self.others(other, platform, base).await?,
        };
        match freshness {
            Freshness::Fresh => {
                packages.lock.locate(&self.tools.index.directories()).map_err(PackagesError::from)?;
                (packages.locked_in, packages.ignored) = (Some(path), ignored);
                Ok(Answer::Lock(Box::new(packages)))
            }
            Freshness::Stale(changes) => self.stale(path, changes, known),
        }
    }

    /// Returns the project's lock. One that cannot be read counts as none where it is to be made anew: that repairs it.
    async fn found(&self, platform: &Platform) -> Result<Option<Found>, DeployError> {
        match (self.find(platform).await, &self.plan.packages.locking) {
            (Err(DeployError::Packages(PackagesError::Lock(error))), Locking::Renew { .. }) => {
                (self.tools.on_step)(Step::LockUnusable(&error));
                Ok(None)
            }
            (found, _) => found,
        }
    }

    async fn find(&self, platform: &Platform) -> Result<Option<Found>, DeployError> {
        let config = &self.plan.project.config;
        let (root, platform) = (self.plan.project.root.clone(), platform.clone());
        let Ok(python) = config.python_version.as_str().parse::<Version>() else { return Ok(None) };
        apart(move || lock::find(&root, &platform, &python).map_err(PackagesError::from)).await
    }

    fn without_lock(&self, platform: &Platform) -> Result<Answer, DeployError> {
        match self.plan.packages.locking {
            Locking::Require => Err(PackagesError::NoLock { platforms: platform.to_string() }.into()),
            _ => Ok(Answer::Versions(BTreeMap::new())),
        }
    }

    fn stale(
        &self,
        path: PathBuf,
        changes: Vec<Change>,
        known: BTreeMap<PackageName, Version>,
    ) -> Result<Answer, DeployError> {
        if self.plan.packages.locking == Locking::Require {
            return Err(PackagesError::StaleLock { path, changes }.into());
        }
        (self.tools.on_step)(Step::LockStale(&path, &changes));
        Ok(Answer::Versions(known))
    }

    /// A lock of ours knows the base that it was made for: then no layer of it has to be read.
    async fn ours(
        &self,
        file: LockFile,
        platform: &Platform,
        base: &BaseImage,
    ) -> Result<(PlatformPackages, Freshness), DeployError> {
        let asked: Vec<Requirement> = self.wanted.iter().map(|wanted| wanted.requirement.clone()).collect();
        let mut freshness = lock::freshness(&file, &lock::canonical(&asked));
        let facts = match &file.base {
            Some(known) if known.digest == base.digest => known.facts.clone(),
            _ => {
                let facts = facts(base, self.plan.project.config.python_version, self.tools).await?;
                freshness = freshness.and(file.fits(&facts));
                facts
            }
        };
        Ok((self.on(platform, base, facts, file.lock), freshness))
    }

    /// A lock of others does not know what the base has.
    async fn others(
        &self,
        found: Found,
        platform: &Platform,
        base: &BaseImage,
    ) -> Result<(PlatformPackages, Freshness), DeployError> {
        let facts = facts(base, self.plan.project.config.python_version, self.tools).await?;
        let target = self.target(platform, &facts)?;
        let asked: Vec<Requirement> = self.wanted.iter().map(|wanted| wanted.requirement.clone()).collect();
        let requested = asked.iter().map(|requirement| requirement.name.clone()).collect();
        let pinned = matches!(found, Found::Requirements(_));
        let lock = match found {
            Found::Ours { file, .. } => file.lock,
            Found::Pylock(pylock) => pylock.lock(&target, &requested).map_err(PackagesError::from)?,
            Found::Requirements(pins) => {
                pins.lock(&target, &self.tools.index, &requested).await.map_err(PackagesError::from)?
            }
        };
        let lock = lock.keeping(&facts);
        let answers = lock.answers(&asked, &target);
        let (lock, complete) = if pinned {
            let complete = lock.is_complete(&facts);
            (lock, complete)
        } else {
            let needs = lock.with_needs(&asked, &target, &facts, &self.tools.index).await;
            needs.map_err(PackagesError::from)?
        };
        let freshness = answers.and(complete);
        Ok((self.on(platform, base, facts, lock), freshness))
    }

    fn target(&self, platform: &Platform, facts: &Facts) -> Result<Target, DeployError> {
        let (python, libc) = facts.interpreter(self.plan.project.config.python_version.as_str())?;
        Ok(Target::new(platform.clone(), python, libc))
    }

    fn on(&self, platform: &Platform, base: &BaseImage, facts: Facts, lock: Lock) -> PlatformPackages {
        let (platform, base) = (platform.clone(), base.digest);
        PlatformPackages { platform, base, facts, lock, locked_in: None, ignored: Vec::new() }
    }
}

fn ignored(found: &Found) -> Vec<LockFault> {
    match found {
        Found::Requirements(pins) => pins.ignored.clone(),
        _ => Vec::new(),
    }
}

fn versions_of(lock: &Lock) -> BTreeMap<PackageName, Version> {
    lock.packages.iter().map(|package| (package.name.clone(), package.version.clone())).collect()
}

/// Returns the versions of a lock that are to be kept.
fn kept_versions(found: &Found, upgrade: &BTreeSet<PackageName>, all: bool) -> BTreeMap<PackageName, Version> {
    let mut versions = match found {
        _ if all => BTreeMap::new(),
        Found::Ours { file, .. } => versions_of(&file.lock),
        Found::Pylock(pylock) => pylock.versions(),
        Found::Requirements(pins) => pins.pins.iter().map(|pin| (pin.name.clone(), pin.version.clone())).collect(),
    };
    versions.retain(|name, _| !upgrade.contains(name));
    versions
}
