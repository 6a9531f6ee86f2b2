//! Every key of leoflow.yaml, once: the reader takes its names from here, and so do the schema that editors read and
//! the reference in docs/configuration.md.

use super::forms::*;
use super::key::{Key, Kind};
use super::names::{ALERTS, AUTH_METHODS, PULL_POLICIES, PYTHONS, TAG_STRATEGIES, names};

const NAMES: Kind = Kind::List(&Kind::Matching(NAME));
const OBJECTS: Kind = Kind::List(&Kind::Object);
const SELECTOR: Kind = Kind::Map { of: "label", names: KUBERNETES_KEY, values: &Kind::Text };
const LABELS: Kind = Kind::Map { of: "label", names: KUBERNETES_KEY, values: &Kind::Matching(LABEL_VALUE) };

/// Of Python 3.10, and of the `deprecated` that editors show.
pub(super) const PY310: &str = "`python_version` 3.10 is deprecated: its end of life is 2026-10-31";

/// The top of the file.
#[rustfmt::skip]
pub(in crate::project) const TOP: &[Key] = &[
    Key::new("schema_version", Kind::Version(|| vec!["1.0"], &[]), "The version of this file's form").or("\"1.0\""),
    Key::new("dag_id", Kind::Matching(DAG_ID), "The id of the DAG in dag.py").required().like("\"etl_sales\""),
    Key::new("description", Kind::Text, "What the DAG does, instead of what dag.py says"),
    Key::new("owner", Kind::Text, "Who looks after the DAG, instead of whom dag.py names"),
    Key::new("tags", Kind::List(&Kind::Text), "Replaces the tags of dag.py").like("[\"sales\", \"daily\"]"),
    Key::new("python_version", Kind::Version(|| names(PYTHONS), &[("3.10", PY310)]), "The Python inside the image").or("\"3.11\""),
    Key::new("base_image", Kind::Matching(IMAGE), "The image to build on, instead of the runtime image of `python_version`")
        .like("\"ghcr.io/my-org/base:py3.11\""),
    Key::new("dependencies", Kind::List(&Kind::Matching(REQUIREMENT)), "Python packages for the image").like("[\"pandas>=2\"]"),
    Key::new("connectors", NAMES, "Airflow providers for the image, by their short names").like("[\"postgres\", \"http\"]"),
    Key::new("system_packages", Kind::List(&Kind::Matching(DEBIAN_PACKAGE)), "Debian packages that the base must have")
        .like("[\"libpq5\"]"),
    Key::new("connections", NAMES, "Connections that every task gets at run time; names, never values").like("[\"warehouse\"]"),
    Key::new("variables", NAMES, "Variables that every task gets at run time; names, never values").like("[\"region\"]"),
    Key::new("dag_source", Kind::Matching(PYTHON_FILE), "The file with the DAG").or("\"dag.py\""),
    Key::new("include_paths", Kind::List(&Kind::Matching(PATH)), "Files and directories that go into the image; paths, not patterns")
        .or("[\".\"]"),
    Key::new("exclude_paths", Kind::List(&Kind::Matching(PATTERN)), "Patterns of what stays out of the image, besides the built-in ones; `!` takes back in")
        .like("[\"data\", \"!data/rates.csv\"]"),
    Key::new("build", Kind::Section(BUILD), "How the image is built"),
    Key::new("registry", Kind::Section(REGISTRY), "Where the image goes"),
    Key::new("defaults", Kind::Section(DEFAULTS), "Settings of every task that has none of its own"),
    Key::new("staging", Kind::Section(STAGING), "Storage that the tasks of a run share"),
    Key::new("tasks", Kind::Map { of: "task_id", names: TASK_ID, values: &Kind::Section(TASK) }, "Settings of single tasks; they win over dag.py"),
    Key::new("alerts", Kind::Section(ALERT_LISTS), "Whom to tell"),
];

pub(super) const BUILD: &[Key] = &[
    Key::new("context", Kind::Matching(CONTEXT), "The project's directory, and nothing else").or("\".\""),
    Key::new("platforms", Kind::Some(&Kind::Matching(PLATFORM)), "The platforms to build for").or("[\"linux/amd64\"]"),
    Key::new("labels", Kind::Map { of: "key", names: IMAGE_LABEL, values: &Kind::Text }, "Labels of the image"),
];

#[rustfmt::skip]
pub(super) const REGISTRY: &[Key] = &[
    Key::new("url", Kind::Matching(REGISTRY_URL), "The registry and the path in it").required().like("\"ghcr.io/my-org\""),
    Key::new("image_name", Kind::Matching(IMAGE_NAME), "The image's name, instead of `dag_id`, which must be lowercase without it"),
    Key::new("tag_strategy", Kind::OneOf(|| names(TAG_STRATEGIES)), "What the image is tagged with").or("\"version\""),
    Key::new("auth_method", Kind::OneOf(|| names(AUTH_METHODS)), "Where credentials come from").or("\"docker_config\""),
];

const RETRIES: Key = Key::new("retries", Kind::Whole(0), "How often a failed task is run again");
const RETRY_DELAY: Key = Key::new("retry_delay_seconds", Kind::Whole(0), "How long to wait before that, in seconds");
const TIMEOUT: Key =
    Key::new("execution_timeout_seconds", Kind::Whole(1), "How long a try may take before it is ended, in seconds");
const NODES: Key = Key::new("node_selector", SELECTOR, "Labels of the nodes that pods run on")
    .like("{\"kubernetes.io/arch\": \"amd64\"}");

pub(super) const DEFAULTS: &[Key] = &[
    RETRIES,
    RETRY_DELAY,
    TIMEOUT,
    Key::new("resources", Kind::Section(DEFAULT_RESOURCES), "What a pod asks for, of tasks that set no resources"),
    NODES,
];

const CPU: Key = Key::new("cpu", Kind::Quantity, "Cores, or thousandths of one: `500m`").like("\"500m\"");
const MEMORY: Key = Key::new("memory", Kind::Quantity, "Bytes of memory").like("\"2Gi\"");

pub(super) const DEFAULT_RESOURCES: &[Key] = &[CPU, MEMORY];

pub(super) const STAGING: &[Key] = &[
    Key::new("enabled", Kind::Bool, "Whether there is any").or("false"),
    Key::new("size", Kind::Quantity, "How large it is").like("\"5Gi\""),
    Key::new("storage_class", Kind::Matching(NAME), "The storage class of Kubernetes"),
];

#[rustfmt::skip]
pub(super) const TASK: &[Key] = &[
    RETRIES,
    RETRY_DELAY,
    TIMEOUT,
    Key::new("env", Kind::Map { of: "name", names: ENV_NAME, values: &Kind::Text }, "Environment variables").like("{\"MODE\": \"fast\"}"),
    Key::new("connections", NAMES, "Connections that the task gets at run time; names, never values"),
    Key::new("variables", NAMES, "Variables that the task gets at run time; names, never values"),
    Key::new("resources", Kind::Section(RESOURCES), "What the task's pod asks for"),
    Key::new("execution", Kind::Section(EXECUTION), "Where and how the task's pod runs"),
];

pub(super) const RESOURCES: &[Key] = &[
    Key::new("requests", Kind::Section(AMOUNTS), "What the pod is given for sure"),
    Key::new("limits", Kind::Section(AMOUNTS), "What the pod may use at most"),
    Key::new("claims", OBJECTS, "Resource claims, passed on as they are").like("[{\"name\": \"gpu\"}]"),
];

pub(super) const AMOUNTS: &[Key] =
    &[CPU, MEMORY, Key::new("ephemeral_storage", Kind::Quantity, "Bytes of local storage").like("\"1Gi\"")];

#[rustfmt::skip]
pub(super) const EXECUTION: &[Key] = &[
    NODES,
    Key::new("tolerations", OBJECTS, "Taints of nodes that do not matter, passed on as they are"),
    Key::new("service_account", Kind::Matching(NAME), "The service account of the pod"),
    Key::new("image_pull_policy", Kind::OneOf(|| names(PULL_POLICIES)), "When the image is pulled"),
    Key::new("priority_class_name", Kind::Matching(NAME), "The priority class of the pod"),
    Key::new("termination_grace_period_seconds", Kind::Whole(0), "How long a pod that must end may take, in seconds"),
    Key::new("runtime_class_name", Kind::Matching(NAME), "The runtime class of the pod"),
    Key::new("topology_spread_constraints", OBJECTS, "How pods are spread, passed on as they are"),
    Key::new("affinity", Kind::Object, "What the pod wants to be near to, passed on as it is"),
    Key::new("resource_claims", OBJECTS, "Resource claims of the pod, passed on as they are"),
    Key::new("labels", LABELS, "Labels of the pod"),
    Key::new("annotations", SELECTOR, "Annotations of the pod"),
];

pub(super) const ALERT_LISTS: &[Key] =
    &[Key::new("on_failure", Kind::List(&Kind::Section(ALERT)), "Who is told that a run failed")];

pub(super) const ALERT: &[Key] = &[
    Key::new("type", Kind::OneOf(|| names(ALERTS)), "Through what").required(),
    Key::new("conn", Kind::Matching(NAME), "The name of the connection to use"),
    Key::new("message", Kind::Text, "The text, instead of the control plane's own"),
];
