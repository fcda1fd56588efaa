"""``python -m lda.cli``: the same as ``lda``."""

from lda.cli.verbs import main

main()
