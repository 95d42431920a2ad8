# SPDX-License-Identifier: MIT
"""State of a source until it is known whether it scans: its first target, then all that it has probed."""

from functools import lru_cache

from decnet_sniff.sniff.scan.port_set import Ports

Target = tuple[bytes, int]
"""Address and port."""
MOST_SHARED = 512


@lru_cache(maxsize=MOST_SHARED)
def interned_target(host: bytes, port: int) -> Target:
    """Return one object per target, because thousands of sources probe the same few deckies."""
    return host, port


class FirstProbe:
    """A source with one target."""

    __slots__ = ("aborted", "completed", "since", "talked", "target")

    def __init__(self, target: Target, now: int) -> None:
        self.target = target
        self.since = now
        self.talked = self.completed = self.aborted = False


class Candidate:
    """What one source has probed with one technique since the last report."""

    __slots__ = (
        "aborted",
        "completed",
        "first",
        "hosts",
        "last",
        "open",
        "ports",
        "probes",
        "reported",
        "scanner",
        "talked",
    )

    def __init__(self, first_probe: FirstProbe) -> None:
        self.first = self.last = first_probe.since
        self.open: set[Target] = set()
        self.talked: dict[Target, None] = {}
        self.ports = Ports()
        self.hosts: set[bytes] = set()
        self.probes = 1
        self.completed, self.aborted = first_probe.completed, first_probe.aborted
        self.scanner = self.reported = False
        if first_probe.talked:
            self.talked[first_probe.target] = None
        else:
            self.open.add(first_probe.target)

    @property
    def kept(self) -> int:
        """The number of stored items."""
        return len(self.open) + len(self.talked) + self.ports.kept + len(self.hosts)

    def forget(self) -> None:
        """Start over, as a known scanner that has been reported."""
        self.ports, self.hosts, self.probes, self.reported = Ports(), set(), 0, True
        self.completed = self.aborted = False
