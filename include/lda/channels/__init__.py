"""Channels: how partners' files get here. From a shared folder, over SFTP or by NHS MESH, into ``landing``."""

from lda.channels.collect import Collected, CollectReport, collect
from lda.channels.config import Channel, ChannelError, load_channels
from lda.channels.reopen import reopen

__all__ = ["Channel", "ChannelError", "CollectReport", "Collected", "collect", "load_channels", "reopen"]
