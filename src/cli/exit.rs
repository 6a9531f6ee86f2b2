//! The exit codes: stable, one for each kind of failure (`docs/exit-codes.md`).

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// It did what was asked.
    Success = 0,
    /// It was declined at the prompt, or failed in a way that has no code of its own.
    Failure = 1,
    /// The command line or the settings are at fault.
    Usage = 2,
    /// leoflow.yaml or the project's files are at fault.
    Project = 3,
    /// dag.py does not compile.
    Compile = 4,
    /// The project's packages cannot be had.
    Packages = 5,
    /// A registry refused, lied or could not be reached.
    Registry = 6,
    /// The control plane refused or could not be reached.
    ControlPlane = 7,
    /// The image was pushed, but the control plane does not know of it.
    PushedNotRegistered = 8,
    /// This machine is at fault: its disk, its memory.
    System = 9,
    /// There are changes, and `--exit-code` asked for them.
    Changes = 10,
    /// The run that was followed failed.
    RunFailed = 11,
    /// The run that was followed did not end in time.
    RunUnfinished = 12,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Returns the word for it in JSON.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::Project => "project",
            Self::Compile => "compile",
            Self::Packages => "packages",
            Self::Registry => "registry",
            Self::ControlPlane => "control_plane",
            Self::PushedNotRegistered => "pushed_not_registered",
            Self::System => "system",
            Self::Changes => "changes",
            Self::RunFailed => "run_failed",
            Self::RunUnfinished => "run_unfinished",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns the code that all failures share, or the general one; success of none.
    pub fn of_all(failed: impl IntoIterator<Item = Self>) -> Self {
        let mut exits = failed.into_iter();
        match exits.next() {
            None => Self::Success,
            Some(first) if exits.all(|other| other == first) => first,
            Some(_) => Self::Failure,
        }
    }
}
