"""A small home in which a month was sent twice, and settings that end things."""

from __future__ import annotations

from intake.conftest import HEADER, csv_bytes, gp_row

from lda.intake import ingest
from lda.settings import Settings


def send_a_month_twice(settings: Settings) -> Settings:
    """January of one practice, replaced, and a file that nobody claims."""
    bad = gp_row(3, **{"LD Register Date": "never"})
    put(settings, "gp_ld_register_Y90001_2026-01.csv", [gp_row(1, Postcode="none"), bad, gp_row(2)])
    ingest(settings)
    put(settings, "gp_ld_register_Y90001_2026-01_v2.csv", [gp_row(1), gp_row(2), gp_row(4)])
    put(settings, "who_knows.csv", [gp_row(5)])
    ingest(settings)
    return settings


def put(settings: Settings, name: str, rows: list[list[str]]) -> None:
    """A file of the practice in landing, with the feed's heading."""
    path = settings.landing / "Y90001" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(csv_bytes([HEADER, *rows]))


def with_days(settings: Settings, **days: object) -> Settings:
    """The same home under other settings of how long things stay."""
    return Settings(home=settings.home, **days)
