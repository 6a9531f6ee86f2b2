//! Every error of the library, as what to tell and how to exit.

use std::io::ErrorKind;
use std::sync::Arc;

use super::exit::Exit;
use super::report::{Failure, Report};
use crate::cache::CacheError;
use crate::code::Code;
use crate::control_plane::ControlPlaneError;
use crate::dag::{CompileError, Fault};
use crate::deploy::DeployError;
use crate::inspect::InspectError;
use crate::layers::AssembleError;
use crate::layout::{LayoutError, SaveError};
use crate::packages::PackagesError;
use crate::packages::index::IndexError;
use crate::packages::lock::{LockError, LockFault};
use crate::packages::requirements::RequirementFault;
use crate::project::{ConfigError, ConfigFault, FilesError, LoadError, SinceError, VersionError, WorkspaceError};
use crate::python::PythonError;
use crate::reference::{LocalPlace, ReferenceError};
use crate::registry::RegistryError;
use crate::sandbox::SandboxError;

impl From<DeployError> for Failure {
    fn from(error: DeployError) -> Self {
        let message = error.to_string();
        match error {
            DeployError::Packages(error) => error.into(),
            DeployError::Compile(error) => error.into(),
            DeployError::Files(error) => error.into(),
            DeployError::Assemble(error) => error.into(),
            DeployError::Append { error, .. } => Self::new(Exit::Registry, message, error.help()),
            DeployError::Base(error) => Self::new(Exit::Registry, message, Some(base_help(error.help()))),
            DeployError::Inspect(error) => Self::new(inspect_exit(&error), message, error.help()),
            DeployError::Registry(error) => error.into(),
            DeployError::Layout(error) => error.into(),
            DeployError::OtherPackages { place } => Self::new(Exit::Project, message, Some(other_image_help(&place))),
            DeployError::OtherImage { place, .. } => Self::new(Exit::Project, message, Some(other_image_help(&place))),
            DeployError::PushedNotRegistered { image, error } => pushed_not_registered(&image.to_string(), &error),
            DeployError::RegisteredNotTriggered { error, .. } => Self::new(Exit::ControlPlane, message, error.help()),
            DeployError::Shared(error) => Arc::try_unwrap(error).map_or_else(|error| shared(&error), Self::from),
            DeployError::Internal(_) => {
                Self::new(Exit::Failure, message, Some("please report it with the command that led here".into()))
            }
        }
    }
}

/// Tells a failure that several projects have: of what they do once for all, none has a place in a file of one.
fn shared(error: &DeployError) -> Failure {
    let (exit, help) = match error {
        DeployError::Shared(error) => return shared(error),
        DeployError::Packages(error) => (packages_exit(error), error.help()),
        DeployError::Base(error) => (Exit::Registry, Some(base_help(error.help()))),
        DeployError::Registry(error) => (Exit::Registry, error.help()),
        DeployError::Inspect(error) => (inspect_exit(error), error.help()),
        DeployError::Layout(error) => (layout_exit(error), error.help()),
        DeployError::Assemble(error) => (assemble_exit(error), error.help()),
        _ => (Exit::Failure, None),
    };
    Failure::new(exit, error.to_string(), help)
}

fn inspect_exit(error: &InspectError) -> Exit {
    match error {
        InspectError::NoPython { .. } | InspectError::NoLibc { .. } => Exit::Packages,
        _ => Exit::Registry,
    }
}

/// The base may be one that the user never named.
fn base_help(help: Option<String>) -> String {
    let other = "choose another base with `base_image:` in leoflow.yaml or --base";
    help.map_or_else(|| other.to_owned(), |help| format!("{help}, or {other}"))
}

fn other_image_help(place: &LocalPlace) -> String {
    format!("build it again from this tree, `leoflow build -o {place}`, or deploy from the tree that it was built of")
}

fn pushed_not_registered(image: &str, error: &ControlPlaneError) -> Failure {
    let then = "run the same command again: it uploads nothing and registers this image";
    let help = match error.help() {
        Some(help) if matches!(error, ControlPlaneError::Refused { status: 400 | 422, .. }) => help,
        Some(help) if help.starts_with("run the same command again") => then.to_owned(),
        Some(help) => format!("{help}\nthen {then}"),
        None => then.to_owned(),
    };
    let message = format!("pushed, not registered: {image}\n{error}");
    Failure::new(Exit::PushedNotRegistered, message, Some(help))
}

fn packages_exit(error: &PackagesError) -> Exit {
    if error.is_system() { Exit::System } else { Exit::Packages }
}

fn layout_exit(error: &LayoutError) -> Exit {
    if error.is_system() { Exit::System } else { Exit::Registry }
}

fn assemble_exit(error: &AssembleError) -> Exit {
    if matches!(error, AssembleError::Spool { .. }) { Exit::System } else { Exit::Project }
}

impl From<PackagesError> for Failure {
    fn from(error: PackagesError) -> Self {
        let exit = packages_exit(&error);
        match error {
            PackagesError::Requirements(error) => {
                let report = |fault: RequirementFault| Report {
                    message: fault.message,
                    span: fault.span,
                    help: Some(fault.help),
                    related: Vec::new(),
                    code: None,
                };
                Self { exit: Exit::Project, reports: error.faults.into_iter().map(report).collect() }
            }
            PackagesError::Lock(LockError::Fault(fault)) => Self { exit, reports: vec![(*fault).into()] },
            other => Self::new(exit, other.to_string(), other.help()),
        }
    }
}

impl From<LockFault> for Report {
    fn from(LockFault { span, message, help }: LockFault) -> Self {
        Self { message, span: Some(span), help, ..Self::default() }
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        PackagesError::from(error).into()
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { exit: Exit::Project, reports: error.faults.into_iter().map(Report::from).collect() }
    }
}

impl From<ConfigFault> for Report {
    fn from(fault: ConfigFault) -> Self {
        Self {
            code: Some(fault.code),
            message: fault.message,
            span: Some(fault.span),
            related: fault.related.into_iter().collect(),
            help: fault.help,
        }
    }
}

impl From<Fault> for Report {
    fn from(fault: Fault) -> Self {
        Self { code: Some(fault.code), message: fault.message, span: fault.span, related: Vec::new(), help: fault.help }
    }
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Python(error) => error.into(),
            CompileError::Invalid { faults } => {
                Self { exit: Exit::Compile, reports: faults.into_iter().map(Report::from).collect() }
            }
        }
    }
}

impl From<PythonError> for Failure {
    fn from(error: PythonError) -> Self {
        let code = Some(error.code());
        let report = Report { code, message: error.to_string(), help: error.help(), ..Report::default() };
        let exit = match error {
            PythonError::Worker { .. } => Exit::System,
            PythonError::Host { .. } => Exit::Usage,
            _ => Exit::Compile,
        };
        let report = match error {
            PythonError::Code { span, trace, .. } => {
                let related = trace.into_iter().map(|span| (span, "called from here".to_owned())).collect();
                Report { span, related, ..report }
            }
            PythonError::TimedOut { span, .. } | PythonError::Died { span, .. } => Report { span, ..report },
            _ => report,
        };
        Self { exit, reports: vec![report] }
    }
}

/// Turns an error that has a message and a `help()` into a failure with one exit code.
macro_rules! plainly {
    ($($error:ty => $exit:expr;)*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new($exit, error.to_string(), error.help())
            }
        })*
    };
}

plainly! {
    VersionError => Exit::Project;
    SinceError => Exit::Usage;
    RegistryError => Exit::Registry;
    ControlPlaneError => Exit::ControlPlane;
    SandboxError => Exit::System;
    CacheError => Exit::System;
}

impl From<AssembleError> for Failure {
    fn from(error: AssembleError) -> Self {
        Self::new(assemble_exit(&error), error.to_string(), error.help())
    }
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        Self::new(layout_exit(&error), error.to_string(), error.help())
    }
}

impl From<SaveError<RegistryError>> for Failure {
    fn from(error: SaveError<RegistryError>) -> Self {
        match error {
            SaveError::Layout(error) => error.into(),
            SaveError::Fetch(error) => error.into(),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Config(error) => error.into(),
            other => Self::new(Exit::Project, other.to_string(), other.help()).coded(Code::NO_PROJECT),
        }
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Faulty { errors } => {
                let reports = errors.into_iter().flat_map(|error| Self::from(error).reports).collect();
                Self { exit: Exit::Project, reports }
            }
            other => Self::new(Exit::Project, other.to_string(), other.help()).coded(other.code()),
        }
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        Self::new(Exit::Project, error.to_string(), error.help()).coded(error.code())
    }
}

impl From<ReferenceError> for Failure {
    fn from(mut error: ReferenceError) -> Self {
        // `user:password@host/name` is no reference, and no reason to repeat the password.
        if let Some((_, host)) = error.text.rsplit_once('@').filter(|(_, digest)| !digest.contains("sha256")) {
            error.text = format!("…@{host}");
        }
        Self::usage(error.to_string(), "write it like `ghcr.io/org/name:tag` or `registry.example.com:5000/name`")
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let help = match error.kind() {
            ErrorKind::StorageFull => Some("free some space and run it again".to_owned()),
            _ => None,
        };
        Self::new(Exit::System, error.to_string(), help)
    }
}
