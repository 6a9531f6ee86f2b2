//! The environment that markers are evaluated for (PyPA specification "Dependency specifiers").

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

use super::Target;

/// CPython on Linux. What only a running kernel knows (`platform_release`, `platform_version`) is empty, and a release
/// candidate of Python counts as the release, as it does for pip.
pub(super) fn environment(target: &Target) -> Option<MarkerEnvironment> {
    let full = target.python.only_release().to_string();
    let (major, minor) = target.python_minor();
    MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name: "posix",
        platform_machine: target.machine(),
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system: "Linux",
        platform_version: "",
        python_full_version: &full,
        python_version: &format!("{major}.{minor}"),
        sys_platform: "linux",
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Libc;

    fn check(platform: &str, python: &str, marker: &str, expected: bool) {
        let libc = Libc::Glibc { major: 2, minor: 36 };
        let target = Target { platform: platform.parse().unwrap(), python: python.parse().unwrap(), libc };
        let requirement: pep508_rs::Requirement = format!("a ; {marker}").parse().unwrap();
        let found = requirement.evaluate_markers(&environment(&target).unwrap(), &[]);
        assert_eq!(found, expected, "{marker} on {platform} with {python}");
    }

    #[test]
    fn markers_speak_of_the_target() {
        check("linux/amd64", "3.11.9", "python_version == '3.11'", true);
        check("linux/amd64", "3.11.9", "python_full_version < '3.11.4'", false);
        check("linux/amd64", "3.13.0", "python_version < '3.9'", false);
        check("linux/amd64", "3.13.0rc1", "python_version == '3.13'", true);
        check("linux/amd64", "3.11.9", "platform_machine == 'x86_64'", true);
        check("linux/arm64", "3.11.9", "platform_machine == 'x86_64'", false);
        check("linux/arm64", "3.11.9", "platform_machine == 'aarch64'", true);
        check("linux/arm64", "3.11.9", "sys_platform == 'linux' and os_name == 'posix'", true);
        check("linux/arm64", "3.11.9", "platform_system == 'Windows' or sys_platform == 'darwin'", false);
        check("linux/amd64", "3.11.9", "implementation_name == 'cpython'", true);
        check("linux/amd64", "3.11.9", "platform_python_implementation != 'PyPy'", true);
        check("linux/amd64", "3.11.9", "extra == 'test'", false);
    }
}
