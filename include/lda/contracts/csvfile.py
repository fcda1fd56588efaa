"""How a comma-separated file of our own (a seed, a publication's figures) is read by DuckDB."""

from __future__ import annotations

from pathlib import Path


def csv_relation(path: Path, typed: bool = False) -> str:
    """SQL that reads such a file, as text or by the types of all its rows.

    How it is written is said, not guessed: DuckDB guesses from the first 20,480 rows, and without a quoted cell among
    them it would take the quotes of later rows for text.
    """
    name = str(path).replace("'", "''")
    types = "sample_size = -1" if typed else "all_varchar = true"
    return f"""read_csv('{name}', header = true, delim = ',', quote = '"', escape = '"', {types})"""
