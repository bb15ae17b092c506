# The official image with the locked packages and this project's code. Build: docker compose build
FROM apache/airflow:3.3.2-python3.11
COPY --chown=airflow:0 requirements.txt /opt/airflow/requirements.txt
RUN pip install --no-cache-dir -r /opt/airflow/requirements.txt
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
COPY --chown=airflow:0 CHANGELOG.md pyproject.toml /opt/airflow/
# `from include… import` works in DAG files, tasks and on the command line.
ENV PYTHONPATH=/opt/airflow
