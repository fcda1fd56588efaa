"""The vault: tokens in place of identifiers, and the folders identifiers never leave."""

from lda.vault.access import AccessError, TooOpen, check_access, too_open
from lda.vault.erased import ErasedList, add_to_erased, erased_list, erased_rows
from lda.vault.keys import check_key, fingerprint
from lda.vault.stores import (
    clear_scratch,
    finish_private,
    identifiers_path,
    private_folder,
    quarantine_path,
    scratch_folder,
    warned_path,
    whole_file,
)
from lda.vault.tokens import (
    ROW_MESSAGE,
    install_key,
    literal,
    local_message_sql,
    person_message_sql,
    person_source_sql,
    token,
    token_sql,
)

__all__ = [
    "ROW_MESSAGE",
    "AccessError",
    "ErasedList",
    "TooOpen",
    "add_to_erased",
    "check_access",
    "check_key",
    "clear_scratch",
    "erased_list",
    "erased_rows",
    "fingerprint",
    "finish_private",
    "identifiers_path",
    "install_key",
    "literal",
    "local_message_sql",
    "person_message_sql",
    "person_source_sql",
    "private_folder",
    "quarantine_path",
    "scratch_folder",
    "token",
    "token_sql",
    "too_open",
    "warned_path",
    "whole_file",
]
