"""The key of the person tokens: known again by a fingerprint, so that no run goes on with another than the lake's."""

from __future__ import annotations

from pathlib import Path

from lda.ledger import Ledger, utc_now
from lda.settings import Settings, SettingsError
from lda.vault.tokens import token

FINGERPRINT_OF = "fingerprint"


def fingerprint(key: bytes) -> str:
    """What tells a key from others and nothing of it: the token of a fixed text."""
    return token(key, FINGERPRINT_OF)


def rotation_folder(settings: Settings) -> Path:
    """Where a rotation of the key does its work."""
    return settings.vault / "rotation"


def switching(settings: Settings) -> bool:
    """True while the lake and the vault may be of two keys: a rotation is switching, or was stopped as it did."""
    return (rotation_folder(settings) / "switching").exists()


def check_key(settings: Settings, ledger: Ledger) -> None:
    """Go on only with the key the lake's tokens are made with; the first key a ledger meets becomes that.

    :raises SettingsError: for another key: with it everybody would become another person; and while a rotation of the
        key waits to be finished.
    """
    if switching(settings):
        raise SettingsError(
            "A rotation of the pseudonym key was stopped half way, so no file was read. Finish it with: lda rotate-key"
        )
    known = ledger.key_in_force()
    if known is None:
        ledger.record_key(fingerprint(settings.token_key), utc_now())
        return
    if known[0] != fingerprint(settings.token_key):
        raise SettingsError(
            f"The pseudonym key is not the one in force since {known[1]:%Y-%m-%d %H:%M} UTC, with which the lake's "
            "tokens were made, so no file was read. Set LDA_PSEUDONYM_KEY to that key (docs/runbooks/key-rotated.md)."
        )
