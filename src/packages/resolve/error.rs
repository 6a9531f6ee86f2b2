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
        error: IndexError,
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
    /// All that fits was yanked.
    Yanked {
        /// The newest of them.
        version: Version,
        /// Why, as the index has it.
        reason: String,
    },
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

/// Packages that have no wheels, and what people use in their place.
const SUBSTITUTES: &[(&str, &str)] = &[
    ("psycopg2", "psycopg2-binary"),
    ("mysqlclient", "pymysql"),
    ("m2crypto", "cryptography"),
    ("pycrypto", "pycryptodome"),
    ("sklearn", "scikit-learn"),
    ("pyhive", "pyhive with the extra `pure-sasl`"),
    ("sasl", "pure-sasl"),
    ("python-ldap", "ldap3"),
    ("pygraphviz", "pydot"),
    ("fbprophet", "prophet"),
    ("pyodbc", "pymssql"),
];

impl ResolveError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Index { error, .. } => error.help(),
            Self::Unavailable { packages } => packages_help(packages),
            Self::Conflict { change, .. } => Some(
                change
                    .clone()
                    .unwrap_or_else(|| "loosen one of these requirements, or take one of the packages out".to_owned()),
            ),
            Self::TooHard { name: Some(name), .. } => {
                Some(format!("pin `{name}`, or the package that wants it, to a version"))
            }
            Self::TooHard { name: None, .. } => Some("pin some of the requirements to versions".to_owned()),
            Self::Python { .. } | Self::Broken { .. } => None,
        }
    }
}

fn packages_help(packages: &[Unavailable]) -> Option<String> {
    if packages.iter().any(|package| matches!(package.reason, Reason::NoWheel { .. })) {
        return Some(four_ways(packages));
    }
    let first = packages.first()?;
    Some(match &first.reason {
        Reason::Unknown(error) => return error.help(),
        Reason::NoVersion { nearest } => match nearest.last() {
            Some(newest) => format!("ask for one that there is: `{}=={newest}`", first.name),
            None => format!("name an index that has `{}`: `--index-url URL`", first.name),
        },
        Reason::Yanked { version, .. } => format!("if it must be that one, pin it: `{}=={version}`", first.name),
        Reason::NoWheel { .. } => return None,
    })
}

/// Nothing is built here, and these are the ways around that.
fn four_ways(packages: &[Unavailable]) -> String {
    let without: Vec<&Unavailable> =
        packages.iter().filter(|package| matches!(package.reason, Reason::NoWheel { .. })).collect();
    let names: Vec<&str> = without.iter().map(|package| package.name.as_ref()).collect();
    let known = SUBSTITUTES.iter().filter(|(name, _)| names.contains(name));
    let substitutes: Vec<String> = known.map(|(name, other)| format!("`{other}` for `{name}`")).collect();
    let substitutes = if substitutes.is_empty() {
        "require another package in its place".to_owned()
    } else {
        format!("require {} instead", substitutes.join(", "))
    };
    format!(
        "only wheels are installed, nothing is built. Four ways out: build wheels of {} elsewhere (`pip wheel`) and give \
         their directory with `--find-links DIR`; {substitutes}; name an index that has prebuilt wheels \
         (`--extra-index-url URL`); or set `base_image:` to one that has the package already",
        names.join(", ")
    )
}
