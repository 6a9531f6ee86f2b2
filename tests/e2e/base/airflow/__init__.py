"""Enough of Airflow 3's authoring interface for a dag.py to be imported where its tasks run."""
