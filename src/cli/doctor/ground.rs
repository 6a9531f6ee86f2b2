//! What the checks stand on: the project, where it goes, and the clocks that servers showed.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use url::Url;

use crate::cache::Cache;
use crate::cli::args::{DoctorArgs, ImageArgs};
use crate::cli::indexes;
use crate::cli::report::Failure;
use crate::cli::sandbox;
use crate::cli::session::Session;
use crate::cli::target;
use crate::deploy::Base;
use crate::packages::index::IndexOptions;
use crate::packages::requirements::requirements;
use crate::project::Project;
use crate::sandbox::Sandbox;

/// What the checks stand on.
pub(super) struct Ground<'a> {
    pub(super) session: &'a Session,
    pub(super) args: &'a DoctorArgs,
    /// What is built, and where it goes.
    pub(super) image: ImageArgs,
    /// The project, if there is one to check.
    pub(super) project: Option<Result<Project, Failure>>,
    /// Where its packages are looked for, if it asks for any.
    pub(super) index: Option<Result<IndexOptions, Failure>>,
    pub(super) sandbox: Option<Sandbox>,
    clocks: Mutex<Vec<Clock>>,
    began: Instant,
}

/// What a server's clock showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clock {
    /// Whose it is.
    pub(super) server: String,
    /// How many seconds it is ahead of ours.
    pub(super) ahead: i64,
}

impl<'a> Ground<'a> {
    pub(super) async fn prepare(session: &'a Session, args: &'a DoctorArgs) -> Result<Self, Failure> {
        let sandbox = match args.sandbox {
            true => Some(Sandbox::start(&sandbox::directory(session, None)?).await?),
            false => None,
        };
        let mut image = args.image.clone();
        if let Some(sandbox) = &sandbox {
            image.registry_url = Some(sandbox.registry.clone());
            image.base.base.get_or_insert_with(|| sandbox.demo_base.to_string());
        }
        let project = project(session, args);
        let index = project.as_ref().and_then(|project| index(session, args, project.as_ref().ok()?));
        let (clocks, began) = (Mutex::default(), Instant::now());
        Ok(Self { session, args, image, project, index, sandbox, clocks, began })
    }

    /// Returns the project, if it could be read.
    pub(super) fn readable(&self) -> Option<&Project> {
        self.project.as_ref()?.as_ref().ok()
    }

    pub(super) fn dag_id(&self) -> Option<&str> {
        self.readable().map(|project| project.config.dag_id.as_str())
    }

    /// Returns the registries that a deploy asks.
    pub(super) fn registries(&self) -> Vec<Url> {
        let Some(project) = self.readable() else { return Vec::new() };
        let base = match target::base(self.session, project, &self.image.base) {
            Ok(Base::Registry(reference)) => Some(reference.repository.registry().to_owned()),
            _ => None,
        };
        let own = target::repository(project, &self.image).ok().map(|repository| repository.registry().to_owned());
        let urls = base.into_iter().chain(own).filter_map(|host| Url::parse(&format!("https://{host}")).ok());
        let mut urls: Vec<Url> = urls.collect();
        urls.dedup();
        urls
    }

    /// Notes what time a server said it was, in seconds since the Unix epoch.
    pub(super) fn note_clock(&self, server: String, date: Option<u64>) {
        let ours = self.session.environment.now + self.began.elapsed().as_secs();
        let ahead = date.map(|date| i64::try_from(date).unwrap_or(i64::MAX) - i64::try_from(ours).unwrap_or_default());
        let clock = ahead.map(|ahead| Clock { server, ahead });
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).extend(clock);
    }

    pub(super) fn clocks(&self) -> Vec<Clock> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// Without a name, this directory counts if it is a project.
fn project(session: &Session, args: &DoctorArgs) -> Option<Result<Project, Failure>> {
    match &args.target {
        Some(target) => Some(session.project(target)),
        None if session.environment.directory.join("leoflow.yaml").is_file() => Some(session.project(".")),
        None => None,
    }
}

/// Nothing is taken from the cache: what is checked is whether the index answers.
fn index(session: &Session, args: &DoctorArgs, project: &Project) -> Option<Result<IndexOptions, Failure>> {
    let wanted = requirements(&project.config).ok()?;
    let offline = args.image.connection.offline;
    let options = || indexes::options(session, &args.index, Cache::none(), offline, std::sync::Arc::new(|_| {}));
    (!wanted.is_empty()).then(options)
}
