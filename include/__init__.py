"""All the thinking of the follow-up, importable and testable without Airflow.

Five verbs whose alphabetical order is the way of the data: archive, check, load, measure, publish.
"""
