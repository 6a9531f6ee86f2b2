//! What every command has at hand: surroundings, settings, progress, and the form of its result.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use annotate_snippets::Level;
use futures_util::future::join_all;
use serde_json::Value;
use url::Url;

use super::account::Account;
use super::args::{ConnectionArgs, IndexArgs, InterpreterArgs, OutputArgs, OutputFormat, UploadArgs};
use super::cache;
use super::environment::Environment;
use super::exit::Exit;
use super::interrupt::Standing;
use super::progress::{Mode, Progress};
use super::report::{Failure, Report, printable};
use super::settings::Settings;
use super::{fetching, indexes};
use crate::cache::{Cache, CacheError};
use crate::control_plane::{ControlPlane, ControlPlaneError, Retry};
use crate::credentials::LoginMethod;
use crate::deploy::Common;
use crate::layers::{AssembleOptions, Compression};
use crate::packages::index::Index;
use crate::project::{self, Project};
use crate::python::{Backend, Interpreter};
use crate::registry::{self, Client, Network};
use crate::secret::Secret;

/// How much memory the interpreter may map.
const INTERPRETER_MEMORY: u64 = 2 << 30;

/// What every command has at hand.
pub struct Session {
    /// The process's surroundings.
    pub environment: Environment,
    /// What `~/.leoflow/config.yaml` says.
    pub settings: Settings,
    /// Tells what happens.
    pub progress: Progress,
    /// The form of the result.
    pub format: OutputFormat,
    /// How far the command has come.
    pub standing: Standing,
    /// What the image comes to.
    pub account: Account,
    /// What was made or fetched before, once it is asked for.
    cache: OnceLock<Cache>,
    /// The clients that were handed out.
    registries: Mutex<Vec<Client>>,
}

impl Session {
    /// Reads the settings and prepares to tell.
    ///
    /// # Errors
    /// When the settings cannot be read or understood.
    pub fn new(environment: Environment, output: &OutputArgs) -> Result<Self, Failure> {
        let settings = match environment.settings_file() {
            Some(file) => Settings::load(&file)?,
            None => Settings::default(),
        };
        let mode = match output.quiet {
            true => Mode::Quiet,
            false if environment.may_draw() => Mode::Live,
            false => Mode::Plain,
        };
        let progress = Progress::new(mode, output.verbose);
        if settings.exposed {
            let report = Report::new("other users of this machine can read the token in ~/.leoflow/config.yaml");
            let help = "chmod 600 ~/.leoflow/config.yaml".to_owned();
            progress.report(&report.help(Some(help)), Level::WARNING);
        }
        let (standing, cache) = (Standing::default(), OnceLock::new());
        let (format, registries, account) = (output.output, Mutex::default(), Account::default());
        Ok(Self { environment, settings, progress, format, standing, account, cache, registries })
    }

    /// Prints a result: text for people, or one JSON object.
    ///
    /// # Errors
    /// When stdout cannot be written to, e.g. on a full disk.
    pub fn print(&self, text: &str, json: &Value) -> Result<(), Failure> {
        match self.format {
            // What a server says stands in it.
            OutputFormat::Text => write_stdout(printable(text).as_bytes()),
            OutputFormat::Json => write_stdout(format!("{json:#}\n").as_bytes()),
        }
    }

    /// Returns what executes dag.py: the interpreter that this program holds, or the Python that was given.
    #[must_use]
    pub fn interpreter(&self, args: &InterpreterArgs) -> Interpreter {
        let host = args.python.as_ref().map(|python| Backend::Host(self.environment.executable(python)));
        Interpreter {
            backend: host.unwrap_or_default(),
            program: self.environment.program.clone(),
            wall_limit: args.compile_timeout,
            memory_limit: INTERPRETER_MEMORY,
        }
    }

    /// Returns how layers are made: `SOURCE_DATE_EPOCH` or 0 is the time of every file.
    ///
    /// # Errors
    /// When `SOURCE_DATE_EPOCH` is not a number of seconds.
    pub fn assembly(&self, compression: Compression) -> Result<AssembleOptions, Failure> {
        let modified = match self.environment.variable("SOURCE_DATE_EPOCH") {
            Some(text) => text.parse().map_err(|_| {
                Failure::usage(
                    format!("SOURCE_DATE_EPOCH is `{text}`, which is not a number of seconds since the Unix epoch"),
                    "set it to a whole number, e.g. `git log -1 --format=%ct`, or unset it",
                )
            })?,
            None => 0,
        };
        Ok(AssembleOptions {
            compression,
            modified,
            threads: self.environment.threads,
            spool_directory: self.environment.temporary_directory(),
        })
    }

    /// Returns what deploys of one command have in common.
    #[must_use]
    pub fn common(&self) -> Arc<Common> {
        Arc::new(Common::new(self.environment.threads))
    }

    /// Returns the user's cache, or none where there is no home for it. Why it is not used is told as a warning.
    ///
    /// # Errors
    /// When LEOFLOW_CACHE_SIZE is not a size.
    pub fn cache(&self) -> Result<Cache, Failure> {
        let max_size = cache::max_size(self)?;
        let open = |directory| {
            let progress = self.progress.clone();
            let on_fault = Arc::new(move |fault: &CacheError| {
                let report = Report::new(format!("{fault}; going on without it")).help(fault.help());
                progress.report(&report, Level::WARNING);
            });
            Cache::open(crate::cache::Options { directory, max_size, on_fault })
        };
        Ok(self.cache.get_or_init(|| self.environment.cache_directory().map_or_else(Cache::none, open)).clone())
    }

    /// Returns a client for registries, with the user's credentials, and others by `methods`. Offline it asks none but
    /// those that it is allowed to ask later.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the cache's size is at fault.
    pub fn registry(
        &self,
        args: &ConnectionArgs,
        upload: &UploadArgs,
        methods: BTreeMap<String, LoginMethod>,
    ) -> Result<Client, Failure> {
        self.environment.check_authorities()?;
        let keychain = self.environment.keychain(methods);
        let said = self.settings.registries.clone().with_certificate_directories(&Environment::lookup);
        let client = Client::new(registry::Options {
            insecure_registries: [said.insecure, args.insecure_registry.clone()].concat(),
            registries: said.registries,
            network: if args.offline { Network::Closed } else { Network::Open },
            proxies: self.environment.proxies(),
            deadline: args.registry_timeout,
            chunk_size: upload.chunk_size,
            cache: self.cache()?,
            observer: self.progress.observer(),
            ..registry::Options::new(keychain)
        })?;
        self.registries.lock().unwrap_or_else(PoisonError::into_inner).push(client.clone());
        Ok(client)
    }

    /// Returns a client for the control plane at `url`.
    ///
    /// # Errors
    /// When the URL is no server's, the token cannot be sent, or TLS cannot be set up.
    pub fn control_plane(&self, url: Url, token: Option<Secret>) -> Result<ControlPlane, ControlPlaneError> {
        let progress = self.progress.clone();
        let observer = Arc::new(move |retry: Retry| progress.retry(&retry.attempted, &retry.reason, retry.after));
        let client = ControlPlane::new(url, token, CONTROL_PLANE_DEADLINE, &self.environment.proxies())?;
        Ok(client.with_observer(observer))
    }

    /// Returns a client for package indexes.
    ///
    /// # Errors
    /// When what is said of indexes means nothing, TLS cannot be set up, or the cache's size is at fault.
    pub fn index(&self, args: &IndexArgs, offline: bool) -> Result<Index, Failure> {
        let (told, account) = (fetching::observer(&self.progress), self.account.clone());
        let observer = Arc::new(move |event| {
            account.fetched(&event);
            told(event);
        });
        Ok(Index::new(indexes::options(self, args, self.cache()?, offline, observer)?)?)
    }

    /// Tells registries of the uploads that an interrupted command gave up.
    pub async fn abandon(&self) {
        let clients = std::mem::take(&mut *self.registries.lock().unwrap_or_else(PoisonError::into_inner));
        join_all(clients.iter().map(Client::abandon)).await;
    }

    /// Returns the project that was asked for: by path, or by its dag_id below this directory.
    ///
    /// # Errors
    /// When there is no such project, or it is at fault.
    pub fn project(&self, target: &str) -> Result<Project, Failure> {
        let path = self.environment.directory.join(target);
        if path.exists() {
            return self.project_at(path);
        }
        let members = project::survey(&self.environment.directory).map_err(|_| no_such_target(target, &[]))?;
        // A neighbour that is at fault is no reason against this one.
        let projects: Vec<Project> = members.into_iter().filter_map(|member| member.read.ok()).collect();
        if let Some(error) = project::duplicates(&projects).into_iter().next() {
            return Err(error.into());
        }
        let ids: Vec<String> = projects.iter().map(|project| project.config.dag_id.clone()).collect();
        let found = projects.into_iter().find(|project| project.config.dag_id == target);
        found.ok_or_else(|| no_such_target(target, &ids))
    }

    fn project_at(&self, path: PathBuf) -> Result<Project, Failure> {
        match project::load(&path) {
            Err(project::LoadError::NoConfig { directory }) => Err(in_workspace(&directory)),
            loaded => Ok(loaded?),
        }
    }
}

/// Says which projects lie below a directory that is none itself.
fn in_workspace(directory: &std::path::Path) -> Failure {
    match project::discover(directory) {
        Ok(projects) => {
            let ids: Vec<&str> = projects.iter().map(|project| project.config.dag_id.as_str()).collect();
            let message = format!("`{}` has no leoflow.yaml, but {} below it have", directory.display(), ids.len());
            Failure::usage(message, format!("name one ({}), or deploy them all with --all", ids.join(", ")))
        }
        Err(_) => project::LoadError::NoConfig { directory: directory.to_owned() }.into(),
    }
}

fn no_such_target(target: &str, ids: &[String]) -> Failure {
    let message = format!("`{target}` is neither a path nor the dag_id of a project below this directory");
    match ids {
        [] => Failure::usage(message, "name a directory that holds a leoflow.yaml"),
        ids => Failure::usage(message, format!("projects here: {}", ids.join(", "))),
    }
}

/// Writes to stdout; a reader that has gone away is no fault of ours.
pub fn write_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let help = "the command did its work; only its result could not be told";
            Err(Failure::new(Exit::System, format!("cannot write to stdout: {error}"), Some(help.to_owned())))
        }
        _ => Ok(()),
    }
}

/// How long one call to the control plane may take in all.
const CONTROL_PLANE_DEADLINE: Duration = Duration::from_secs(60);
