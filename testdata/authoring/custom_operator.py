from airflow.sdk import BaseOperator, DAG


class HelloOperator(BaseOperator):
    def __init__(self, name: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.name = name

    def execute(self, context):
        return f"Hello {self.name}"


with DAG("custom_operator"):
    HelloOperator(task_id="sample", name="foo_bar")

# --- what it means ---
# custom_operator.py line 6: unsupported operator `HelloOperator` (task `sample`)
# write it as a function under `@task`, or use an operator of a provider package
