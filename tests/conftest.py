"""What all tests share: how they are spread over workers."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# What goes to one worker as one, because it shares what is dear to make: the home that has been through every DAG, the
# project that dbt built from an empty lake, the browser's report. By the beginning of its tests' ids, the longest that
# fits, and in the order in which they begin: the dearest first, so that no worker waits at the end for another's. Every
# other module is one of its own and comes after them.
CHAINS = (
    "tests/e2e/",
    "tests/stand/",
    "tests/e2e/restated/",
    "tests/dbt/",
    "tests/e2e/systems/",
    "tests/browser/",
    "tests/unit/keeping/",
    "tests/unit/disclosure/test_protect.py",
    "tests/unit/serving/",
    "tests/unit/synthetic/",
    "tests/unit/report/",
    "tests/unit/channels/",
)


def chain_of(nodeid: str) -> str:
    """The chain a test belongs to; of a test in none, its module."""
    fitting = [chain for chain in CHAINS if nodeid.startswith(chain)]
    return max(fitting, key=len) if fitting else nodeid.split("::", 1)[0]


class ByChain(LoadScopeScheduling):
    """A worker takes a chain or a module at a time, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return chain_of(nodeid)


def pytest_collection_modifyitems(items):
    """Begin with the longest chains; what is in none comes after them, as it was."""
    places = {chain: place for place, chain in enumerate(CHAINS)}
    items.sort(key=lambda item: places.get(chain_of(item.nodeid), len(places)))


def pytest_xdist_make_scheduler(config, log):
    """Spread tests by chain and module. Without xdist's own order, which is by how many tests there are."""
    config.option.loadscopereorder = False
    return ByChain(config, log)
