"""A copy of the project's contracts that a test may break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lda.settings import Settings


@pytest.fixture
def project(tmp_path) -> Settings:
    """Settings of a project with copies of the contracts and systems, and the real reference data."""
    real = Settings(home=tmp_path / "home")
    root = tmp_path / "project"
    shutil.copytree(real.contracts_dir, root / "include" / "contracts")
    shutil.copytree(real.systems_dir, root / "include" / "systems")
    (root / "dbt_project" / "seeds").mkdir(parents=True)
    (root / "dbt_project" / "seeds" / "reference").symlink_to(real.reference_dir)
    return Settings(home=tmp_path / "home", project_dir=root)


@pytest.fixture
def edit(project) -> Callable[[str, str, str], None]:
    """Replaces a text that stands in a file of the copy once or more; the first place is changed."""

    def replace(name: str, old: str, new: str) -> None:
        path: Path = next((project.project_dir / "include").rglob(name))
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
