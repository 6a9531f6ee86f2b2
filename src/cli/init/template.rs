//! What a new project begins with.

/// Returns a small DAG: three tasks, a result handed on, nothing to install.
pub(super) fn dag(dag_id: &str) -> String {
    DAG.replace("{dag_id}", dag_id)
}

const DAG: &str = r#""""Adds up what was sold, and says so. Replace it with what you want to run."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, task

with DAG(
    "{dag_id}",
    schedule=None,  # or when to run, as cron has it: "0 6 * * *"
    start_date=datetime(2025, 1, 1),
    tags=["example"],
) as dag:

    # What is in a task runs in the pod; all the rest of this file only says which
    # tasks there are. Import packages inside the tasks that use them.

    @task(retries=2, retry_delay=timedelta(minutes=1))
    def extract() -> list:
        return [{"product": "tea", "sold": 3}, {"product": "rice", "sold": 4}]

    @task
    def add_up(rows: list) -> int:
        return sum(row["sold"] for row in rows)

    @task
    def report(total: int, unit: str):
        print(f"{total} {unit} sold")

    report(add_up(extract()), unit="boxes")
"#;

/// What stays out of the image.
pub(super) const DOCKERIGNORE: &str = "\
# What stays out of the image, in gitignore syntax; the last pattern that matches
# decides, and `!` takes back in. Left out without being named here: .git,
# __pycache__, *.pyc, .venv, venv, dag.json, lock files and leoflow.schema.json.
.dockerignore
.gitignore
.env
.env.*
.idea/
.vscode/
.mypy_cache/
.pytest_cache/
.ruff_cache/
.ipynb_checkpoints/
.DS_Store
*.log
";
