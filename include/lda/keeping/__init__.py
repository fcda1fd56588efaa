"""Keeping the warehouse: backup and restore, erasure, the pseudonym key's rotation, retention."""

from lda.keeping.backup import BackupError, BackupReport, backup
from lda.keeping.erase import ErasureReport, erase
from lda.keeping.holds import HoldError, lift_hold, place_hold
from lda.keeping.house import HouseReport, keep_house
from lda.keeping.restore import elsewhere, restore
from lda.keeping.retention import RetentionReport, prune
from lda.keeping.rotate import RotationReport, rotate_key
from lda.keeping.subject import ErasureError

__all__ = [
    "BackupError",
    "BackupReport",
    "ErasureError",
    "ErasureReport",
    "HoldError",
    "HouseReport",
    "RetentionReport",
    "RotationReport",
    "backup",
    "elsewhere",
    "erase",
    "keep_house",
    "lift_hold",
    "place_hold",
    "prune",
    "restore",
    "rotate_key",
]
