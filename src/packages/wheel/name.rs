//! The name of a wheel's file (PEP 427; PyPA specification "Binary distribution format").

use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;

/// `numpy-2.1.0-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WheelName {
    /// The distribution, normalized.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// A tie breaker between wheels of one version: a number and what follows it.
    pub build: Option<(u64, String)>,
    /// `cp311`; several when the tag is compressed.
    pub python: Vec<String>,
    /// `cp311`, `abi3`, `none`.
    pub abi: Vec<String>,
    /// `manylinux_2_17_x86_64`, `any`.
    pub platform: Vec<String>,
    file: String,
}

/// A text that is not the name of a wheel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{file}` is not the name of a wheel: {reason}")]
pub struct WheelNameError {
    /// The name as given.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FromStr for WheelName {
    type Err = WheelNameError;

    fn from_str(file: &str) -> Result<Self, Self::Err> {
        let fail = |reason: &dyn fmt::Display| WheelNameError { file: file.to_owned(), reason: reason.to_string() };
        let stem = file.strip_suffix(".whl").ok_or_else(|| fail(&"it does not end in .whl"))?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts[..] {
            [name, version, ref tags @ ..] if tags.len() == 3 => (name, version, None, tags),
            [name, version, build, ref tags @ ..] if tags.len() == 3 => (name, version, Some(build), tags),
            _ => return Err(fail(&format!("it has {} parts, not 5 or 6", parts.len()))),
        };
        let build =
            build.map(|build| self::build(build).ok_or_else(|| fail(&"its build tag has no number"))).transpose()?;
        let listed = |tag: &str| tag.split('.').map(str::to_ascii_lowercase).collect();
        Ok(Self {
            name: name.parse().map_err(|error| fail(&error))?,
            // Some old tools wrote a local version's `+` as `_`.
            version: version.replace('_', "+").parse().map_err(|error| fail(&error))?,
            build,
            python: listed(tags[0]),
            abi: listed(tags[1]),
            platform: listed(tags[2]),
            file: file.to_owned(),
        })
    }
}

fn build(tag: &str) -> Option<(u64, String)> {
    let digits = tag.find(|c: char| !c.is_ascii_digit()).unwrap_or(tag.len());
    Some((tag[..digits].parse().ok()?, tag[digits..].to_owned()))
}

impl WheelName {
    /// Returns the name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.file
    }
}

impl fmt::Display for WheelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_wheel_is_for() {
        let name: WheelName =
            "Foo_Bar-1.0-2b-cp311.cp312-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl".parse().unwrap();
        assert_eq!((name.name.as_ref(), name.version.to_string()), ("foo-bar", "1.0".to_owned()));
        assert_eq!(name.build, Some((2, "b".to_owned())));
        assert_eq!((name.python.len(), name.abi.len(), name.platform.len()), (2, 1, 2));
        let local: WheelName = "torch-2.0.0_cpu-cp311-cp311-linux_x86_64.whl".parse().unwrap();
        assert_eq!(local.version.to_string(), "2.0.0+cpu");
    }

    #[test]
    fn other_files_are_no_wheels() {
        for file in [
            "",
            "a.whl",
            "a-1.tar.gz",
            "a-1-py3-none.whl",
            "a-x-py3-none-any.whl",
            "a-1-b-py3-none-any.whl",
            "é-1-py3-none-any.whl",
            "a-1-1-2-py3-none-any.whl",
        ] {
            assert!(file.parse::<WheelName>().is_err(), "{file}");
        }
    }
}
