//! The keys of leoflow.yaml, as the table in `keys` has them, into values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::{ALERTS, AUTH_METHODS, PYTHONS, TAG_STRATEGIES, names as words};
use super::reader::{Field, Reader, Section, list};
use super::{Alert, Build, Config, ConfigError, PythonVersion, Registry, Staging, keys as table, rules, tasks};
use crate::code::Code;
use crate::project::yaml;
use crate::reference::Repository;
use crate::source::SourceFile;

/// Keys that Airflow users look for here and that belong into dag.py.
const BELONGS_TO_DAG: &[&str] = &[
    "schedule",
    "schedule_interval",
    "start_date",
    "end_date",
    "catchup",
    "params",
    "default_args",
    "max_active_runs",
];

/// Reads a leoflow.yaml.
///
/// # Errors
/// With everything that is wrong with it.
pub(in crate::project) fn read(file: &Arc<SourceFile>) -> Result<Config, ConfigError> {
    let root = yaml::parse(file).map_err(|fault| ConfigError { faults: vec![*fault] })?;
    let reader = Reader::new(Arc::clone(file));
    reader.check_duplicates(&root, "");
    let config = config(&reader, &root);
    let (faults, warnings) = reader.finish();
    match config {
        Some(config) if faults.is_empty() => Ok(Config { warnings, ..config }),
        _ => Err(ConfigError { faults }),
    }
}

fn config(reader: &Reader, root: &yaml::Node) -> Option<Config> {
    if root.is_null() {
        let help = "write at least `dag_id: my_dag`".to_owned();
        reader.fault(Code::NO_MAPPING, &(0..0), "leoflow.yaml is empty", help);
        return None;
    }
    let whole = Field { reader, path: String::new(), node: root };
    let Some(mut keys) = whole.mapping_root(table::TOP) else {
        let help = "write at least `dag_id: my_dag`".to_owned();
        reader.fault(Code::NO_MAPPING, &root.range, "leoflow.yaml must be a mapping: lines of `key: value`", help);
        return None;
    };
    schema_version(&mut keys);
    let id = keys.require("dag_id", "write `dag_id: my_dag`, the id that dag.py gives its DAG");
    let dag_id = id.as_ref().and_then(rules::dag_id);
    let config = Config {
        dag_id: dag_id.clone().unwrap_or_default(),
        dag_id_span: reader.span(&id.as_ref().map_or(0..0, |id| id.node.range.clone())),
        description: keys.get("description").and_then(|field| field.string()),
        owner: keys.get("owner").and_then(|field| field.string()),
        tags: names(&mut keys, "tags"),
        python_version: keys.get("python_version").and_then(|field| python_version(&field)).unwrap_or_default(),
        base_image: keys.get("base_image").and_then(|field| rules::image(&field)),
        dependencies: each(&mut keys, "dependencies", rules::requirement),
        connectors: names(&mut keys, "connectors"),
        system_packages: each(&mut keys, "system_packages", rules::debian_package),
        connections: names(&mut keys, "connections"),
        variables: names(&mut keys, "variables"),
        dag_source: keys.get("dag_source").and_then(|field| rules::dag_source(&field)).unwrap_or("dag.py".to_owned()),
        include_paths: include_paths(&mut keys),
        exclude_paths: each(&mut keys, "exclude_paths", rules::pattern),
        build: build(&mut keys),
        registry: keys.get("registry").and_then(|field| registry(&field, id.as_ref().zip(dag_id.as_deref()))),
        defaults: keys.get("defaults").and_then(|field| tasks::defaults(&field)).unwrap_or_default(),
        staging: keys.get("staging").and_then(|field| staging(&field)),
        tasks: keys.get("tasks").map(|field| tasks::tasks(&field)).unwrap_or_default(),
        alerts: keys.get("alerts").map(|field| alerts(&field)).unwrap_or_default(),
        warnings: Vec::new(),
    };
    for key in BELONGS_TO_DAG {
        let argument = if *key == "schedule_interval" { "schedule" } else { key };
        let help = format!("remove it here and write `DAG({argument}=…)` in dag.py");
        keys.refuse(
            Code::BELONGS_IN_DAG,
            key,
            &format!("`{key}` is not a key of leoflow.yaml: it belongs in `DAG({argument}=…)`"),
            &help,
        );
    }
    keys.end();
    Some(config)
}

fn names(keys: &mut Section<'_>, key: &'static str) -> Vec<String> {
    keys.get(key).map(|field| field.names()).unwrap_or_default()
}

fn each(keys: &mut Section<'_>, key: &'static str, rule: fn(&Field<'_>) -> Option<String>) -> Vec<String> {
    keys.get(key).map(|field| field.items().iter().filter_map(rule).collect()).unwrap_or_default()
}

/// The text counts, not what YAML makes of it: `1.0` without quotes is a number.
fn schema_version(keys: &mut Section<'_>) {
    if let Some(field) = keys.get("schema_version")
        && field.node.text() != Some("1.0")
    {
        field.fault(Code::NOT_ONE_OF, "must be \"1.0\"", "write `schema_version: \"1.0\"`".to_owned());
    }
}

/// The text counts, not what YAML makes of it: `3.10` without quotes is the number 3.1.
fn python_version(field: &Field<'_>) -> Option<PythonVersion> {
    let text = field.node.text()?;
    let Some((_, version)) = PYTHONS.iter().copied().find(|(name, _)| *name == text) else {
        let hint = (text == "3.1").then(|| "`3.10` is what 3.1 often stands for; 3.10 is near its end".to_owned());
        let help = hint.unwrap_or_else(|| "write `python_version: \"3.11\"`".to_owned());
        field.fault(Code::NOT_ONE_OF, format!("must be one of {}, not `{text}`", list(&words(PYTHONS))), help);
        return None;
    };
    if version == PythonVersion::Py310 {
        field.reader.warn(
            Code::DEPRECATED_PYTHON,
            &field.node.range,
            table::PY310,
            "write `python_version: \"3.11\"` or later".to_owned(),
        );
    }
    Some(version)
}

fn include_paths(keys: &mut Section<'_>) -> Vec<String> {
    match keys.get("include_paths") {
        Some(field) => field.items().iter().filter_map(rules::relative_path).collect(),
        None => vec![".".to_owned()],
    }
}

fn build(keys: &mut Section<'_>) -> Build {
    let defaults = Build { platforms: vec!["linux/amd64".to_owned()], labels: BTreeMap::new() };
    let Some(mut keys) = keys.get("build").and_then(|field| field.keys(table::BUILD)) else { return defaults };
    keys.refuse(
        Code::NO_DOCKERFILE,
        "dockerfile",
        "`build.dockerfile`: there is no Dockerfile here, the image is put together without one",
        "remove it; `base_image`, `dependencies`, `system_packages` and `include_paths` say what goes into the image",
    );
    if let Some(field) = keys.get("context")
        && field.string().is_some_and(|context| !matches!(context.as_str(), "." | "./"))
    {
        let help = "remove it; `include_paths` says what goes into the image".to_owned();
        field.fault(Code::NO_DOCKERFILE, "must be \".\": the project's directory is the context", help);
    }
    let platforms = keys.get("platforms");
    if let Some(field) = platforms.as_ref().filter(|field| field.is_empty_list()) {
        field.fault(Code::BAD_PLATFORM, "is empty", "write `[linux/amd64]`".to_owned());
    }
    let platforms = platforms.map(|field| field.items().iter().filter_map(rules::platform).collect());
    let labels = keys.get("labels").map(|field| rules::string_map(&field, rules::image_label_key));
    keys.end();
    Build { platforms: platforms.unwrap_or(defaults.platforms), labels: labels.unwrap_or_default() }
}

fn registry(field: &Field<'_>, id: Option<(&Field<'_>, &str)>) -> Option<Registry> {
    let mut keys = field.keys(table::REGISTRY)?;
    let url_field = keys.require("url", "write where the image goes, e.g. `url: ghcr.io/my-org`");
    let url = url_field.as_ref().and_then(registry_url);
    let name_field = keys.get("image_name");
    let image_name = name_field.as_ref().and_then(Field::name);
    if let (Some(url), Some(name)) = (&url, image_name.as_deref().or(id.map(|(_, id)| id)))
        && let Err(error) = format!("{url}/{name}").parse::<Repository>()
    {
        match (&name_field, id) {
            (Some(field), _) => field.fault(
                Code::BAD_IMAGE_REFERENCE,
                format!("`{name}` cannot name an image: {}", error.reason),
                suggest(name),
            ),
            (None, Some((id, _))) => {
                let message =
                    format!("`{name}` cannot name an image ({}), so `registry.image_name` must", error.reason);
                let near = name.to_lowercase().trim_matches(['_', '-']).to_owned();
                id.fault(Code::BAD_IMAGE_REFERENCE, message, format!("add `image_name: {near}` below `registry:`"));
            }
            (None, None) => {}
        }
    }
    let tag_strategy = keys.get("tag_strategy").and_then(|field| field.one_of(TAG_STRATEGIES)).unwrap_or_default();
    let auth_method = keys.get("auth_method").and_then(|field| field.one_of(AUTH_METHODS)).unwrap_or_default();
    keys.end();
    Some(Registry { url: url?, image_name, tag_strategy, auth_method })
}

fn suggest(name: &str) -> String {
    let lower = name.to_lowercase();
    format!("example.com/{lower}").parse::<Repository>().map_or_else(
        |_| "write lower-case letters, digits, `.`, `_` and `-`".to_owned(),
        |_| format!("write `{lower}`"),
    )
}

fn registry_url(field: &Field<'_>) -> Option<String> {
    let url = field.name()?;
    if let Some((_, rest)) = url.split_once("://") {
        let rest = rest.trim_end_matches('/');
        let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        field.fault(
            Code::BAD_IMAGE_REFERENCE,
            "has a scheme, which a registry's address does not",
            format!("write `{rest}`"),
        );
        return None;
    }
    match format!("{url}/probe").parse::<Repository>() {
        Ok(_) => Some(url),
        Err(error) => {
            let near = url.trim_end_matches('/').to_lowercase();
            let sound = near != url && format!("{near}/probe").parse::<Repository>().is_ok();
            let help = if sound {
                format!("write `{near}`")
            } else {
                "write a host and a path, e.g. `ghcr.io/my-org`".to_owned()
            };
            field.fault(
                Code::BAD_IMAGE_REFERENCE,
                format!("is not a registry's address like `ghcr.io/my-org`: {}", error.reason),
                help,
            );
            None
        }
    }
}

fn staging(field: &Field<'_>) -> Option<Staging> {
    let mut keys = field.keys(table::STAGING)?;
    let enabled = keys.get("enabled").and_then(|field| field.bool()).unwrap_or(false);
    let size = keys.get("size").and_then(|field| tasks::memory(&field));
    let storage_class = keys.get("storage_class").and_then(|field| field.name());
    keys.end();
    Some(Staging { enabled, size, storage_class })
}

fn alerts(field: &Field<'_>) -> Vec<Alert> {
    let Some(mut keys) = field.keys(table::ALERT_LISTS) else { return Vec::new() };
    let on_failure = keys.get("on_failure").map(|field| field.items()).unwrap_or_default();
    keys.end();
    on_failure.iter().filter_map(alert).collect()
}

fn alert(field: &Field<'_>) -> Option<Alert> {
    let mut keys = field.keys(table::ALERT)?;
    let kind = keys.require("type", "write `type: slack` or `type: webhook`").and_then(|field| field.one_of(ALERTS));
    let conn = keys.get("conn").and_then(|field| field.name());
    let message = keys.get("message").and_then(|field| field.string());
    keys.end();
    Some(Alert { kind: kind?, conn, message })
}
