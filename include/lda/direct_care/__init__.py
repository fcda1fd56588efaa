"""Lists for direct care: who is overdue a health check, whose review is due. Apart from secondary use, off by default.

The rules are the measures' own (dbt models of the same intermediate layer), run on the lake with everybody in it: the
national data opt-out does not apply to a person's own care. They are run in a database of their own in the vault, which
is removed afterwards; the lists stay in the vault.
"""

from lda.direct_care.make import CareReport, DirectCareError, make_lists
from lda.direct_care.take import take_list

__all__ = ["CareReport", "DirectCareError", "make_lists", "take_list"]
