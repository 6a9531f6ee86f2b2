//! What is to be solved, and why the solver stopped without an answer.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{PackageName, Requirement};

use crate::packages::index::IndexError;

/// How many decisions are taken before a set of requirements is called too hard; hard ones that end take some thousands.
const STEP_LIMIT: u32 = 50_000;

/// How many are taken to explain a failure: a good explanation is found soon, or it is none.
pub(super) const EXPLAIN_LIMIT: u32 = 3_000;

/// Why the solver stopped without an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    #[error("{error}")]
    Index { name: PackageName, error: Box<IndexError> },
    #[error("{steps} steps were not enough")]
    TooHard { steps: u32, name: Option<PackageName> },
}

/// What is to be solved.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// What the project requires.
    pub wanted: Vec<Requirement>,
    /// Versions to keep where they fit.
    pub preferences: BTreeMap<PackageName, Version>,
    /// Packages whose pre-releases count.
    pub prereleases: BTreeSet<PackageName>,
    /// Yanked versions that count.
    pub yanked: BTreeSet<(PackageName, Version)>,
    /// Packages that are taken for fulfilled, to see what else is wrong.
    pub assumed: BTreeSet<PackageName>,
    /// How many decisions may be taken.
    pub steps: u32,
}

impl Default for Problem {
    fn default() -> Self {
        Self {
            wanted: Vec::new(),
            preferences: BTreeMap::new(),
            prereleases: BTreeSet::new(),
            yanked: BTreeSet::new(),
            assumed: BTreeSet::new(),
            steps: STEP_LIMIT,
        }
    }
}
