"""Airflow: look every night, retrain on the first of the month. Written for Airflow 3; 2 needs its own two imports.

Both may be run again at any time: monitoring only reads, and `ladder retrain` goes on where it broke off, which is what
Airflow's retries are for. One at a time: a second one would be refused by the lock.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

FOLDER = "/srv/ladder"
ENVIRONMENT = {"MLFLOW_TRACKING_URI": "postgresql://mlflow@db/mlflow"}
USUAL = {"start_date": datetime(2026, 1, 1), "catchup": False, "max_active_runs": 1}

with DAG("ladder_monitor", schedule="15 3 * * *", **USUAL):
    BashOperator(
        task_id="monitor",
        bash_command="ladder monitor --data exports/ --config my.toml --out monitor/ --metrics monitor/ladder.prom",
        cwd=FOLDER,
        env=ENVIRONMENT,
        append_env=True,
    )

with DAG("ladder_retrain", schedule="30 4 1 * *", **USUAL):
    BashOperator(
        task_id="retrain",
        bash_command="ladder retrain --data exports/ --config my.toml --to sqlite:///ladder.db --out nightly/",
        cwd=FOLDER,
        env=ENVIRONMENT,
        append_env=True,
        retries=2,
        retry_delay=timedelta(minutes=15),
        execution_timeout=timedelta(hours=4),
    )
