"""Every setting of the warehouse, typed, in one place.

Values come from the environment or the checkout's ``.env`` file, wherever a command is run, each with the prefix
``LDA_`` (``LDA_HOME``, ``LDA_SYSTEM`` …). One that is there but empty is not set.
Anything tied to one machine's size or speed is here, so that nothing else needs to know about the machine.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PROJECT_DIR = Path(__file__).resolve().parents[2]
ENV_FILE = PROJECT_DIR / ".env"
PRIVATE_FOLDER = 0o700
# And those of a publication's folder for named analysts, who are its group.
ANALYSTS_FOLDER = 0o750
# Characters of the shortest pseudonym key.
_KEY_LENGTH = 32
PRIVATE_FILE = 0o600
# What is said of a default that depends on the machine.
_CORES: dict[str, Any] = {"default_words": "the machine's cores, 4 at most"}
# Stands for every system there is a file of.
EVERY_SYSTEM = "all"


# How long something stays: a number of days, or for good.
Days = Literal["keep"] | Annotated[int, Field(ge=1)]
# The same in months of a submission's period. Figures look back over a year.
LEAST_MONTHS_KEPT = 13
Months = Literal["keep"] | Annotated[int, Field(ge=LEAST_MONTHS_KEPT)]


def create_private(path: Path) -> int:
    """Make a new file that only its owner can open, from its first byte on; an open descriptor to write to.

    :raises FileExistsError: when it is there already.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)


def key_of_file(path: Path, remedy: str) -> bytes:
    """The key that the demo keeps in a file. Where there is none a new one is made, whole or not at all.

    :raises SettingsError: when what is there is too short to be a key; ``remedy`` says what to do then.
    """
    if not path.exists():
        # Written beside and linked into place whole: of two first starts one key is kept, and none is ever empty.
        beside = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        try:
            with os.fdopen(create_private(beside), "wb") as file:
                file.write(secrets.token_hex(_KEY_LENGTH).encode())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                path.hardlink_to(beside)
        finally:
            beside.unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) < _KEY_LENGTH:
        raise SettingsError(
            f"{path.name} holds {len(key)} characters, fewer than {_KEY_LENGTH}: no key, so no file was read. {remedy}"
        )
    return key


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what to do."""


class _CheckoutEnv(DotEnvSettingsSource):
    """The checkout's ``.env``. Paths in it are relative to it: a job of the night does not stand in the checkout."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        named = {name: values[name] for name in ("home", "channels_file", "project_dir") if values.get(name)}
        return values | {name: str(PROJECT_DIR / Path(path).expanduser()) for name, path in named.items()}


class Settings(BaseSettings):
    """Settings of one run. Paths are derived from ``home``; see ``design`` folders in docs/architecture.md."""

    model_config = SettingsConfigDict(
        env_prefix="LDA_", env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(
        PROJECT_DIR / "data",
        description="Folder of landing, archive, vault, lake, warehouse, published.",
        json_schema_extra={"default_words": "`data` in the checkout"},
    )
    system: str = Field(
        "llr", description="The system to serve: a file of include/systems; several by commas, or all for every one."
    )
    environment: Literal["demo", "production"] = Field(
        "demo", description="In production a missing secret stops a run."
    )
    pseudonym_key: SecretStr | None = Field(None, description="Secret key of the person tokens; 32 characters or more.")
    next_pseudonym_key: SecretStr | None = Field(
        None, description="The key that `lda rotate-key` changes to; only set while it is being changed."
    )
    ledger_url: str | None = Field(None, description="SQLAlchemy URL of the ledger; by default SQLite in home.")
    project_dir: Path = Field(
        PROJECT_DIR,
        description="The checkout: dbt_project, expectations and include are in it.",
        json_schema_extra={"default_words": "the checkout that `lda` was installed from"},
    )
    duckdb_memory_limit: str = Field(
        "2GB", pattern=r"(?i)^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$", description="Memory DuckDB may use, like 2GB or 500 MiB."
    )
    duckdb_threads: int = Field(
        min(4, os.cpu_count() or 2), ge=1, description="Threads DuckDB may use.", json_schema_extra=_CORES
    )
    dbt_threads: int = Field(
        min(4, os.cpu_count() or 2),
        ge=1,
        description="Models and data tests dbt works on at a time.",
        json_schema_extra=_CORES,
    )
    batch_files: int = Field(2000, ge=1, description="Files judged as one set.")
    batch_bytes: int = Field(2_000_000_000, ge=1, description="Bytes judged as one set.")
    archive_members: int = Field(200, ge=1, description="Files an archive that a partner sends may hold.")
    archive_bytes: int = Field(4_000_000_000, ge=1, description="Bytes the files of an archive may come to, unpacked.")
    archive_ratio: int = Field(200, ge=1, description="Times that an archive's files may be larger than the archive.")
    channels_file: Path | None = Field(
        None, description="The channels files come by; by default channels.yaml in home."
    )
    channel_quiet_seconds: float = Field(
        5, description="A file at a channel's other end is finished when it has not changed for this long."
    )
    publish_dsn: SecretStr | None = Field(
        None, description="Postgres that serves the mart to BI tools (libpq text or URL); by default none does."
    )
    publish_lock_seconds: float = Field(
        5.0, description="How long a switch of the Postgres mart waits for a moment in which no statement reads it."
    )
    superset_url: str | None = Field(
        None, description="Superset to tell of each publication, such as https://bi.example.org; by default none is."
    )
    superset_username: str = Field("lda", description="Superset user who may write datasets on the mart.")
    superset_password: SecretStr | None = Field(None, description="Password of the Superset user.")
    least_share_due: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of what is due of a month that makes it a month of the system: with less, the month before "
        "stays in force.",
    )
    audit_publications: int = Field(
        3, ge=0, description="Earlier publications that a reader is thought to have kept, when disclosure is audited."
    )
    keep_publications: int = Field(36, ge=1, description="Publications to keep when old ones are removed.")
    legal_hold: list[str] = Field(default_factory=list, description="Publications never to be removed, as a JSON list.")
    keep_landing_days: Days = Field("keep", description="Days a landed file stays in landing once it is archived.")
    keep_archive_days: Days = Field(
        "keep", description="Days archived bytes stay that neither what is in force nor a kept publication is made of."
    )
    keep_quarantine_days: Days = Field(
        "keep", description="Days quarantined rows, and which rows only raised a warning, stay in the vault."
    )
    keep_identifiers_days: Days = Field("keep", description="Days identifiers of accepted rows stay in the vault.")
    keep_superseded_days: Days = Field(
        "keep",
        description="Days rows stay in the lake after they were replaced; longer where a kept publication needs them.",
    )
    keep_rows_months: Months = Field(
        "keep",
        description="Months that rows about people stay after the end of their period, in force or not; a contract's "
        "retention is for its feed instead.",
    )
    keep_outbox_days: Days = Field("keep", description="Days feedback documents stay in partners' outboxes.")
    keep_care_lists_days: Days = Field("keep", description="Days lists for direct care stay.")
    keep_candidates_days: Days = Field(30, description="Days candidate databases stay, but for the last.")
    keep_runs_days: Days = Field("keep", description="Days runs and gate verdicts stay that no kept publication is of.")
    backup_reminder_days: int = Field(8, ge=1, description="Days without a backup after which housekeeping reminds.")
    lock_timeout_seconds: int = Field(600, ge=0, description="How long a second run waits for the first.")
    alert_urls: SecretStr | None = Field(
        None,
        description="Where alerts go: Apprise URLs, separated by spaces (mailto:// for SMTP, json://, slack:// …). "
        "Without one no alert is sent.",
    )
    direct_care: bool = Field(
        False, description="Whether lists that name people may be made for their own care (lda direct-care)."
    )
    feedback_rows: int = Field(10_000, ge=1, description="Lines of the list of rows in a workbook of feedback.")
    feedback_backlog_periods: int = Field(
        3, description="Periods of a partner's backlog that get feedback documents when its feed is first met."
    )
    log_format: Literal["text", "json"] = Field("text", description="Logs of the lda command: for people or machines.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="What the lda command logs. INFO tells of every step and file."
    )
    lineage: bool = Field(False, description="Whether OpenLineage events are sent (where to: OPENLINEAGE_* variables).")
    ingest_hours: float = Field(
        4, gt=0, description="Hours an ingest may take; the scheduled refresh waits no longer for files being judged."
    )
    deadline_hours: float = Field(
        4, gt=0, description="Hours after the monthly deadline by which its refresh has ended; later the team is told."
    )
    task_retries: int = Field(2, ge=0, description="How often Airflow tries a failed step again.")
    task_retry_delay_seconds: int = Field(300, ge=0, description="How long Airflow waits before the first retry.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual sources in the usual order; the ``.env`` file knows where it lies."""
        env_file = getattr(dotenv_settings, "env_file", ENV_FILE)
        return init_settings, env_settings, _CheckoutEnv(settings_cls, env_file=env_file), file_secret_settings

    @field_validator("home", "project_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        """A folder means the same to every process, wherever that process stands (dbt stands in its project)."""
        return path.expanduser().absolute()

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems to serve, in alphabetical order: several share one warehouse and each keeps its own figures.

        :raises SettingsError: when no system is named.
        """
        named = {name.strip() for name in self.system.split(",")} - {""}
        if EVERY_SYSTEM in named:
            named |= {path.stem for path in self.systems_dir.glob("*.yaml")}
        found = tuple(sorted(named - {EVERY_SYSTEM}))
        if not found:
            raise SettingsError(f"LDA_SYSTEM is {self.system!r}: expected a file of {self.systems_dir.name}/, or all.")
        return found

    @property
    def system_label(self) -> str:
        """The systems as one word of the ledger and the manifest: their codes, joined by commas."""
        return ",".join(self.systems)

    @property
    def landing(self) -> Path:
        """Where channels put partners' files, one folder per partner."""
        return self.home / "landing"

    @property
    def channels_path(self) -> Path:
        """The file of channels; without one nothing is collected."""
        return self.channels_file or self.home / "channels.yaml"

    @property
    def archive(self) -> Path:
        """Every file ever received, by content hash, never changed. Identifiable."""
        return self.home / "archive"

    @property
    def vault(self) -> Path:
        """Identifiers and quarantined rows. Identifiable."""
        return self.home / "vault"

    @property
    def outbox(self) -> Path:
        """Feedback for each partner, one folder per partner. Identifiable: it is in the vault."""
        return self.vault / "outbox"

    @property
    def feedback(self) -> Path:
        """The team's summary of the feedback given. It names no person."""
        return self.home / "feedback"

    @property
    def lake(self) -> Path:
        """Typed, pseudonymous Parquet, one file per accepted source file."""
        return self.home / "lake"

    @property
    def warehouse(self) -> Path:
        """Candidate databases being built."""
        return self.home / "warehouse"

    @property
    def published(self) -> Path:
        """Publications, and ``current``, the link to the one in force."""
        return self.home / "published"

    @property
    def contracts_dir(self) -> Path:
        """One data contract per feed."""
        return self.project_dir / "include" / "contracts"

    @property
    def systems_dir(self) -> Path:
        """One file per system."""
        return self.project_dir / "include" / "systems"

    @property
    def dbt_dir(self) -> Path:
        """The dbt project."""
        return self.project_dir / "dbt_project"

    @property
    def reference_dir(self) -> Path:
        """Reference data: the dbt seeds, which intake reads too."""
        return self.dbt_dir / "seeds" / "reference"

    @property
    def expectations_dir(self) -> Path:
        """Great Expectations suites."""
        return self.project_dir / "expectations"

    @property
    def ledger_address(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.db'}"

    @cached_property
    def token_key(self) -> bytes:
        """The pseudonym key as bytes.

        In the demo a key is made once and kept, owner-readable only, in ``home``. In production a missing or
        short key raises ``SettingsError`` before any file is read, and so does a demo key that is too short.
        """
        if self.pseudonym_key is not None:
            return _long_enough(self.pseudonym_key, "LDA_PSEUDONYM_KEY")
        if self.environment == "production":
            raise SettingsError(
                "LDA_PSEUDONYM_KEY is not set, so person tokens cannot be made and no file was read. "
                "Take the key from your secret store (make a first one with: openssl rand -hex 32)."
            )
        return self._demo_key()

    @property
    def next_token_key(self) -> bytes | None:
        """The key that is to follow, as bytes; None when none is set. Raises SettingsError for a short one."""
        if self.next_pseudonym_key is None:
            return None
        return _long_enough(self.next_pseudonym_key, "LDA_NEXT_PSEUDONYM_KEY")

    @property
    def demo_key_path(self) -> Path:
        """The key the demo made for itself."""
        return self.home / "demo_pseudonym_key"

    def _demo_key(self) -> bytes:
        self.home.mkdir(parents=True, exist_ok=True)
        return key_of_file(
            self.demo_key_path,
            "Put the key back from a backup. If nothing was ever taken in, remove the file and a new key is made.",
        )

    def make_folders(self) -> None:
        """Make the folders of ``home`` that are missing; all but ``published`` hold people's rows and are made closed.

        Ones that are there keep the permissions they have: ``lda.vault.check_access`` looks at those.
        """
        for folder in (self.landing, self.archive, self.vault, self.lake, self.warehouse):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(PRIVATE_FOLDER)
        self.published.mkdir(parents=True, exist_ok=True)


def _long_enough(secret: SecretStr, name: str) -> bytes:
    key = secret.get_secret_value().encode()
    if len(key) < _KEY_LENGTH:
        raise SettingsError(f"{name} is shorter than {_KEY_LENGTH} characters. Make one with: openssl rand -hex 32")
    return key
