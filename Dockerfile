# Airflow's own image with this project's locked dependencies; the Celery and Postgres providers come with the base.
FROM apache/airflow:3.3.2-python3.11
USER root
RUN install -d -o airflow -g root /opt/lda /var/lib/lda
USER airflow
WORKDIR /opt/lda
COPY --chown=airflow:root requirements.lock requirements.in pyproject.toml ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --chown=airflow:root include ./include
COPY --chown=airflow:root dags ./dags
COPY --chown=airflow:root dbt_project ./dbt_project
COPY --chown=airflow:root expectations ./expectations
RUN pip install --no-cache-dir --no-deps -e .
