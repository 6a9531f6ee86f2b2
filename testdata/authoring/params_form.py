from airflow.sdk import Param, dag, task


@dag(
    schedule=None,
    params={
        "names": Param(["Linda", "Martha"], type="array", description="Define the list of names.", title="Names"),
        "english": Param(True, type="boolean", title="English"),
        "limit": Param(10, type="integer", minimum=1, maximum=100),
        "day": Param(None, type=["null", "string"], format="date"),
        "plain": 5,
    },
    render_template_as_native_obj=False,
)
def params_form():
    @task
    def names(**context) -> list:
        return context["params"]["names"]

    names()


params_form()

# --- what it means ---
# dag params_form params={"day":{"default":null,"schema":{"format":"date","type":["null","string"]}},"english":{"default":true,"schema":{"title":"English","type":"boolean"}},"limit":{"default":10,"schema":{"maximum":100,"minimum":1,"type":"integer"}},"names":{"default":["Linda","Martha"],"schema":{"description":"Define the list of names.","title":"Names","type":"array"}},"plain":{"default":5,"schema":{}}}
# names python `params_form:names`
