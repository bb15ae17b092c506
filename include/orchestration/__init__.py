"""The only place under include/ that imports Airflow."""
