//! Our own Python: the sandbox's modules and the `airflow` stand-in, compiled with this program and frozen into it.

use std::collections::BTreeMap;

use rustpython_vm::frozen::{FrozenCodeObject, FrozenModule};
use rustpython_vm::py_compile;

/// Bytecode of a file below this directory. Cargo does not see what the macro reads; the `include_bytes!` tells it.
macro_rules! compiled {
    ($name:tt $path:tt) => {{
        const _: &[u8] = include_bytes!($path);
        py_compile!(file = $path, module_name = $name)
    }};
}

macro_rules! modules {
    ($($name:tt $kind:ident $path:tt),* $(,)?) => {
        const NAMES: &[&str] = &[$($name),*];

        /// Returns the same modules as they are written, and whether they are packages.
        pub(super) fn texts() -> BTreeMap<&'static str, (bool, &'static str)> {
            BTreeMap::from([$(($name, (modules!(@ $kind), include_str!($path)))),*])
        }

        /// Returns our modules by their dotted names; they take the place of the standard library's.
        pub(super) fn frozen_modules() -> Vec<(&'static str, FrozenModule)> {
            vec![$(($name, FrozenModule { code: compiled!($name $path), package: modules!(@ $kind) })),*]
        }
    };
    (@ package) => { true };
    (@ module) => { false };
}

/// The same as it is written.
pub(super) const BOOTSTRAP: &str = include_str!("lib/bootstrap.py");

/// Returns what runs first; it installs the importers.
pub(super) fn bootstrap() -> FrozenCodeObject<&'static [u8]> {
    compiled!("_leoflow" "lib/bootstrap.py")
}

modules! {
    "_leoflow_clock" module "lib/clock.py",
    "_leoflow_codes" module "lib/codes.py",
    "_leoflow_dependencies" module "lib/dependencies.py",
    "_leoflow_files" module "lib/files.py",
    "_leoflow_help" module "lib/help.py",
    "_leoflow_opaque" module "lib/opaque.py",
    "_leoflow_refused" module "lib/refused.py",
    "_leoflow_scan" module "lib/scan.py",
    "_leoflow_suggest" module "lib/suggest.py",
    "asyncio" module "lib/asyncio.py",
    "pendulum" module "lib/pendulum.py",
    "posix" module "lib/posix.py",
    "zoneinfo" module "lib/zoneinfo.py",
    "airflow" package "airflow/__init__.py",
    "airflow._arguments" module "airflow/_arguments.py",
    "airflow._binding" module "airflow/_binding.py",
    "airflow._bundled" module "airflow/_bundled.py",
    "airflow._dag" module "airflow/_dag.py",
    "airflow._edges" module "airflow/_edges.py",
    "airflow._elsewhere" module "airflow/_elsewhere.py",
    "airflow._functions" module "airflow/_functions.py",
    "airflow._groups" module "airflow/_groups.py",
    "airflow._names" module "airflow/_names.py",
    "airflow._operators" module "airflow/_operators.py",
    "airflow._params" module "airflow/_params.py",
    "airflow._providers" module "airflow/_providers.py",
    "airflow._report" module "airflow/_report.py",
    "airflow._taskflow" module "airflow/_taskflow.py",
    "airflow._values" module "airflow/_values.py",
    "airflow.sdk" package "airflow/sdk.py",
}

/// Whether a module is one of ours.
pub(super) fn is_ours(name: &str) -> bool {
    NAMES.contains(&name)
}
