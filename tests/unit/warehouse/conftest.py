"""Projects of other systems, and dbt projects of a model or two, for what is true of any project."""

from __future__ import annotations

import shutil
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
def with_systems(tmp_path) -> Callable[[Mapping[str, str], str], Settings]:
    """Settings of a project that serves other systems, by code and the text of their files."""

    def write(systems: Mapping[str, str], served: str) -> Settings:
        real, root = Settings(home=tmp_path / "home"), tmp_path / "project"
        shutil.copytree(real.contracts_dir, root / "include" / "contracts")
        (root / "include" / "systems").mkdir()
        for code, text in systems.items():
            (root / "include" / "systems" / f"{code}.yaml").write_text(text, encoding="utf-8")
        (root / "dbt_project" / "seeds").mkdir(parents=True)
        (root / "dbt_project" / "seeds" / "reference").symlink_to(real.reference_dir)
        return Settings(home=tmp_path / "home", project_dir=root, system=served)

    return write


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
