//! Connector names and the provider packages they stand for.

/// A provider (the part after `apache-airflow-providers-`) and its connection types.
type Provider = (&'static str, &'static [&'static str]);

const PACKAGE_PREFIX: &str = "apache-airflow-providers-";

/// Providers that every image of Airflow has.
const ALWAYS_ALLOWED: [&str; 5] = ["standard", "common-sql", "common-io", "common-compat", "smtp"];

/// Connection types as each provider's `get_provider_info` lists them.
#[rustfmt::skip]
const PROVIDERS: &[Provider] = &[
    ("airbyte", &["airbyte"]),
    ("alibaba", &["oss", "adb_spark", "maxcompute"]),
    ("amazon", &["aws", "athena", "emr", "redshift", "chime"]),
    ("apache-beam", &[]),
    ("apache-cassandra", &["cassandra"]),
    ("apache-drill", &["drill"]),
    ("apache-druid", &["druid"]),
    ("apache-flink", &[]),
    ("apache-hdfs", &["webhdfs"]),
    ("apache-hive", &["hive_cli", "hiveserver2", "hive_metastore"]),
    ("apache-iceberg", &["iceberg"]),
    ("apache-impala", &["impala"]),
    ("apache-kafka", &["kafka"]),
    ("apache-livy", &["livy"]),
    ("apache-pinot", &["pinot", "pinot_admin"]),
    ("apache-spark", &["spark", "spark_sql", "spark_connect"]),
    ("apache-tinkerpop", &["gremlin"]),
    ("apprise", &["apprise"]),
    ("arangodb", &["arangodb"]),
    ("asana", &["asana"]),
    ("atlassian-jira", &["jira"]),
    ("celery", &[]),
    ("cloudant", &["cloudant"]),
    ("cncf-kubernetes", &["kubernetes"]),
    ("cohere", &["cohere"]),
    ("common-compat", &[]),
    ("common-io", &[]),
    ("common-messaging", &[]),
    ("common-sql", &[]),
    ("databricks", &["databricks"]),
    ("datadog", &["datadog"]),
    ("dbt-cloud", &["dbt_cloud"]),
    ("dingding", &["dingding"]),
    ("discord", &["discord"]),
    ("docker", &["docker"]),
    ("elasticsearch", &["elasticsearch"]),
    ("exasol", &["exasol"]),
    ("fab", &[]),
    ("facebook", &["facebook_social"]),
    ("ftp", &["ftp"]),
    ("git", &["git"]),
    ("github", &["github"]),
    ("google", &[
        "google_cloud_platform", "gcp", "gcpbigquery", "gcpcloudsql", "gcpcloudsqldb", "gcpssh", "gcp_looker",
        "dataprep", "google_ads", "leveldb",
    ]),
    ("grpc", &["grpc"]),
    ("hashicorp", &["vault"]),
    ("http", &["http"]),
    ("imap", &["imap"]),
    ("influxdb", &["influxdb"]),
    ("jdbc", &["jdbc"]),
    ("jenkins", &["jenkins"]),
    ("microsoft-azure", &[
        "azure", "adls", "adx", "azure_data_explorer", "azure_batch", "azure_compute", "azure_container_instance",
        "azure_container_registry", "azure_container_volume", "azure_cosmos", "azure_data_factory", "azure_data_lake",
        "azure_fileshare", "azure_service_bus", "azure_synapse", "msgraph", "powerbi", "wasb",
    ]),
    ("microsoft-mssql", &["mssql"]),
    ("microsoft-psrp", &["psrp"]),
    ("microsoft-winrm", &["winrm"]),
    ("mongo", &["mongo"]),
    ("mysql", &["mysql"]),
    ("neo4j", &["neo4j"]),
    ("odbc", &["odbc"]),
    ("openai", &["openai"]),
    ("openfaas", &[]),
    ("openlineage", &[]),
    ("opensearch", &["opensearch"]),
    ("opsgenie", &["opsgenie"]),
    ("oracle", &["oracle"]),
    ("pagerduty", &["pagerduty", "pagerduty_events"]),
    ("papermill", &[]),
    ("pinecone", &["pinecone"]),
    ("postgres", &["postgres"]),
    ("presto", &["presto"]),
    ("qdrant", &["qdrant"]),
    ("redis", &["redis"]),
    ("salesforce", &["salesforce"]),
    ("samba", &["samba"]),
    ("segment", &["segment"]),
    ("sendgrid", &[]),
    ("sftp", &["sftp"]),
    ("singularity", &[]),
    ("slack", &["slack", "slackwebhook"]),
    ("smtp", &["smtp"]),
    ("snowflake", &["snowflake"]),
    ("sqlite", &["sqlite"]),
    ("ssh", &["ssh"]),
    ("standard", &[]),
    ("tableau", &["tableau"]),
    ("telegram", &["telegram"]),
    ("teradata", &["teradata"]),
    ("trino", &["trino"]),
    ("vertica", &["vertica"]),
    ("weaviate", &["weaviate"]),
    ("yandex", &["yandexcloud"]),
    ("ydb", &["ydb"]),
    ("zendesk", &["zendesk"]),
];

/// Returns the provider that a name under `connectors:` stands for.
pub(crate) fn provider_of_connector(name: &str) -> Option<&'static str> {
    let name = normalized(name);
    let stands_for = |(provider, types): &&Provider| {
        *provider == name || types.iter().any(|connection_type| normalized(connection_type) == name)
    };
    PROVIDERS.iter().find(stands_for).map(|(provider, _)| *provider)
}

/// Returns every name that `connectors:` takes, to suggest from.
pub(crate) fn connector_names() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().flat_map(|(provider, types)| std::iter::once(*provider).chain(types.iter().copied()))
}

/// Returns the connector that a mistyped name was probably meant to be.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    let name = normalized(name);
    let most = (name.chars().count() / 3).max(1);
    let distance = |known: &str| strsim::osa_distance(&name, &normalized(known));
    connector_names()
        .map(|known| (distance(known), known))
        .filter(|(far, _)| *far <= most)
        .min()
        .map(|(_, known)| known)
}

/// Returns the provider of an operator class below `airflow.providers`: the longest one known, or, for a provider that
/// is not known, what stands before `operators`, `sensors` and the like.
pub(crate) fn provider_of_class(operator_class: &str) -> Option<String> {
    let path = operator_class.strip_prefix("airflow.providers.")?;
    let parts: Vec<String> = path.split('.').map(normalized).collect();
    let known = (1..parts.len()).rev().map(|end| parts[..end].join("-")).find(|name| is_provider(name));
    let kinds = ["operators", "sensors", "transfers", "notifications", "decorators", "triggers"];
    let end = parts.iter().position(|part| kinds.contains(&part.as_str())).unwrap_or(1).max(1);
    Some(known.unwrap_or_else(|| parts[..end].join("-")))
}

/// Returns the package of a provider.
pub(crate) fn package(provider: &str) -> String {
    format!("{PACKAGE_PREFIX}{provider}")
}

/// Tells whether the image will have a provider: it is always there, a connector stands for it, or a dependency is its
/// package (or Airflow itself with the provider as an extra).
pub(crate) fn is_declared(provider: &str, connectors: &[String], dependencies: &[String]) -> bool {
    ALWAYS_ALLOWED.contains(&provider)
        || connectors.iter().any(|name| provider_of_connector(name) == Some(provider))
        || dependencies.iter().any(|requirement| brings(requirement, provider))
}

fn brings(requirement: &str, provider: &str) -> bool {
    let (name, extras) = name_and_extras(requirement);
    let name = normalized(name);
    name.strip_prefix(PACKAGE_PREFIX) == Some(provider)
        || name == "apache-airflow" && extras.split(',').any(|extra| normalized(extra.trim()) == provider)
}

/// The name and the extras of a PEP 508 requirement, which begins with them.
fn name_and_extras(requirement: &str) -> (&str, &str) {
    let requirement = requirement.trim_start();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let (name, rest) = requirement.split_at(requirement.find(|c| !is_name(c)).unwrap_or(requirement.len()));
    let extras =
        rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(inside, _)| inside);
    (name, extras)
}

fn is_provider(name: &str) -> bool {
    PROVIDERS.iter().any(|(provider, _)| *provider == name)
}

/// PEP 503: lowercase, each run of `-`, `_` and `.` one `-`.
fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_is_a_provider_or_a_connection_type() {
        let check = |name: &str, expected: Option<&str>| assert_eq!(provider_of_connector(name), expected, "{name}");
        check("postgres", Some("postgres"));
        check("microsoft-azure", Some("microsoft-azure"));
        check("microsoft.azure", Some("microsoft-azure"));
        check("apache_kafka", Some("apache-kafka"));
        check("kafka", Some("apache-kafka"));
        check("gcp", Some("google"));
        check("google", Some("google"));
        check("google_cloud_platform", Some("google"));
        check("azure_data_explorer", Some("microsoft-azure"));
        check("wasb", Some("microsoft-azure"));
        check("aws", Some("amazon"));
        check("vault", Some("hashicorp"));
        check("Slack", Some("slack"));
        check("postgress", None);
        check("", None);
    }

    #[test]
    fn no_connection_type_belongs_to_two_providers() {
        let mut seen = std::collections::BTreeMap::new();
        for (provider, types) in PROVIDERS {
            for name in std::iter::once(provider).chain(types.iter()) {
                let first = seen.insert(normalized(name), provider);
                assert!(first.is_none_or(|first| first == provider), "{name}");
            }
        }
    }

    #[test]
    fn the_import_path_tells_the_provider() {
        let check =
            |class: &str, expected: Option<&str>| assert_eq!(provider_of_class(class).as_deref(), expected, "{class}");
        check("airflow.providers.postgres.operators.postgres.PostgresOperator", Some("postgres"));
        check("airflow.providers.google.cloud.operators.bigquery.BigQueryInsertJobOperator", Some("google"));
        check("airflow.providers.amazon.aws.operators.s3.S3CopyObjectOperator", Some("amazon"));
        check("airflow.providers.microsoft.mssql.operators.mssql.MsSqlOperator", Some("microsoft-mssql"));
        check("airflow.providers.apache.kafka.operators.consume.ConsumeFromTopicOperator", Some("apache-kafka"));
        check("airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator", Some("cncf-kubernetes"));
        check("airflow.providers.dbt.cloud.operators.dbt.DbtCloudRunJobOperator", Some("dbt-cloud"));
        check("airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator", Some("common-sql"));
        check("airflow.providers.acme.rockets.operators.launch.LaunchOperator", Some("acme-rockets"));
        check("airflow.providers.acme", Some("acme"));
        check("airflow.providers.", Some(""));
        check("my.Operator", None);
    }

    fn declared(provider: &str, connectors: &[&str], dependencies: &[&str]) -> bool {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        is_declared(provider, &owned(connectors), &owned(dependencies))
    }

    #[test]
    fn a_provider_is_declared_by_connector_or_requirement() {
        for (provider, connectors, dependencies, expected) in [
            ("smtp", &[][..], &[][..], true),
            ("common-sql", &[], &[], true),
            ("postgres", &[], &[], false),
            ("postgres", &["postgres"], &[], true),
            ("google", &["gcp"], &[], true),
            ("google", &["postgres"], &[], false),
            ("postgres", &[], &["apache-airflow-providers-postgres>=6"], true),
            ("postgres", &[], &["Apache_Airflow.providers-Postgres"], true),
            ("postgres", &[], &["apache-airflow-providers-postgres[amazon] ~= 6.0 ; python_version > '3'"], true),
            ("postgres", &[], &["apache-airflow-providers-postgres @ https://example.com/x.whl"], true),
            ("postgres", &[], &["apache-airflow-providers-postgres-extra"], false),
            ("postgres", &[], &["psycopg2"], false),
            ("postgres", &[], &["apache-airflow[postgres, http]==3.0.0"], true),
            ("microsoft-mssql", &[], &["apache-airflow-providers-microsoft.mssql"], true),
            ("postgres", &[], &["apache-airflow-providers-postgrés"], false),
        ] {
            assert_eq!(
                declared(provider, connectors, dependencies),
                expected,
                "{provider} {connectors:?} {dependencies:?}"
            );
        }
    }
}
