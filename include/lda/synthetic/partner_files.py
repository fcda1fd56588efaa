"""A partner's CSV file of a small return, written whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from lda.synthetic.layouts import landing_path, sender_layout
from lda.synthetic.recipes import RawRow
from lda.synthetic.writers import CsvFile, Extract, delivery

if TYPE_CHECKING:
    from lda.synthetic.families import Made


def write_return(
    made: Made,
    feed: str,
    sender: tuple[str, int],
    end: date,
    name: str,
    rows: Sequence[RawRow],
    without: Sequence[str] = (),
) -> None:
    """Write a feed's rows as one sender's file of the period that ends on ``end``.

    ``sender`` is the partner's code and its number among the senders, which decides how it writes a file. Optional
    columns named ``without`` are not sent.
    """
    code, number = sender
    path = landing_path(made.landing, code, name)
    extract = Extract(path, path.relative_to(made.landing).as_posix(), feed, code, end, delivery(end, 9 + number))
    made.files.extracts.append(extract)
    shape = made.shapes[feed]
    file = CsvFile(extract, shape, sender_layout(shape, number, without))
    file.write_rows(made.icb.messer.rows(file, rows, at_least=1))
    file.close()
