"""Tell people: the summary of a run, the status board, the story of a file. Each as data, and drawn for a terminal."""

from lda.reporting.board import Board, status_board
from lda.reporting.files import FileStory, find_files, list_files
from lda.reporting.summary import file_totals, last_gates, last_run_summary, print_last_run, refresh_summary

__all__ = [
    "Board",
    "FileStory",
    "file_totals",
    "find_files",
    "last_gates",
    "last_run_summary",
    "list_files",
    "print_last_run",
    "refresh_summary",
    "status_board",
]
