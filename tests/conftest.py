"""What all tests share: how they are spread over workers."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# What goes to one worker as one, because it shares what is dear to make: the home that has been through every DAG, the
# project that dbt built from an empty lake, the browser's report. In the order in which they begin, the longest first,
# so that no worker waits at the end for another's; then every other module as one of its own.
CHAINS = {
    "the journey": (
        "tests/e2e/test_journey.py",
        "tests/e2e/test_direct_care.py",
        "tests/e2e/test_keeping.py",
        "tests/e2e/test_lineage.py",
        "tests/e2e/test_runbooks.py",
    ),
    "the stand": ("tests/stand/",),
    "restatement": ("tests/e2e/test_restatement.py",),
    "dbt": ("tests/dbt/",),
    "systems": ("tests/e2e/test_systems.py",),
    "the browser": ("tests/browser/",),
    "erasure": ("tests/unit/keeping/test_erase.py",),
    "disclosure": ("tests/unit/disclosure/test_protect.py",),
}


def chain_of(nodeid: str) -> str:
    """The chain a test belongs to; of a test in none, its module."""
    for name, prefixes in CHAINS.items():
        if nodeid.startswith(prefixes):
            return name
    return nodeid.split("::", 1)[0]


class ByChain(LoadScopeScheduling):
    """A worker takes a chain or a module at a time, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return chain_of(nodeid)


def pytest_collection_modifyitems(items):
    """Begin with the longest chains; what is in none comes after them, as it was."""
    places = {name: place for place, name in enumerate(CHAINS)}
    items.sort(key=lambda item: places.get(chain_of(item.nodeid), len(places)))


def pytest_xdist_make_scheduler(config, log):
    """Spread tests by chain and module. Without xdist's own order, which is by how many tests there are."""
    config.option.loadscopereorder = False
    return ByChain(config, log)
