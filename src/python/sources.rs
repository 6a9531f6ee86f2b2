//! Our own Python: the sandbox's modules and the `airflow` stand-in, embedded as text.

/// A module of ours.
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) is_package: bool,
    pub(super) text: &'static str,
}

macro_rules! modules {
    ($($name:literal $kind:ident $path:literal),* $(,)?) => {
        const MODULES: &[Module] = &[
            $(Module { name: $name, is_package: modules!(@ $kind), text: include_str!($path) }),*
        ];
    };
    (@ package) => { true };
    (@ module) => { false };
}

/// What runs first; it installs the importer of all others.
pub(super) const BOOTSTRAP: &str = include_str!("lib/bootstrap.py");

modules! {
    "_leoflow_clock" module "lib/clock.py",
    "_leoflow_files" module "lib/files.py",
    "_leoflow_refused" module "lib/refused.py",
    "asyncio" module "lib/asyncio.py",
    "pendulum" module "lib/pendulum.py",
    "posix" module "lib/posix.py",
    "zoneinfo" module "lib/zoneinfo.py",
    "airflow" package "airflow/__init__.py",
    "airflow._arguments" module "airflow/_arguments.py",
    "airflow._binding" module "airflow/_binding.py",
    "airflow._dag" module "airflow/_dag.py",
    "airflow._edges" module "airflow/_edges.py",
    "airflow._operators" module "airflow/_operators.py",
    "airflow._providers" module "airflow/_providers.py",
    "airflow._report" module "airflow/_report.py",
    "airflow._taskflow" module "airflow/_taskflow.py",
    "airflow._values" module "airflow/_values.py",
    "airflow.sdk" module "airflow/sdk.py",
}

/// Returns a module of ours by its dotted name.
pub(super) fn find(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}
