"""dbt projects of a model or two, for what is true of any project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lda.settings import Settings

TINY = {
    "dbt_project.yml": (
        "name: tiny\nversion: 1.0.0\nconfig-version: 2\nprofile: tiny\nmodel-paths: [models]\n"
        "models: {{tiny: {{+schema: {schema}, +materialized: table}}}}\n"
    ),
    "profiles.yml": (
        "tiny:\n  target: duckdb\n  outputs:\n    duckdb:\n      type: duckdb\n"
        "      path: \"{{{{ env_var('LDA_CANDIDATE_PATH') }}}}\"\n      schema: main\n"
    ),
}


@pytest.fixture
def write_project(tmp_path) -> Callable[[str, Mapping[str, str]], Settings]:
    """Writes a dbt project of tables in one schema, file by file, and returns settings whose project it is."""

    def write(schema: str, files: Mapping[str, str]) -> Settings:
        settings = Settings(home=tmp_path / "home", project_dir=tmp_path / "project")
        settings.make_folders()
        for name, text in {**{name: text.format(schema=schema) for name, text in TINY.items()}, **files}.items():
            path: Path = settings.dbt_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return settings

    return write
