use std::path::Path;
use std::sync::Arc;

use super::schema::tests::refusals;
use super::*;
use crate::project::yaml;

pub(super) fn parse(text: &str) -> Result<Config, ConfigError> {
    let (file, fault) = yaml::decode(Path::new("leoflow.yaml"), text.into());
    assert_eq!(fault, None);
    read(&file)
}

fn faults(text: &str) -> Vec<ConfigFault> {
    parse(text).expect_err(text).faults
}

/// Checks the one fault of a leoflow.yaml: line, column, parts of message and help.
fn check(text: &str, place: (usize, usize), message: &str, help: &str) {
    let faults = faults(text);
    assert_eq!(faults.len(), 1, "{text}: {faults:#?}");
    let fault = &faults[0];
    assert!(fault.message.contains(message), "{text}: {}", fault.message);
    let shown = fault.help.as_deref().unwrap_or_default();
    assert!(shown.contains(help), "{text}: help {shown:?}");
    assert_eq!(fault.span.position(), place, "{text}: {}", fault.message);
    let beyond = message.contains("is given twice") || BEYOND_A_SCHEMA.iter().any(|part| text.contains(part));
    assert_eq!(refusals(text).is_empty(), beyond, "{text}: an editor says {:?}", refusals(text));
}

/// What the reader refuses and the schema for editors cannot: a key given twice, and these.
const BEYOND_A_SCHEMA: &[&str] = &[
    // Without quotes, 3.1 and 3.10 are one number.
    "python_version: 3.1\n",
    // Grammars that no regular expression of a bearable size holds.
    "base_image: \"a:b:c\"",
    "exclude_paths: [\"a{b\"]",
    // What one key may be hangs on another.
    "dag_id: Sales\nregistry: {url: ghcr.io/org}\n",
];

/// Checks a fault that stands on the second line, below a `dag_id`.
fn line2(line: &str, column: usize, message: &str, help: &str) {
    check(&format!("dag_id: d\n{line}\n"), (2, column), message, help);
}

#[test]
fn the_least_file_has_the_documented_defaults() {
    let config = parse("dag_id: etl_sales\n").expect("sound");
    assert_eq!(config.dag_id, "etl_sales");
    assert_eq!(config.dag_id_span.position(), (1, 9));
    assert_eq!(config.python_version, PythonVersion::Py311);
    assert_eq!(config.dag_source, "dag.py");
    assert_eq!(config.include_paths, ["."]);
    assert_eq!(config.build.platforms, ["linux/amd64"]);
    assert!(config.registry.is_none() && config.staging.is_none() && config.warnings.is_empty());
}

#[test]
fn every_key_of_the_contract_is_read() {
    let config = parse(include_str!("../../../testdata/leoflow/every-key.yaml")).expect("sound");
    insta::assert_debug_snapshot!(Shown(config));
}

/// A config without the text of its file in every span.
struct Shown(Config);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let empty = Arc::new(crate::source::SourceFile { path: "leoflow.yaml".into(), text: String::new() });
        let mut config = self.0.clone();
        config.dag_id_span.file = Arc::clone(&empty);
        config.tasks.values_mut().for_each(|task| task.span.file = Arc::clone(&empty));
        config.warnings.iter_mut().for_each(|warning| warning.span.file = Arc::clone(&empty));
        config.fmt(f)
    }
}

#[test]
fn an_empty_or_shapeless_file_says_what_to_write() {
    check("", (1, 1), "leoflow.yaml is empty", "dag_id: my_dag");
    check("# nothing\n\n", (1, 1), "leoflow.yaml is empty", "dag_id: my_dag");
    check("- a\n", (1, 1), "must be a mapping", "dag_id");
    check("hello\n", (1, 1), "must be a mapping", "dag_id");
    check("tags: [a]\n", (1, 1), "`dag_id` is missing", "dag_id: my_dag");
    check("dag_id:\ntags: [a]\n", (1, 1), "`dag_id` is missing", "dag_id: my_dag");
}

#[test]
fn unknown_keys_name_their_path_and_the_nearest_known_one() {
    line2("tasks: {load: {retires: 2}}", 16, "unknown key `tasks.load.retires`", "did you mean `retries`?");
    line2("taks: {}", 1, "unknown key `taks`", "did you mean `tasks`?");
    line2("dependancies: [a]", 1, "unknown key `dependancies`", "did you mean `dependencies`?");
    line2("baseImage: a", 1, "unknown key `baseImage`", "did you mean `base_image`?");
    line2("python: \"3.11\"", 1, "unknown key `python`", "did you mean `python_version`?");
    line2("tasks: {t: {timeout: 2}}", 13, "`tasks.t.timeout`", "did you mean `execution_timeout_seconds`?");
    line2("staging: {zzz: 2}", 11, "`staging.zzz`", "known keys here: enabled, size, storage_class");
    line2("alerts: {on_success: []}", 10, "`alerts.on_success`", "known keys here: on_failure");
    line2(
        "tasks: {t: {resources: {requests: {gpu: 1}}}}",
        36,
        "`tasks.t.resources.requests.gpu`",
        "did you mean `cpu`",
    );
    line2(
        "tasks: {t: {execution: {node_selectors: {}}}}",
        25,
        "execution.node_selectors",
        "did you mean `node_selector`",
    );
}

#[test]
fn what_belongs_elsewhere_says_where() {
    line2("schedule: \"@daily\"", 1, "it belongs in `DAG(schedule=…)`", "write `DAG(schedule=…)` in dag.py");
    line2("schedule_interval: \"@daily\"", 1, "`DAG(schedule=…)`", "dag.py");
    line2("catchup: true", 1, "`DAG(catchup=…)`", "dag.py");
    line2("build: {dockerfile: Dockerfile}", 9, "there is no Dockerfile here", "`system_packages` and `include_paths`");
    line2("build: {context: ..}", 18, "`build.context` must be \".\"", "include_paths");
}

#[test]
fn a_duplicate_key_shows_both_places() {
    let faults = faults("dag_id: d\ntasks:\n  a:\n    retries: 1\n    env: {}\n    retries: 2\n  a: {}\n");
    let told: Vec<_> = faults.iter().map(|fault| (fault.span.position(), fault.message.clone())).collect();
    assert_eq!(
        told,
        [
            ((6, 5), "`tasks.a.retries` is given twice: on line 4 already".to_owned()),
            ((7, 3), "`tasks.a` is given twice: on line 3 already".to_owned()),
        ]
    );
    let related = faults[0].related.as_ref().expect("the first place");
    assert_eq!(related.0.position(), (4, 5));
    check("dag_id: a\ndag_id: b\n", (2, 1), "`dag_id` is given twice: on line 1", "keep one");
    check("dag_id: a\ntags: []\n\"tags\": []\n", (3, 1), "`tags` is given twice", "keep one");
}

#[test]
fn wrong_types_say_what_was_expected_and_found() {
    line2("tags: a", 7, "`tags` must be a list, not the text `a`", "write `[a]`");
    line2("tags: {a: b}", 7, "`tags` must be a list, not a mapping", "");
    line2("tags: [2024]", 8, "`tags[0]` must be text, not the number 2024", "write `\"2024\"`");
    line2("owner: [a]", 8, "`owner` must be text, not a list", "");
    line2("owner: true", 8, "`owner` must be text, not the boolean `true`", "write `\"true\"`");
    line2(
        "staging: {enabled: yes}",
        20,
        "`staging.enabled` must be `true` or `false`, not the text `yes`",
        "write `true`",
    );
    line2("staging: {enabled: off}", 20, "not the text `off`", "write `false`");
    line2("staging: {enabled: \"true\"}", 20, "not the text `true`", "write `true`");
    line2("defaults: {retries: two}", 21, "`defaults.retries` must be a whole number, not the text `two`", "");
    line2("defaults: {retries: \"2\"}", 21, "must be a whole number", "write `2`");
    line2("defaults: {retries: 1.5}", 21, "must be a whole number, not the number 1.5", "");
    line2("defaults: {retries: -1}", 21, "must be at least 0, not -1", "write a whole number, 0 or more");
    line2(
        "defaults: {execution_timeout_seconds: 0}",
        39,
        "must be at least 1, not 0",
        "write a whole number, 1 or more",
    );
    line2("defaults: {retries: 99999999999999999999999999999999999999999}", 21, "must be at most", "");
    line2("tasks: [a]", 8, "`tasks` must be a mapping", "");
    line2("tasks: {a: 1}", 12, "`tasks.a` must be a mapping", "");
    line2("tasks: {a: }", 10, "`tasks.a` is empty", "write the task's settings");
    line2("tasks: {a: {env: {PORT: 8080}}}", 25, "`tasks.a.env.PORT` must be text", "write `\"8080\"`");
    line2("registry: ghcr.io/org", 11, "`registry` must be a mapping", "");
    line2("connections: [\" a\"]", 15, "white space at its ends", "");
    line2("connections: [\"\"]", 15, "`connections[0]` is empty", "");
}

#[test]
fn values_outside_their_range_or_pattern_say_what_to_write() {
    check("dag_id: my dag\n", (1, 9), "1 to 200 letters", "write `my_dag`");
    check("dag_id: -x\n", (1, 9), "not start with `-`", "write `x`");
    check("dag_id: étl\n", (1, 9), "1 to 200 letters", "write `_tl`");
    check(&format!("dag_id: {}\n", "a".repeat(201)), (1, 9), "1 to 200", "");
    check("dag_id: 2024\n", (1, 9), "must be text", "write `\"2024\"`");
    line2("schema_version: \"2.0\"", 17, "`schema_version` must be \"1.0\"", "schema_version: \"1.0\"");
    line2("python_version: \"2.7\"", 17, "must be one of `3.10`", "3.11");
    line2("python_version: 3.1", 17, "not `3.1`", "`3.10` is what 3.1 often stands for");
    line2("base_image: \"https://ghcr.io/a\"", 13, "leave out the scheme", "write `ghcr.io/a`");
    line2("base_image: \"a:b:c\"", 13, "is not an image reference", "");
    line2("system_packages: [libPQ]", 19, "not the name of a Debian package", "apt-cache");
    line2("system_packages: [\"curl; rm\"]", 19, "not the name of a Debian package", "");
    line2("include_paths: [/etc]", 17, "`/etc` is absolute", "relative");
    line2("include_paths: [a/../../b]", 17, "leaves the project by `..`", "copy");
    line2("dag_source: ../dag.py", 13, "leaves the project", "copy");
    line2("dag_source: dag.txt", 13, "is not a Python file", "dag.py");
    line2("exclude_paths: [\"a{b\"]", 17, "is not a gitignore pattern", "");
    line2("exclude_paths: [\"!\"]", 17, "it is empty", "");
    line2("build: {platforms: [linux/x86_64]}", 21, "is not a platform", "write `linux/amd64`");
    line2("build: {platforms: [windows/amd64]}", 21, "is not a platform", "write `linux/amd64`");
    line2("build: {platforms: [aarch64]}", 21, "is not a platform", "write `linux/arm64`");
    line2("build: {platforms: []}", 20, "`build.platforms` is empty", "[linux/amd64]");
    line2("build: {labels: {\"a b\": c}}", 18, "cannot be a label's key", "");
    line2("tasks: {t: {env: {1A: x}}}", 19, "`1A` cannot name an environment variable", "");
    line2("tasks: {\"a b\": {}}", 9, "`a b` cannot be a task id", "");
    line2("defaults: {node_selector: {\"a//b\": c}}", 28, "is not a Kubernetes key", "");
    line2("tasks: {t: {execution: {labels: {a: \"b c\"}}}}", 37, "is not a label's value", "");
    line2(
        "tasks: {t: {execution: {image_pull_policy: always}}}",
        44,
        "must be one of `Always`",
        "did you mean `Always`?",
    );
    line2("tasks: {t: {execution: {tolerations: [a]}}}", 39, "must be a mapping", "");
    line2("tasks: {t: {resources: {limits: {memory: 2GB}}}}", 42, "not `2GB`", "write `2G` (powers of 1000) or `2Gi`");
    line2("staging: {size: true}", 17, "must be a Kubernetes quantity", "");
    line2("alerts: {on_failure: [{type: email}]}", 30, "must be one of `slack`, `webhook`, not `email`", "");
    line2("alerts: {on_failure: [{conn: c}]}", 23, "`alerts.on_failure[0].type` is missing", "type: slack");
}

#[test]
fn a_registry_is_one_that_an_image_can_be_pushed_to() {
    line2("registry: {url: \"https://ghcr.io/org/\"}", 17, "has a scheme", "write `ghcr.io/org`");
    line2("registry: {url: ghcr.io/Org}", 17, "is not a registry's address", "write `ghcr.io/org`");
    line2("registry: {url: ghcr.io/org/}", 17, "is not a registry's address", "write `ghcr.io/org`");
    line2("registry: {url: \"me:pw@ghcr.io\"}", 17, "credentials do not belong", "");
    line2("registry: {image_name: a}", 11, "`registry.url` is missing", "ghcr.io/my-org");
    line2("registry: {url: g.io/o, image_name: Sales}", 37, "`Sales` cannot name an image", "write `sales`");
    line2("registry: {url: g.io, tag_strategy: gitsha}", 37, "must be one of", "did you mean `git_sha`?");
    line2("registry: {url: g.io, auth_method: docker}", 36, "must be one of", "");
    let upper = "dag_id: Sales\nregistry: {url: ghcr.io/org}\n";
    check(upper, (1, 9), "`Sales` cannot name an image", "add `image_name: sales` below `registry:`");
    assert!(parse("dag_id: Sales\nregistry: {url: ghcr.io/org, image_name: sales}\n").is_ok());
    assert!(parse("dag_id: Sales\n").is_ok(), "without a registry, no image is named");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_their_places() {
    let faults = faults("dag_id: a b\ntags: x\nfoo_bar: 1\ndefaults:\n  retries: -1\n  cpu: 1\n");
    let lines: Vec<_> = faults.iter().map(|fault| fault.span.position().0).collect();
    assert_eq!(lines, [1, 2, 3, 5, 6]);
}

#[test]
fn an_alias_counts_wherever_it_is_used() {
    let text = "dag_id: d\ntasks:\n  a: &a {retires: 1}\n  b: {execution: {}, env: {}}\n  c: *a\n";
    let lines: Vec<_> = faults(text).iter().map(|fault| fault.message.clone()).collect();
    assert_eq!(lines, ["unknown key `tasks.a.retires`", "unknown key `tasks.c.retires`"]);
    let shared = parse("dag_id: d\ntasks:\n  a: &a {retries: 1}\n  b: *a\n").expect("sound");
    assert_eq!(shared.tasks["b"].retries, Some(1));
}

#[test]
fn one_fault_is_told_once() {
    line2("tasks: {t: {execution: {labels: [a]}}}", 33, "`tasks.t.execution.labels` must be a mapping", "");
}

#[test]
fn a_version_counts_as_it_is_written() {
    for (text, version) in
        [("3.10", PythonVersion::Py310), ("'3.12'", PythonVersion::Py312), ("3.13", PythonVersion::Py313)]
    {
        assert_eq!(parse(&format!("dag_id: d\npython_version: {text}\n")).expect(text).python_version, version);
    }
    assert!(parse("dag_id: d\nschema_version: 1.0\n").is_ok());
}

#[test]
fn what_works_but_is_not_meant_warns() {
    let config = parse("dag_id: d\npython_version: 3.10\nstaging: {enabled: true, size: 512m}\n").expect("sound");
    let told: Vec<_> =
        config.warnings.iter().map(|warning| (warning.span.position().0, warning.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, "`python_version` 3.10 is deprecated: its end of life is 2026-10-31"),
            (3, "`staging.size`: `512m` is 512 thousandths of a byte"),
        ]
    );
}

#[test]
fn a_byte_order_mark_and_dos_line_ends_are_no_faults() {
    let config = parse("\u{FEFF}dag_id: d\r\ntags:\r\n  - a\r\n").expect("sound");
    assert_eq!((config.dag_id.as_str(), config.tags.as_slice()), ("d", &["a".to_owned()][..]));
    check("\u{FEFF}dag_id: d\r\nfoo_bar: é\r\n", (2, 1), "unknown key", "");
}
