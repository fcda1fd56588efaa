# Airflow's own image with what this project locks for the stand: Celery, the queue's client and FAB's people and roles too.
FROM apache/airflow:3.3.2-python3.11
USER root
RUN install -d -o airflow -g root /opt/lda /var/lib/lda && install -d -m 700 -o airflow -g root /backups
USER airflow
WORKDIR /opt/lda
COPY --chown=airflow:root requirements-stand.lock pyproject.toml ./
RUN pip install --no-cache-dir --require-hashes -r requirements-stand.lock
COPY --chown=airflow:root include ./include
COPY --chown=airflow:root dags ./dags
COPY --chown=airflow:root dbt_project ./dbt_project
COPY --chown=airflow:root expectations ./expectations
COPY --chown=airflow:root deploy/airflow ./deploy/airflow
RUN pip install --no-cache-dir --no-deps -e .
