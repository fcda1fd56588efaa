"""``python -m lda.cli``: the same as ``lda``."""

from lda.cli.main import main

main()
