"""The production-like stand: every part is there, nothing has a default password, pages stay on this host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from compose_file import compose_text, filled_in, variables
from lda.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]
SECRETS = {
    "LDA_PSEUDONYM_KEY",
    "POSTGRES_PASSWORD",
    "LEDGER_PASSWORD",
    "MART_PASSWORD",
    "REDIS_PASSWORD",
    "AIRFLOW_FERNET_KEY",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_API_SECRET_KEY",
    "AIRFLOW_VIEWER_PASSWORD",
    "AIRFLOW_OPERATOR_PASSWORD",
    "AIRFLOW_ADMIN_PASSWORD",
}
STAND = ("apache-airflow-providers-celery", "apache-airflow-providers-fab", "celery", "redis", "psycopg")
# One container for each use, which ends: nothing to restart or to look at.
ENDS = {"migrate", "lda"}


@pytest.fixture(scope="module")
def text() -> str:
    return compose_text()


@pytest.fixture(scope="module")
def services(text) -> dict:
    return yaml.safe_load(text)["services"]


def mounted(services: dict) -> list[str]:
    """What is mounted, where nothing is set: volumes by name, and files of the checkout."""
    volumes = [volume for service in services.values() for volume in service.get("volumes", [])]
    return [filled_in(volume, str).split(":")[0] for volume in volumes]


def test_the_command_runs_where_backups_can_go_and_is_started_by_nothing_else(services):
    """`docker compose run --rm lda backup /backups`: docs/runbooks/restore-from-backup.md."""
    lda = services["lda"]
    assert lda["entrypoint"][-1] == "lda"
    assert lda["profiles"] == ["command"], "docker compose up does not start it"
    places = dict(reversed(filled_in(volume, str).split(":")) for volume in lda["volumes"])
    assert places == {"/var/lib/lda": "lda-home", "/backups": "lda-backups"}
    assert places["/var/lib/lda"] in mounted({"": services["worker-1"]}), "the home of the workers"
    assert "-o airflow -g root /backups" in (PROJECT / "Dockerfile").read_text(encoding="utf-8")


def test_the_ledger_may_be_another_database_that_env_names(services):
    value = services["lda"]["environment"]["LDA_LEDGER_URL"]
    assert value.startswith("${LDA_LEDGER_URL:-") and value.endswith("@postgres:5432/ledger}")


def test_has_every_part_of_a_celery_stand(services):
    assert set(services) == {
        "postgres", "mart", "redis", "migrate", "apiserver", "scheduler", "dag-processor", "triggerer", "worker-1",
        "worker-2", "lda",
    }  # fmt: skip
    for name in ("apiserver", "scheduler", "dag-processor", "triggerer", "worker-1", "worker-2"):
        environment = services[name]["environment"]
        assert environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor", name
        assert "@postgres:5432/ledger" in environment["LDA_LEDGER_URL"], name
        assert "@mart:5432/mart" in environment["LDA_PUBLISH_DSN"], name


def test_containers_run_without_root_capabilities_or_a_writable_image_and_within_limits(services):
    for name, service in services.items():
        assert service["user"] not in {"root", "0", "0:0"}, name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name


def test_what_is_mounted_from_the_checkout_is_there(services):
    for path in mounted(services):
        assert not path.startswith(".") or (PROJECT / path).is_file(), path


def test_every_setting_reaches_the_containers(services):
    """Containers have no .env of their own: what compose does not hand on is set in vain."""
    for name, service in services.items():
        if not service["image"].startswith("lda-warehouse:"):
            continue
        handed_on = {key.removeprefix("LDA_").lower() for key in service["environment"] if key.startswith("LDA_")}
        assert handed_on == set(Settings.model_fields), name


def test_a_setting_handed_on_empty_keeps_its_default(services, monkeypatch):
    for key, value in services["scheduler"]["environment"].items():
        if key.startswith("LDA_") and value == f"${{{key}:-}}":
            monkeypatch.setenv(key, "")
    made, plain = Settings(_env_file=None), Settings(_env_file=None, home="elsewhere")
    assert made.model_dump(exclude={"home"}) == plain.model_dump(exclude={"home"})
    assert (made.alert_urls, made.duckdb_threads, made.keep_archive_days) == (None, Settings().duckdb_threads, "keep")


def test_people_have_roles_that_the_start_sets_up_and_only_it_knows_their_passwords(services):
    passwords = {name for name in SECRETS if re.fullmatch(r"AIRFLOW_(VIEWER|OPERATOR|ADMIN)_PASSWORD", name)}
    assert services["migrate"]["command"][-1].endswith("&& python deploy/airflow/roles.py")
    for name, service in services.items():
        environment = service["environment"]
        assert passwords & set(environment) == (passwords if name == "migrate" else set()), name
        if service["image"].startswith("lda-warehouse:"):
            assert environment["AIRFLOW__CORE__AUTH_MANAGER"].endswith(".FabAuthManager"), name


def test_every_long_running_service_has_a_health_check_and_restarts(services):
    for name, service in services.items():
        if name in ENDS:
            assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True}), name
            continue
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name


def test_every_secret_must_be_given_and_none_has_a_default(text):
    required = {name for name, rest in variables(text) if rest.startswith(":?")}
    defaulted = {name for name, rest in variables(text) if rest.startswith(":-")}
    assert required == SECRETS
    assert not defaulted & SECRETS
    for name, rest in variables(text):
        if rest.startswith(":?"):
            assert "in .env" in rest, f"{name} does not say where to set it"


def test_the_example_environment_names_every_secret_and_leaves_it_empty():
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    assert set(values) >= SECRETS
    assert all(values[name] == "" for name in SECRETS)


def test_ports_are_bound_to_this_host_and_images_are_pinned(services):
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        tag = service["image"].rpartition(":")[2]
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)+", tag), f"{name}: {service['image']}"


def test_services_wait_only_for_services_that_exist_and_are_checked(services):
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            if how["condition"] == "service_healthy":
                assert services[needed]["healthcheck"]["test"], needed


def test_volumes_used_are_declared(text):
    compose = yaml.safe_load(text)
    used = {name for name in mounted(compose["services"]) if not name.startswith(".")}
    assert used == set(compose["volumes"])


def test_the_image_is_built_on_the_airflow_that_is_locked():
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    text = (PROJECT / "requirements-stand.lock").read_text(encoding="utf-8")
    locked = {name: re.search(rf"^{name}==(\S+)", text, re.M) for name in ("apache-airflow", *STAND)}
    assert None not in locked.values(), "what the stand runs on is in its lock"
    assert f"FROM apache/airflow:{locked['apache-airflow'][1]}-" in dockerfile
    assert "--require-hashes -r requirements-stand.lock" in dockerfile
