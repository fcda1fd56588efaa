"""The ledger's tables: what happened to every file, row, run and publication.

Times are UTC. The account of rows is a database constraint: a file whose rows do not add up cannot be written.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
)

metadata = MetaData()

file = Table(
    "file",
    metadata,
    Column("file_id", String(64), primary_key=True, comment="SHA-256 of the bytes, or see content_hash"),
    Column("status", String(20), nullable=False, comment="received, unrecognised, rejected, accepted or superseded"),
    Column("feed", String(60), comment="the contract that claimed the file"),
    Column("contract_version", String(20)),
    Column("partner_code", String(20)),
    Column("system_code", String(40)),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("version", Integer, comment="the partner's own version number in the file name; 1 if none"),
    Column("landing_path", String(1000), nullable=False, comment="where it was first seen, relative to landing"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("delivered_at", DateTime, nullable=False, comment="modification time of the landed file"),
    Column("received_at", DateTime, nullable=False, comment="when the warehouse first saw it"),
    Column("lake_path", String(1000), comment="Parquet file in the lake, relative to lake"),
    Column(
        "content_hash",
        String(64),
        index=True,
        comment="SHA-256 of bytes that came before under another feed, partner or period; NULL when file_id is it",
    ),
    Column(
        "past_retention_at", DateTime, comment="when retention ended it: it is not judged, and does not count, again"
    ),
)

file_event = Table(
    "file_event",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", String(64), ForeignKey("file.file_id"), nullable=False, index=True),
    Column("at", DateTime, nullable=False),
    Column("status", String(20), nullable=False),
    Column("detail", String(2000), comment="plain English; never a person's data"),
)

# A landed path and the bytes last seen there, so that an unchanged file is not read again.
sighting = Table(
    "sighting",
    metadata,
    Column("landing_path", String(1000), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("file_id", String(64), nullable=False),
)

# What came by a channel: each file at its other end, in each state it was seen in, once.
collection = Table(
    "collection",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("item_key", String(500), primary_key=True, comment="the file's path or the message's id at the other end"),
    Column("state", String(100), primary_key=True, comment="changes when its content does: size and time of change"),
    Column("landing_paths", JSON, nullable=False, comment="where its bytes were put, relative to landing"),
    Column("collected_at", DateTime, nullable=False, comment="when the bytes were archived and in the ledger"),
    Column("done_at", DateTime, comment="when the other end was told: acknowledged, moved or deleted"),
)

row_account = Table(
    "row_account",
    metadata,
    Column("file_id", String(64), ForeignKey("file.file_id"), primary_key=True),
    Column("received", BigInteger, nullable=False, comment="data rows in the file"),
    Column("accepted", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False, comment="exact repeats of an earlier row of the file"),
    Column("layout", BigInteger, nullable=False, comment="title, repeated header, totals and blank rows: not data"),
    CheckConstraint("received = accepted + quarantined + repeated", name="every_row_accounted_for"),
)

# The row account of every judgement of a file: ``row_account`` has the latest, a past moment reads its own.
judgement = Table(
    "judgement",
    metadata,
    Column("judgement_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", String(64), ForeignKey("file.file_id"), nullable=False, index=True),
    Column("at", DateTime, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),
    CheckConstraint("received = accepted + quarantined + repeated", name="every_row_judged"),
)

rule_result = Table(
    "rule_result",
    metadata,
    Column("file_id", String(64), ForeignKey("file.file_id"), primary_key=True),
    Column("rule_code", String(80), primary_key=True),
    Column("severity", String(10), nullable=False, comment="error or warning"),
    Column("scope", String(10), nullable=False, comment="file, row or warn"),
    Column("column_name", String(80)),
    Column("failures", BigInteger, nullable=False, comment="rows (or groups) that failed"),
    Column("first_row", BigInteger, comment="row number in the partner's file of the first failure"),
    Column("detail", String(2000), comment="expected and found, without a person's data"),
)

# What counts from a file, and from when to when. The submission in force for a feed, partner and period is the one
# that stood at the moment asked about. Judging a file again after a fix of the rules ends one and begins another, each
# with its own file in the lake, so that any past moment can be rebuilt.
submission = Table(
    "submission",
    metadata,
    Column("submission_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", String(64), ForeignKey("file.file_id"), nullable=False, index=True),
    Column("feed", String(60), nullable=False),
    Column("partner_code", String(20), nullable=False),
    Column("system_code", String(40), nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("accepted_at", DateTime, nullable=False),
    Column("superseded_at", DateTime),
    Column("superseded_by", String(64), comment="the file that replaced it; the same file when it was judged again"),
    Column("lake_path", String(1000), nullable=False, comment="Parquet file in the lake, relative to lake"),
    Column("rows_accepted", BigInteger, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False, comment="ingest, refresh, redrive or rollback"),
    Column("system_code", String(400), nullable=False, comment="several are joined by commas"),
    Column("started_at", DateTime, nullable=False),
    Column("ended_at", DateTime),
    Column("status", String(20), nullable=False, comment="running, succeeded, nothing_new or failed"),
    Column("summary", JSON, comment="counts and seconds by step"),
    Column(
        "feeds",
        String(400),
        comment="the feeds an ingest or redrive was of, joined by commas; blank for every feed, and for other kinds",
    ),
)

gate_result = Table(
    "gate_result",
    metadata,
    Column("gate_result_id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(40), nullable=False, index=True),
    Column("suite", String(80), nullable=False),
    Column("expectation", String(200), nullable=False),
    Column("scope", String(10), nullable=False, comment="system, measure or warn"),
    Column("measure_id", String(80)),
    Column("system_code", String(40), comment="of the measure; blank where the whole publication was judged"),
    Column("feed", String(60)),
    Column("success", Boolean, nullable=False),
    Column("observed", Float),
    Column("detail", String(2000)),
)

publication = Table(
    "publication",
    metadata,
    Column("publication_id", String(40), primary_key=True),
    Column("run_id", String(40), nullable=False),
    Column("system_code", String(400), nullable=False, comment="several are joined by commas"),
    Column("period_end", Date, nullable=False),
    Column("as_of", DateTime, nullable=False),
    Column("published_at", DateTime, nullable=False),
    Column("inputs_hash", String(64), nullable=False, comment="hash of the file ids, code version and reference data"),
    Column("manifest", JSON, nullable=False, comment="publication.json"),
)

publication_event = Table(
    "publication_event",
    metadata,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("publication_id", String(40), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("event", String(20), nullable=False, comment="published or rolled_back_to"),
)

# What partners have been told of each file: up to which event, and whether it has a page and workbook of its own.
feedback = Table(
    "feedback",
    metadata,
    Column("file_id", String(64), ForeignKey("file.file_id"), primary_key=True),
    Column("event_id", BigInteger, nullable=False, comment="the file's last event that the feedback knows of"),
    Column("has_documents", Boolean, nullable=False, comment="whether a page and workbook of its own were written"),
    Column("made_at", DateTime, nullable=False),
)

# What the team has been told: everything that alerts watch as it stood when the last digest went out by a channel.
alert_state = Table(
    "alert_state",
    metadata,
    Column("channel", String(32), primary_key=True, comment="keyed hash of the channel's address, which is a secret"),
    Column("system_code", String(400), primary_key=True, comment="several are joined by commas"),
    Column("topic", String(40), primary_key=True, comment="failure, rejected, late, withheld or special_cause"),
    Column("subject", String(200), primary_key=True, comment="feed and partner, step, or measure; never a person"),
    Column("state", String(200), nullable=False),
    Column("told_at", DateTime, nullable=False),
)

# Who did what that people may have to answer for. The triggers in ``lda.ledger.trail`` make it append-only.
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("entry_id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("actor", String(200), nullable=False, comment="the account, or whom the service acted for"),
    Column("action", String(40), nullable=False),
    Column("subject", String(200), nullable=False, comment="what it was done to; never a person's data"),
    Column("detail", String(2000)),
)

# Which keys tokens were made with: a fingerprint tells keys apart and nothing of them. The last is in force.
pseudonym_key = Table(
    "pseudonym_key",
    metadata,
    Column("key_id", Integer, primary_key=True, autoincrement=True),
    Column("fingerprint", String(32), nullable=False, comment="token of a fixed text under the key"),
    Column("since", DateTime, nullable=False),
)

# Archived bytes that are not as they came: rows of a person erased, or the whole removed when its time was over.
archive_change = Table(
    "archive_change",
    metadata,
    Column("content_hash", String(64), primary_key=True, comment="SHA-256 of the bytes as they came: their name"),
    Column("sha256", String(64), comment="SHA-256 of the bytes that are there now; NULL when they were removed"),
    Column("reason", String(20), nullable=False, comment="erasure or retention"),
    Column("at", DateTime, nullable=False),
)

# Legal holds: whatever one names is not removed while it stands. Parts that are NULL hold whatever they may be.
hold = Table(
    "hold",
    metadata,
    Column("hold_id", Integer, primary_key=True, autoincrement=True),
    Column("feed", String(60)),
    Column("partner_code", String(20)),
    Column("period_end", Date),
    Column("file_id", String(64), comment="or how it begins"),
    Column("publication_id", String(40)),
    Column("reason", String(500), nullable=False, comment="never a person's data"),
    Column("placed_by", String(200), nullable=False),
    Column("placed_at", DateTime, nullable=False),
    Column("lifted_by", String(200)),
    Column("lifted_at", DateTime),
)
