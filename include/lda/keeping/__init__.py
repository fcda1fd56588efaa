"""Keeping the warehouse: backup and restore, erasure, the pseudonym key's rotation, retention."""

from lda.keeping.backup import BackupError, BackupReport, backup
from lda.keeping.restore import elsewhere, restore

__all__ = ["BackupError", "BackupReport", "backup", "elsewhere", "restore"]
