//! An opened wheel: its files, and what the ones in its `.dist-info` say, once they are known to speak of this wheel.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::archive::{self, Packed};
use super::entry_points::{self, EntryPoint};
use super::{Record, WheelError, WheelName};
use crate::layers::Blob;

/// No file of a `.dist-info` that is read here is larger, in bytes.
const MOST_TEXT: u64 = 32 << 20;

/// A wheel that can be installed.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// Its file's name.
    pub file: WheelName,
    /// Its files, sorted by name.
    pub files: Vec<Packed>,
    /// `six-1.16.0.dist-info`
    pub dist_info: String,
    /// The distribution's name as its metadata spells it.
    pub distribution: String,
    /// The hashes of its files.
    pub record: Record,
    /// The scripts that it asks for, by name.
    pub scripts: BTreeMap<String, EntryPoint>,
}

impl Wheel {
    /// Reads the directory and the metadata of the wheel `file`, whose bytes are `blob`.
    ///
    /// # Errors
    /// When it is unsound, ambiguous, of a version of the format that is to come, or another distribution than its name
    /// says.
    pub fn open(blob: &Blob, file: &WheelName) -> Result<Self, WheelError> {
        let opened = Opened { wheel: file, files: archive::list(blob, file.as_str())? };
        let dist_info = opened.dist_info()?;
        let distribution = opened.check_metadata(&dist_info)?;
        opened.check_format(&dist_info)?;
        let record = Record::parse(&opened.text(&dist_info, "RECORD")?);
        let scripts = match opened.find(&dist_info, "entry_points.txt") {
            Some(file) => entry_points::scripts(&opened.read(file)?).map_err(|reason| opened.unfit(reason))?,
            None => BTreeMap::new(),
        };
        Ok(Self { file: file.clone(), files: opened.files, dist_info, distribution, record, scripts })
    }

    /// Returns whether it has a file of that name.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok()
    }
}

struct Opened<'a> {
    wheel: &'a WheelName,
    files: Vec<Packed>,
}

impl Opened<'_> {
    /// Returns the one directory that names the distribution.
    fn dist_info(&self) -> Result<String, WheelError> {
        let tops = self.files.iter().filter_map(|file| Some(file.path.as_str().split_once('/')?.0));
        let found: BTreeSet<&str> = tops.filter(|top| top.ends_with(".dist-info")).collect();
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(directory), None) => self.check_dist_info(directory),
            (None, _) => Err(self.unfit("it has no `.dist-info` directory")),
            (Some(one), Some(other)) => Err(self.unfit(format!("it has both `{one}` and `{other}`"))),
        }
    }

    fn check_dist_info(&self, directory: &str) -> Result<String, WheelError> {
        let stem = directory.strip_suffix(".dist-info").unwrap_or(directory);
        let (name, version) = stem.rsplit_once('-').unwrap_or((stem, ""));
        let same_name = name.parse().is_ok_and(|name: PackageName| name == self.wheel.name);
        let same_version = parse_version(version).is_some_and(|version| version == self.wheel.version);
        if same_name && same_version {
            return Ok(directory.to_owned());
        }
        let expected = format!("{}-{}", self.wheel.name.as_dist_info_name(), self.wheel.version);
        Err(self.lie("its `.dist-info` directory", stem, &expected))
    }

    /// Returns the distribution's name as METADATA spells it.
    fn check_metadata(&self, dist_info: &str) -> Result<String, WheelError> {
        let text = self.text(dist_info, "METADATA")?;
        let field = |key| field(&text, key).ok_or_else(|| self.unfit(format!("its METADATA has no `{key}`")));
        let (name, version) = (field("Name")?, field("Version")?);
        if name.parse::<PackageName>().ok().as_ref() != Some(&self.wheel.name) {
            return Err(self.lie("METADATA", name, self.wheel.name.as_ref()));
        }
        if parse_version(version).as_ref() != Some(&self.wheel.version) {
            return Err(self.lie("METADATA", version, &self.wheel.version.to_string()));
        }
        Ok(name.to_owned())
    }

    /// Refuses what is to come: a major version may mean anything (PEP 427, "Wheel-Version").
    fn check_format(&self, dist_info: &str) -> Result<(), WheelError> {
        let text = self.text(dist_info, "WHEEL")?;
        let version = field(&text, "Wheel-Version").ok_or_else(|| self.unfit("its WHEEL has no `Wheel-Version`"))?;
        match version.split('.').next().and_then(|major| major.parse::<u32>().ok()) {
            Some(0 | 1) => Ok(()),
            _ => Err(self.unfit(format!("its format is version `{version}`; 1 is known here"))),
        }
    }

    fn find(&self, dist_info: &str, name: &str) -> Option<&Packed> {
        let path = format!("{dist_info}/{name}");
        let position = self.files.binary_search_by(|file| file.path.as_str().cmp(&path)).ok()?;
        self.files.get(position)
    }

    fn text(&self, dist_info: &str, name: &str) -> Result<String, WheelError> {
        let file = self.find(dist_info, name);
        self.read(file.ok_or_else(|| self.unfit(format!("it has no `{dist_info}/{name}`")))?)
    }

    fn read(&self, file: &Packed) -> Result<String, WheelError> {
        if file.member.size > MOST_TEXT {
            return Err(self.unfit(format!("its `{}` has {} bytes", file.path, file.member.size)));
        }
        let bytes = file.member.read().map_err(|error| WheelError::Unpack {
            wheel: self.wheel.to_string(),
            member: file.path.to_string(),
            error,
        })?;
        // A byte order mark or a stray letter in a description must not keep anything from being installed.
        Ok(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned())
    }

    fn unfit(&self, reason: impl Into<String>) -> WheelError {
        WheelError::Layout { wheel: self.wheel.to_string(), reason: reason.into() }
    }

    fn lie(&self, place: &str, found: &str, expected: &str) -> WheelError {
        let (place, found, expected) = (place.to_owned(), found.to_owned(), expected.to_owned());
        WheelError::Lie { wheel: self.wheel.to_string(), place, found, expected }
    }
}

/// Reads a version that may be escaped for a file's name.
fn parse_version(text: &str) -> Option<Version> {
    text.replace('_', "+").parse().ok()
}

/// Returns the first header of that name, which case does not change (RFC 822).
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let headers = text.lines().take_while(|line| !line.trim().is_empty());
    let mut pairs = headers.filter_map(|line| line.split_once(':'));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
}
