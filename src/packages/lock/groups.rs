//! Markers of lock files: `"dev" in dependency_groups` and `"x" in extras` (PyPA specification "Dependency specifiers",
//! which the marker crate does not know yet).

/// What holds everywhere, and what nowhere.
const ALWAYS: &str = "python_version >= '2'";
const NEVER: &str = "python_version < '2'";

/// Returns a marker without those expressions: `groups` are the chosen groups, and no extras are chosen ("SHOULD be set to
/// the empty set by default").
pub(super) fn without_groups(marker: &str, groups: &[String]) -> String {
    let mut rest = marker;
    let mut plain = String::with_capacity(marker.len());
    while let Some(start) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(start);
        let Some(end) = quoted[1..].find(&quoted[..1]).map(|end| end + 2) else { break };
        let (literal, after) = quoted.split_at(end);
        plain.push_str(before);
        match membership(after) {
            Some((negated, variable, left)) => {
                let name = &literal[1..literal.len() - 1];
                let chosen = variable == "dependency_groups" && groups.iter().any(|group| group == name);
                plain.push_str(if chosen != negated { ALWAYS } else { NEVER });
                rest = left;
            }
            None => {
                plain.push_str(literal);
                rest = after;
            }
        }
    }
    plain + rest
}

/// Reads `in extras` or `not in dependency_groups` at the beginning: whether negated, the variable, what follows.
fn membership(text: &str) -> Option<(bool, &'static str, &str)> {
    let text = text.trim_start();
    let (negated, text) = text.strip_prefix("not ").map_or((false, text), |text| (true, text.trim_start()));
    let text = text.strip_prefix("in ")?.trim_start();
    let variables = ["dependency_groups", "extras"];
    variables.into_iter().find_map(|variable| Some((negated, variable, text.strip_prefix(variable)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_extras_are_decided_before_the_rest_is() {
        let check = |marker: &str, expected: &str| {
            let expected = expected.replace("YES", ALWAYS).replace("NO", NEVER);
            assert_eq!(without_groups(marker, &["default".to_owned()]), expected, "{marker}");
        };
        check("'default' in dependency_groups", "YES");
        check("\"dev\" in dependency_groups", "NO");
        check("'dev' not in dependency_groups", "YES");
        check("'socks' in extras and os_name == 'posix'", "NO and os_name == 'posix'");
        check("os_name == 'nt' or 'default' in dependency_groups", "os_name == 'nt' or YES");
        check("sys_platform in 'linux darwin'", "sys_platform in 'linux darwin'");
        check("'linux' in sys_platform", "'linux' in sys_platform");
        check("os_name == 'p", "os_name == 'p");
    }
}
