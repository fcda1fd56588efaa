"""What came by which channel, so that nothing is taken twice and nothing acknowledged that is not safe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, insert, select, update

from lda.ledger.tables import collection


class CollectionBook:
    """Files collected from channels, by channel, key and state."""

    engine: Engine

    def collected(self, channel: str) -> dict[tuple[str, str], bool]:
        """Everything collected from a channel, as (key, state), and whether the other end was told."""
        query = select(collection.c.item_key, collection.c.state, collection.c.done_at)
        with self.engine.connect() as connection:
            rows = connection.execute(query.where(collection.c.channel == channel))
            return {(str(key), str(state)): done_at is not None for key, state, done_at in rows}

    def channel_of(self, landing_path: str) -> str | None:
        """The channel that put a file at a landed path last; None for one put there by hand."""
        query = select(collection.c.channel, collection.c.landing_paths).order_by(collection.c.collected_at.desc())
        with self.engine.connect() as connection:
            rows = [(str(row.channel), list(row.landing_paths)) for row in connection.execute(query)]
        return next((channel for channel, paths in rows if landing_path in paths), None)

    def record_collected(
        self, channel: str, item_key: str, state: str, landing_paths: Sequence[str], at: datetime
    ) -> None:
        """Record that a file's bytes are archived and in the ledger."""
        values = {"landing_paths": list(landing_paths), "collected_at": at}
        with self.engine.begin() as connection:
            connection.execute(insert(collection).values(channel=channel, item_key=item_key, state=state, **values))

    def record_done(self, channel: str, item_key: str, state: str, at: datetime) -> None:
        """Record that the other end was told that the file is safe."""
        same = (collection.c.item_key == item_key) & (collection.c.state == state)
        with self.engine.begin() as connection:
            connection.execute(update(collection).where(collection.c.channel == channel, same).values(done_at=at))
