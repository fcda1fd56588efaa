"""What serving raises."""


class ServingError(Exception):
    """A publication cannot be served to BI tools; the message says why and what to do.

    The publication in force, in files, is never touched by it, and serving can be repeated: ``lda serve``.
    """
