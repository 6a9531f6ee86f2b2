//! What to do about requirements that come to nothing.

use pep508_rs::PackageName;

use super::error::{Reason, ResolveError, Unavailable, Unfit};
use crate::packages::index::IndexError;

/// How many packages are advised on one by one.
const ADVICE_LIMIT: usize = 4;

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
    /// Returns one concrete thing to try, or one for each package that cannot be had.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Index { error, .. } => error.help(),
            Self::Unavailable { packages } => of_packages(packages),
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

/// Packages of one fault share their advice; others are advised on by name.
fn of_packages(packages: &[Unavailable]) -> Option<String> {
    let mut advice: Vec<String> = unknown(packages).into_iter().chain(without_wheel(packages)).collect();
    let single: Vec<String> = packages.iter().filter_map(|package| of_one(package, packages.len() > 1)).collect();
    let more = single.len().saturating_sub(ADVICE_LIMIT);
    advice.extend(single.into_iter().take(ADVICE_LIMIT));
    if more > 0 {
        advice.push(format!("and likewise for {more} more"));
    }
    (!advice.is_empty()).then(|| advice.join("; "))
}

/// What no source knows, if it is no misspelling.
fn unknown(packages: &[Unavailable]) -> Option<String> {
    let of_unknown = packages.iter().filter_map(|package| match &package.reason {
        Reason::Unknown(error @ IndexError::NoSuchProject { meant: None, .. }) => Some((&package.name, error)),
        _ => None,
    });
    let (names, errors): (Vec<_>, Vec<_>) = of_unknown.unzip();
    errors.first()?.help_for(&names)
}

fn of_one(package: &Unavailable, of_several: bool) -> Option<String> {
    let name = &package.name;
    let advice = match &package.reason {
        Reason::NoWheel { .. } | Reason::Unknown(IndexError::NoSuchProject { meant: None, .. }) => return None,
        Reason::Unknown(error) => error.help()?,
        Reason::NoVersion { .. } | Reason::Empty { .. } if package.chain.len() > 1 => other_parent(package)?,
        Reason::NoVersion { nearest } => match nearest.last() {
            Some(newest) => format!("ask for one that there is: `{name}=={newest}`"),
            None => format!("name an index that has `{name}`: `--index-url URL`"),
        },
        Reason::Empty { requirement, .. } => format!("take one of the bounds out of `{requirement}`"),
        Reason::OtherPython { requires, .. } => other_python(name, requires),
        Reason::Unusable { unfit, .. } => of_unfit(name, unfit),
        Reason::Yanked { version, .. } => format!("if it must be that one, pin it: `{name}=={version}`"),
    };
    Some(if of_several { format!("for `{name}`: {advice}") } else { advice })
}

/// What a package requires, only another version of that package requires otherwise.
fn other_parent(package: &Unavailable) -> Option<String> {
    let parent = &package.chain.last()?.who;
    Some(format!("ask for another version than {parent}, or do without {}", asks(package)?))
}

fn of_unfit(name: &PackageName, unfit: &Unfit) -> String {
    match unfit {
        Unfit::Damaged { .. } => format!(
            "get the wheel anew (a directory's from where it was built, an index' by telling who runs it), or ask for \
             another version of `{name}`"
        ),
        Unfit::Python { requires } => other_python(name, requires),
        Unfit::Requires { .. } => format!(
            "ask for another version of `{name}`, or give a wheel of it that requires it by name, with \
             `--find-links DIR`"
        ),
        Unfit::NoWheel => format!("ask for another version of `{name}`"),
    }
}

fn other_python(name: &PackageName, requires: &str) -> String {
    format!(
        "set `python_version:` to one that fulfils `{requires}`, with a `base_image:` that has it, or ask for another version of \
         `{name}`"
    )
}

/// Nothing is built here, and these are the ways around that.
fn without_wheel(packages: &[Unavailable]) -> Option<String> {
    let without: Vec<&Unavailable> =
        packages.iter().filter(|package| matches!(package.reason, Reason::NoWheel { .. })).collect();
    let names: Vec<&str> = without.iter().map(|package| package.name.as_ref()).collect();
    let instead = instead(&without);
    (!names.is_empty()).then(|| {
        format!(
            "only wheels are installed, nothing is built. Four ways out: build wheels of {} elsewhere (`pip wheel`) and \
             give their directory with `--find-links DIR`; {instead}; name an index that has prebuilt wheels \
             (`--extra-index-url URL`); or set `base_image:` to one that has the package already",
            names.join(", ")
        )
    })
}

/// Only what leoflow.yaml itself names can be replaced there; what others want goes only with them.
fn instead(without: &[&Unavailable]) -> String {
    let (own, others): (Vec<&Unavailable>, Vec<_>) = without.iter().partition(|package| package.chain.len() <= 1);
    let known = SUBSTITUTES.iter().filter(|(name, _)| own.iter().any(|package| package.name.as_ref() == *name));
    let substitutes: Vec<String> = known.map(|(name, other)| format!("`{other}` for `{name}`")).collect();
    let mut wanting: Vec<String> = others.iter().filter_map(|package| asks(package)).collect();
    wanting.dedup();
    let require = if substitutes.is_empty() {
        "require another package in its place".to_owned()
    } else {
        format!("require {} instead", substitutes.join(", "))
    };
    let without_them = format!("do without {}, or find another that does not need it", wanting.join(" and "));
    match (own.is_empty(), wanting.is_empty()) {
        (_, true) => require,
        (true, false) => without_them,
        (false, false) => format!("{require}; {without_them}"),
    }
}

/// ``connector `mysql` ``, or `` `a` of leoflow.yaml:5``
fn asks(package: &Unavailable) -> Option<String> {
    let first = package.chain.first()?;
    let is_connector = first.who.starts_with("connector");
    Some(if is_connector { format!("the {}", first.who) } else { format!("`{}` of {}", first.wants, first.who) })
}
