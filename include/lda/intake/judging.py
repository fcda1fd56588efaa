"""SQL that judges every row of a batch by every rule of its table, and cleans it on the way.

One pass over ``raw`` gives the relation ``judged``: per row its file and row number, a hash of its content, the rules
it fails as bits of ``_failed0, _failed1 …``, and its cleaned columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lda.contracts import RULE_CONTEXT, ColumnSpec, Parent, RuleSpec, TableSpec
from lda.intake.cleaning import cleaned, trimmed
from lda.intake.rows import quoted

BITS = 62


@dataclass(frozen=True)
class RowRules:
    """The rules judged row by row, in a fixed order that gives each its bit."""

    rules: tuple[RuleSpec, ...]

    @classmethod
    def of(cls, table: TableSpec) -> RowRules:
        """Row rules of a table: all but those over many rows of a file."""
        return cls(tuple(rule for rule in table.rules if rule.kind not in {"aggregate", "key", "file"}))

    @property
    def words(self) -> int:
        """How many BIGINT columns the bits take."""
        return (len(self.rules) + BITS - 1) // BITS

    def failing(self, words: Sequence[int]) -> Iterator[RuleSpec]:
        """The rules whose bits are set."""
        for index, rule in enumerate(self.rules):
            if words[index // BITS] >> (index % BITS) & 1:
                yield rule

    def bits(self, scope: str) -> list[int]:
        """For each word, the bits of the rules of a scope: ``row`` sends a row to quarantine, ``warn`` does not."""
        masks = [0] * self.words
        for index, rule in enumerate(self.rules):
            if rule.scope == scope:
                masks[index // BITS] |= 1 << (index % BITS)
        return masks


def judged_sql(table: TableSpec, rules: RowRules, source: str, keep: Sequence[str] = ()) -> str:
    """SELECT that judges the rows of ``source``: one row out for each row in, in the same order.

    ``source`` has the columns of ``raw``, ``_file_id`` and what rules may read of the partner and period. Columns
    named in ``keep`` are handed through.
    """
    names = [quoted(column.name) for column in table.columns]
    texts = ", ".join(f"{trimmed(name)} AS {quoted('t_' + name[1:-1])}" for name in names)
    raws = ", ".join(f"{name} AS {quoted('r_' + name[1:-1])}" for name in names)
    raw_list = ", ".join(quoted("r_" + name[1:-1]) for name in names)
    values = ", ".join(f"{cleaned(column).value} AS {quoted(column.name)}" for column in table.columns)
    through = "".join(f"{name}, " for name in keep)
    fixed = f"_file, _row, _misshapen, _line, _file_id, {through}{', '.join(RULE_CONTEXT)}"
    wanted = f"{quarantined(rules)} OR {bool(table.key_columns)}"
    return f"""
        WITH texts AS (
            SELECT {fixed}, hash(_line, {", ".join(names)}) AS _hash, {raws}, {texts}
            FROM {source}
        ),
        typed AS (SELECT *, {values} FROM texts),
        marked AS (SELECT *, {_failed(table, rules)} FROM typed)
        SELECT _file, _row, {through}_file_id, _hash, _line, {_words(rules)},
            CASE WHEN {wanted} THEN [{raw_list}] END AS _raw, {_key(table)} AS _key, {", ".join(names + _of_key(table))}
        FROM marked
    """


def _of_key(table: TableSpec) -> list[str]:
    """What identifies a person besides the contract's columns: the partner, where its numbers are only its own."""
    return [name for name in RULE_CONTEXT if table.person_key and name in table.person_key.local]


def quarantined(rules: RowRules) -> str:
    """SQL that is true when a row fails any rule that sends it to quarantine."""
    return "(" + " OR ".join(f"_failed{i} & {mask} <> 0" for i, mask in enumerate(rules.bits("row"))) + ")"


def _words(rules: RowRules) -> str:
    return ", ".join(f"_failed{index}" for index in range(rules.words))


def _failed(table: TableSpec, rules: RowRules) -> str:
    """The bits of the rules a row fails. A misshapen row fails for its shape alone: its cells may be shifted."""
    words = []
    for word in range(rules.words):
        terms = []
        for bit, rule in enumerate(rules.rules[word * BITS : (word + 1) * BITS]):
            if rule.kind != "shape":
                terms.append(f"CASE WHEN {_condition(table, rule)} THEN {1 << bit} ELSE 0 END")
        shape = sum(
            1 << bit for bit, rule in enumerate(rules.rules[word * BITS : (word + 1) * BITS]) if rule.kind == "shape"
        )
        words.append(f"CASE WHEN _misshapen THEN {shape} ELSE {' + '.join(terms) or '0'} END::BIGINT AS _failed{word}")
    return ", ".join(words)


def _condition(table: TableSpec, rule: RuleSpec) -> str:
    """SQL that is true for a failing row. NULL counts as passing."""
    if rule.kind == "sql":
        return f"({rule.predicate})"
    column = cleaned(table.column(rule.column or ""))
    if rule.kind == "parent":
        return orphaned(table.column(rule.column or ""))
    conditions = {"required": column.absent, "format": column.malformed, "values": column.unlisted}
    return f"({conditions[rule.kind]})"


def orphaned(column: ColumnSpec) -> str:
    """SQL that is true when a value is not found among the rows accepted of its parent table, in the same file."""
    if column.parent is None:
        raise ValueError(f"{column.name} has no parent")
    own, keys = quoted(column.name), keys_of(column.parent)
    return f"({own} IS NOT NULL AND NOT EXISTS (FROM {keys} AS k WHERE k._file = typed._file AND k._value = {own}))"


def keys_of(parent: Parent) -> str:
    """Table of the values that rows of other tables may refer to: ``_file`` and ``_value``."""
    return quoted(f"keys_{parent.table}_{parent.column}")


def _key(table: TableSpec) -> str:
    """A hash of the row's key; NULL when the feed has none or a part of it is not known."""
    names = [quoted(name) for name in table.key_columns]
    if not names:
        return "NULL::UBIGINT"
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    return f"CASE WHEN {known} THEN hash({', '.join(names)}) END"
