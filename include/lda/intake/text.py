"""Which encoding a text file is in, judged by its bytes."""

from __future__ import annotations

import codecs
from pathlib import Path

WINDOWS = "cp1252"
_CHUNK = 1 << 22
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class NotText(Exception):  # noqa: N818 (a finding about a file, not a fault of the program)
    """The bytes are not text in any encoding partners use."""


def encoding_of(path: Path) -> str:
    """``utf-8``, ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``; reads the file in pieces.

    A byte order mark decides; else bytes that are valid UTF-8 are UTF-8; else they are taken for Windows-1252.
    Raises NotText when there are zero bytes that UTF-16 does not explain.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb", buffering=0) as file:
        block = file.read(_CHUNK)
        by_head = _by_head(block)
        if by_head:
            return by_head
        try:
            while block:
                if b"\0" in block:
                    raise NotText("zero bytes")
                if not block.isascii():
                    decoder.decode(block)
                elif decoder.getstate()[0]:
                    return _windows(file, block)
                block = file.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _windows(file, block)
    return "utf-8"


def _by_head(head: bytes) -> str | None:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    sample = head[:4096]
    if len(sample) >= 4:
        if sample[1::2].count(0) > len(sample) * 0.3:
            return "utf-16-le"
        if sample[0::2].count(0) > len(sample) * 0.3:
            return "utf-16-be"
    return None


def _windows(file: object, block: bytes) -> str:
    """Windows-1252, once the rest is known to hold no zero bytes."""
    while block:
        if b"\0" in block:
            raise NotText("zero bytes")
        block = file.read(_CHUNK)  # type: ignore[attr-defined]
    return WINDOWS
