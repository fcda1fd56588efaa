"""What all tests share: how they are spread over workers."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling


class ByModuleAndJourney(LoadScopeScheduling):
    """A worker takes a module at a time; the end-to-end tests go to one worker, because they share one journey."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/e2e/"):
            return "tests/e2e"
        return super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    """Spread tests by module, and the end-to-end tests as one."""
    return ByModuleAndJourney(config, log)
