from airflow.sdk import DAG, setup, task, teardown

with DAG("setup_teardown"):
    @setup
    def create(): ...

    @teardown
    def drop(): ...

    create() >> drop()

# --- what it means ---
# setup_teardown.py line 4: `@setup` cannot be expressed in dag.json
# use an edge, and `trigger_rule="all_done"` for cleaning up
