"""Send the digest by every channel that has not been told yet. Apprise speaks to SMTP and to webhooks.

Each channel has a state of its own, so one that is down gets what it missed at the next run and the others are not
told twice. Sending never fails a run.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import Any

from lda.ledger import Ledger, utc_now
from lda.reporting.alerts.digest import make_digest
from lda.reporting.alerts.watch import watch
from lda.settings import Settings
from lda.vault import token

log = logging.getLogger(__name__)


@dataclass
class AlertReport:
    """How the digest of a run went: channels there are, channels it went out by, and what went wrong, in words."""

    channels: int = 0
    sent: int = 0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def send_digest(settings: Settings) -> AlertReport:
    """Tell every channel what changed since it was last told. Never raises; a channel that fails is tried next run.

    Addresses hold secrets, and an error's text may quote them, so neither is logged or reported.
    """
    urls = settings.alert_urls.get_secret_value().split() if settings.alert_urls else []
    report = AlertReport(channels=len(urls))
    if not urls:
        return report
    try:
        ledger = Ledger(settings.ledger_address)
        try:
            ledger.create()
            now = watch(settings, ledger)
            for number, url in enumerate(urls, start=1):
                _tell(settings, ledger, url, number, now, report)
        finally:
            ledger.close()
    except Exception as error:
        report.problems.append(f"The digest could not be made ({type(error).__name__}). The next run tries again.")
    for problem in report.problems:
        log.error("%s", problem)
    return report


def _tell(settings: Settings, ledger: Ledger, url: str, number: int, now: list[Any], report: AlertReport) -> None:
    channel = token(settings.token_key, f"alert:{url}")
    digest = make_digest(settings.system_label, ledger.notices.told_state(channel, settings.system_label), now)
    if digest is not None:
        if not _send(url, digest.title, digest.body):
            report.problems.append(
                f"Alert channel {number} of LDA_ALERT_URLS did not take the digest. The next run sends it again; "
                "check the address and that its server can be reached."
            )
            return
        report.sent += 1
    ledger.notices.record_told(channel, settings.system_label, {one.key: one.state for one in now}, utc_now())


def _send(url: str, title: str, body: str) -> bool:
    """Whether Apprise got the message out. Its own log could quote the address, so it is kept quiet."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    sender = apprise.Apprise()
    if not sender.add(url):
        return False
    try:
        return bool(sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
    except Exception:
        return False
