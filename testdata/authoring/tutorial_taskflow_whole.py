from __future__ import annotations

import json

import pendulum

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=pendulum.datetime(2021, 1, 1, tz="UTC"),
    catchup=False,
    tags=["example"],
)
def tutorial_taskflow_api():
    """
    ### TaskFlow API Tutorial Documentation
    """

    @task()
    def extract():
        data_string = '{"1001": 301.27, "1002": 433.21, "1003": 502.22}'
        order_data_dict = json.loads(data_string)
        return order_data_dict

    @task()
    def transform(order_data_dict: dict):
        total_order_value = 0
        for value in order_data_dict.values():
            total_order_value += value
        return {"total_order_value": total_order_value}

    @task()
    def load(total_order_value: float):
        print(f"Total order value is: {total_order_value:.2f}")

    order_data = extract()
    order_summary = transform(order_data)
    load(order_summary)


tutorial_taskflow_api()

# --- what it means ---
# dag tutorial_taskflow_api start=2021-01-01T00:00:00+00:00 tags=example
# extract python `tutorial_taskflow_whole:extract`
# transform python `tutorial_taskflow_whole:transform` after=extract xcom={"order_data_dict":["extract"]}
# load python `tutorial_taskflow_whole:load` after=transform xcom={"total_order_value":["transform"]}
