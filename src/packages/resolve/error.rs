//! Why requirements come to nothing.

use std::fmt::{self, Display};

use pep440_rs::Version;
use pep508_rs::PackageName;

use crate::packages::index::IndexError;

/// Why there is no set of wheels that fulfils the requirements.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The index could not be asked, or what it answered is of no use.
    #[error("{error}{}", wanted_by(chain))]
    Index {
        /// The package that was asked about.
        name: PackageName,
        /// Who wants it.
        chain: Vec<Step>,
        /// What went wrong.
        error: Box<IndexError>,
    },
    /// Packages cannot be had as they are wanted.
    #[error("{}", unavailable(packages))]
    Unavailable {
        /// All that were found, by name.
        packages: Vec<Unavailable>,
    },
    /// Requirements contradict each other.
    #[error("the requirements contradict each other:{}", lines(wants))]
    Conflict {
        /// Who wants what, as sentences.
        wants: Vec<String>,
        /// The smallest change that was found to help.
        change: Option<String>,
    },
    /// There are too many combinations to try.
    #[error("no set of versions was found in {steps} steps{}", name.as_ref().map(|name| format!("; `{name}` was tried most")).unwrap_or_default())]
    TooHard {
        /// How many were taken.
        steps: u32,
        /// What was tried most.
        name: Option<PackageName>,
    },
    /// The base's Python has a version that markers cannot speak of.
    #[error("markers cannot be evaluated for Python {version}")]
    Python {
        /// The version.
        version: Version,
    },
    /// The solver itself failed.
    #[error("the solver broke: {reason}")]
    Broken {
        /// How.
        reason: String,
    },
}

/// Who wants something: the project, or a package on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `leoflow.yaml:5`, ``connector `mysql` ``, `apache-airflow 3.1.0`
    pub who: String,
    /// What it wants, as written.
    pub wants: String,
}

/// A package that cannot be had.
#[derive(Debug, Clone)]
pub struct Unavailable {
    /// Its name.
    pub name: PackageName,
    /// Who wants it, the project first.
    pub chain: Vec<Step>,
    /// Why it cannot be had.
    pub reason: Reason,
}

/// Why a package cannot be had.
#[derive(Debug, Clone)]
pub enum Reason {
    /// No source knows it.
    Unknown(IndexError),
    /// It has no version as wanted.
    NoVersion {
        /// Those nearest to what is wanted, ascending.
        nearest: Vec<Version>,
    },
    /// It has versions as wanted, but no wheel that fits.
    NoWheel {
        /// The platforms and the Python that there is none for.
        target: String,
        /// What there is, short.
        exists: String,
    },
    /// It is wanted as no version can be: `<1,>=2`.
    Empty {
        /// The requirement, as written.
        requirement: String,
        /// The versions nearest to its bounds, ascending.
        nearest: Vec<Version>,
    },
    /// It has wheels as wanted, but for other Pythons.
    OtherPython {
        /// The newest version as wanted.
        version: Version,
        /// Its `Requires-Python`.
        requires: String,
        /// The platforms, with their Pythons.
        target: String,
    },
    /// None of the wheels that fit can be used.
    Unusable {
        /// The newest of them.
        version: Version,
        /// What is wrong with it.
        unfit: Unfit,
    },
    /// All that fits was yanked.
    Yanked {
        /// The newest of them.
        version: Version,
        /// Why, as the index has it.
        reason: String,
    },
}

/// Why a version cannot be used, although there is a wheel of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The wheel is damaged, or something else than its name says.
    #[error("{reason}")]
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// The wheel itself says that it is for another Python.
    #[error("it requires Python {requires}")]
    Python {
        /// Its `Requires-Python`.
        requires: String,
    },
    /// What it requires cannot be had of an index.
    #[error("it requires {what}")]
    Requires {
        /// What that is.
        what: String,
    },
    /// A platform has no wheel of it.
    #[error("it has no wheel for this platform")]
    NoWheel,
}

fn lines<T: Display>(lines: &[T]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

fn wanted_by(chain: &[Step]) -> String {
    if chain.is_empty() { String::new() } else { format!("\n  wanted by {}", way(chain)) }
}

/// ``leoflow.yaml:5 (`a>=1`), a 1.2 (`b`)``
fn way(chain: &[Step]) -> String {
    chain.iter().map(|step| format!("{} (`{}`)", step.who, step.wants)).collect::<Vec<_>>().join(" -> ")
}

fn unavailable(packages: &[Unavailable]) -> String {
    match packages {
        [one] => format!("{one}"),
        several => format!("{} packages cannot be had:{}", several.len(), lines(several)),
    }
}

impl Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, chain, reason } = self;
        match reason {
            Reason::Unknown(error) => write!(f, "{error}")?,
            Reason::NoVersion { nearest } if nearest.is_empty() => write!(f, "`{name}` has no versions")?,
            Reason::NoVersion { nearest } => {
                let wants = chain.last().map_or_else(|| name.to_string(), |step| step.wants.clone());
                write!(f, "`{name}` has no version for `{wants}`; the nearest are {}", listed(nearest))?;
            }
            Reason::Empty { requirement, nearest } if nearest.is_empty() => {
                write!(f, "`{requirement}` excludes itself: no version can be all of that")?;
            }
            Reason::Empty { requirement, nearest } => {
                let nearest = listed(nearest);
                write!(f, "`{requirement}` excludes itself: no version can be all of that; the nearest are {nearest}")?;
            }
            Reason::OtherPython { version, requires, target } => {
                write!(f, "`{name}` has no wheel for {target}: {version} requires Python {requires}")?;
            }
            Reason::Unusable { version, unfit } => write!(f, "`{name}` {version} cannot be used: {unfit}")?,
            Reason::NoWheel { target, exists } => write!(f, "`{name}` has no wheel for {target}: {exists}")?,
            Reason::Yanked { version, reason } if reason.is_empty() => {
                write!(f, "`{name}` {version} and all else that fits was yanked")?;
            }
            Reason::Yanked { version, reason } => {
                write!(f, "`{name}` {version} and all else that fits was yanked: {reason}")?;
            }
        }
        if chain.is_empty() { Ok(()) } else { write!(f, "; wanted by {}", way(chain)) }
    }
}

fn listed(versions: &[Version]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
