//! What the process was given: read here once, passed on as values.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::report::Failure;
use crate::credentials::{Keychain, LoginMethod};
use crate::registry::ProxySettings;

/// How a certificate begins (RFC 7468, section 5.1).
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The process's surroundings.
pub struct Environment {
    /// The working directory.
    pub directory: PathBuf,
    /// The user's home, where there is one.
    pub home: Option<PathBuf>,
    /// This program.
    pub program: PathBuf,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether somebody can answer a question.
    pub interactive: bool,
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// How many threads may work.
    pub threads: usize,
}

impl Environment {
    /// Reads the surroundings of this process.
    ///
    /// # Errors
    /// When the working directory or this program's path cannot be told.
    pub fn of_process() -> std::io::Result<Self> {
        Ok(Self {
            directory: std::env::current_dir()?,
            home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            program: std::env::current_exe().or_else(|error| called().ok_or(error))?,
            stderr_is_terminal: std::io::stderr().is_terminal(),
            interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// Tells whether live lines may be drawn on stderr: not on a terminal that cannot move its cursor, and not in CI, where
    /// what looks like a terminal becomes a log.
    #[must_use]
    pub fn may_draw(&self) -> bool {
        let can_move = self.variable("TERM").is_some_and(|name| name != "dumb");
        self.stderr_is_terminal && can_move && Self::lookup("CI").is_none()
    }

    /// Returns a variable's value; an empty one counts as missing.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        Self::lookup(name).and_then(|value| value.into_string().ok())
    }

    /// Looks a variable up as the system has it; an empty one counts as missing.
    #[must_use]
    pub fn lookup(name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    /// Returns where the user's registry credentials are. Without `HOME`, the system knows a home all the same.
    #[must_use]
    pub fn keychain(&self, methods: BTreeMap<String, LoginMethod>) -> Keychain {
        let home = || self.home.clone().map(OsString::from);
        let variable = |name: &str| Self::lookup(name).or_else(|| home().filter(|_| name == "HOME"));
        Keychain { methods, ..Keychain::of_user(&variable, self.now) }
    }

    /// Returns which proxies `HTTPS_PROXY` and its like name.
    #[must_use]
    pub fn proxies(&self) -> ProxySettings {
        ProxySettings::of_user(&Self::lookup)
    }

    /// Fails when `SSL_CERT_FILE` names no certificates: whoever sets it wants those to be trusted, and not others.
    ///
    /// # Errors
    /// As said.
    pub fn check_authorities(&self) -> Result<(), Failure> {
        let Some(file) = Self::lookup("SSL_CERT_FILE").map(PathBuf::from) else { return Ok(()) };
        let holds = |text: &[u8]| text.windows(PEM.len()).any(|part| part == PEM);
        let fault = match std::fs::read(&file) {
            Ok(text) if holds(&text) => return Ok(()),
            Ok(_) => "which holds no certificate in PEM".to_owned(),
            Err(error) => format!("which cannot be read: {error}"),
        };
        let message = format!("SSL_CERT_FILE is `{}`, {fault}", file.display());
        Err(Failure::usage(message, "name a file with the certificates of the authorities to trust, or unset it"))
    }

    /// Returns a path as a shell takes it, with `~` for the home.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        match self.home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
            Some(below) => format!("~/{}", below.display()),
            None => path.display().to_string(),
        }
    }

    /// Returns the absolute path of a program as a shell finds it: a bare name on `PATH`, any other from here.
    #[must_use]
    pub fn executable(&self, program: &Path) -> PathBuf {
        let here = self.directory.join(program);
        if program.components().count() != 1 || here.is_file() {
            return here;
        }
        on_path(&self.directory, program).unwrap_or(here)
    }

    /// Returns `~/.leoflow/config.yaml`.
    #[must_use]
    pub fn settings_file(&self) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".leoflow").join("config.yaml"))
    }

    /// Returns the directory for data that should stay (XDG Base Directory specification).
    #[must_use]
    pub fn data_directory(&self) -> Option<PathBuf> {
        let given = Self::lookup("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        given.or_else(|| self.home.as_ref().map(|home| home.join(".local/share"))).map(|data| data.join("leoflow"))
    }

    /// Returns the directory for what can be had again (XDG Base Directory specification).
    #[must_use]
    pub fn cache_directory(&self) -> Option<PathBuf> {
        let given = Self::lookup("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        given.or_else(|| self.home.as_ref().map(|home| home.join(".cache"))).map(|cache| cache.join("leoflow"))
    }

    /// Returns the directory for spool files.
    #[must_use]
    pub fn temporary_directory(&self) -> PathBuf {
        std::env::temp_dir()
    }
}

/// Returns this program as it was called: a root without `/proc` has no other way to tell.
fn called() -> Option<PathBuf> {
    let name = PathBuf::from(std::env::args_os().next()?);
    let found = match name.components().count() {
        1 => on_path(&std::env::current_dir().ok()?, &name),
        _ => std::path::absolute(&name).ok(),
    };
    found.filter(|path| path.is_file())
}

/// Returns the file that a shell finds for a bare name.
fn on_path(directory: &Path, name: &Path) -> Option<PathBuf> {
    let path = Environment::lookup("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|entry| directory.join(entry).join(name)).find(|candidate| candidate.is_file())
}
