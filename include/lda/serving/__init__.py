"""Serve the publication in force to BI tools: Postgres, Superset."""

from lda.serving.errors import ServingError
from lda.serving.serve import ServingReport, serve, serving_is_on

__all__ = ["ServingError", "ServingReport", "serve", "serving_is_on"]
