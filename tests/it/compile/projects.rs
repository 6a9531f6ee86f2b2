//! The example projects, as they are.

use super::{describe, describe_error, interpreter, testdata};

#[track_caller]
fn check(project: &str, expected: &str, files: &[&str]) {
    let execution = match interpreter().execute(&testdata(project), "dag.py") {
        Ok(execution) => execution,
        Err(error) => panic!("{project}: {}", describe_error(&error, 0)),
    };
    let found: String = execution.dags.iter().map(describe).collect();
    assert_eq!(found.trim(), super::unindent(expected), "{project}");
    assert_eq!(execution.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>(), files, "{project}");
    assert_eq!(execution.printed, "", "{project}");
}

#[test]
fn etl_sales() {
    check(
        "etl_sales",
        r#"dag etl_sales schedule=0 6 * * * start=2025-01-01T00:00:00+00:00 tags=sales,demo
           extract python `dag:extract` retries=2 delay=60
           transform python `dag:transform` after=extract xcom={"rows":["extract"]} args={"currency":"EUR"}
           load python `dag:load` after=transform timeout=300 xcom={"totals":["transform"]} args={"title":"Sales by product"}"#,
        &["orders.py", "report.py"],
    );
}

#[test]
fn bash_chain() {
    check(
        "bash_chain",
        r#"dag bash_chain schedule=@hourly start=2025-01-01T00:00:00+00:00
           mkdir bash `mkdir -p /tmp/chain` retries=1 env={"LC_ALL":"C.UTF-8"}
           date bash `date > /tmp/chain/began` after=mkdir retries=1 env={"LC_ALL":"C.UTF-8"}
           sort bash `sort /tmp/chain/began` after=date retries=1 env={"LC_ALL":"C.UTF-8"}
           clean_up bash `rm -rf /tmp/chain` after=sort rule=all_done retries=1"#,
        &["steps.txt"],
    );
}

#[test]
fn fan_out_in() {
    check(
        "fan_out_in",
        r#"dag fan_out_in schedule=30 2 * * * start=2025-01-01T00:00:00+00:00 tags=visits runs=1
           count_north python `dag:count_visits` args={"region":"north"}
           count_south python `dag:count_visits` args={"region":"south"}
           count_east python `dag:count_visits` args={"region":"east"}
           count_west python `dag:count_visits` args={"region":"west"}
           add_up python `dag:add_up` after=count_east,count_north,count_south,count_west rule=all_success xcom={"counts":["count_north","count_south","count_east","count_west"]}
           announce python `dag:announce` after=add_up,count_east,count_north,count_south,count_west xcom={"best_of":["count_north","count_south","count_east","count_west"],"total":["add_up"]}"#,
        &[],
    );
}

#[test]
fn provider_operators() {
    check(
        "provider_operators",
        r#"dag provider_operators schedule=15 */4 * * * start=2025-01-01T00:00:00+00:00 description=Exchange rates, from HTTP to Postgres owner=finance
           create_table airflow_operator `airflow.providers.postgres.operators.postgres.PostgresOperator` retries=3 delay=30 operator={"postgres_conn_id":"warehouse","sql":"create table if not exists rates (\n    currency char(3) primary key,\n    rate numeric not null\n);\n"}
           fetch_rates airflow_operator `airflow.providers.http.operators.http.HttpOperator` retries=3 delay=30 operator={"endpoint":"v1/latest","headers":{"Accept":"application/json"},"http_conn_id":"rates_api","method":"GET"}
           insert_rates airflow_operator `airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator` after=create_table,fetch_rates retries=3 delay=30 operator={"conn_id":"warehouse","parameters":{"rates":"{{ ti.xcom_pull('fetch_rates') }}"},"sql":"insert into rates select * from json_populate_recordset(null::rates, %(rates)s)"}
           done airflow_operator `airflow.providers.standard.operators.empty.EmptyOperator` after=insert_rates retries=3 delay=30"#,
        &["sql/create_rates.sql"],
    );
}

#[test]
fn classic_operators() {
    check(
        "classic_operators",
        r#"dag classic_operators schedule=@daily start=2025-01-01T00:00:00+00:00 owner=warehouse tags=stock
           begin bash `echo counting` retries=2 delay=300
           count_stock python `dag:count` after=begin retries=2 delay=300 args={"least":10,"warehouse":"main"}
           warn_buyers python `dag:warn` after=count_stock retries=2 delay=300 timeout=120 xcom={"missing":["count_stock"]}
           archive bash `echo archived` after=count_stock retries=2 delay=300"#,
        &["inventory.py"],
    );
}

#[test]
fn workspace() {
    check(
        "workspace/ingest",
        "dag ingest schedule=*/10 * * * *
         list_inbox bash `ls`
         move_files bash `echo moved` after=list_inbox",
        &[],
    );
    check(
        "workspace/billing/invoices",
        r#"dag invoices schedule=0 8 1 * *
           collect python `dag:collect` args={"month":"2025-01"}
           send python `dag:send` after=collect xcom={"invoices":["collect"]}"#,
        &[],
    );
    check(
        "workspace/reports",
        r#"dag reports params={"kind":{"default":"short","schema":{"enum":["short","long"],"type":"string"}}}
           render python `dag:render`"#,
        &[],
    );
}
