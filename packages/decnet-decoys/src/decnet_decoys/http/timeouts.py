# SPDX-License-Identifier: MIT
"""How long servers wait for a client, and how many requests they take of one connection. Pure.

As Debian's packages are set up: nginx's `client_header_timeout`, `keepalive_timeout` and `keepalive_requests`; Apache's
`RequestReadTimeout`, `KeepAliveTimeout` and `MaxKeepAliveRequests`; lighttpd's `server.max-read-idle`,
`server.max-keep-alive-idle` and `server.max-keep-alive-requests`. All times are in seconds.
"""

from typing import NamedTuple


class Timeouts(NamedTuple):
    """Of one server."""

    silent: float
    """Until it closes a connection on which nothing has come."""
    head: float
    """From a head's first byte to its end."""
    later_head: float
    """The same of the second request and those after it."""
    kept: float
    """From an answer to the first byte of the next request."""
    body: float
    """Between two parts of a body; nginx and lighttpd have answered, and close what they do not read to its end."""
    slow_head: float = 0.0
    """What more a head may take: a second for each 500 bytes that have come."""
    requests: int = 0
    """After how many requests it closes the connection; 0: never."""

    def left_for_head(self, number: int, size: int) -> float:
        """Return how long the head of the request with that number, from 0 on, may take of which `size` bytes came."""
        if not size:
            return self.kept if number else self.silent
        return (self.later_head if number else self.head) + min(self.slow_head, size / 500)


_USUAL = Timeouts(silent=65, head=65, later_head=65, kept=65, body=65)
_OF = {
    "nginx": Timeouts(silent=60, head=60, later_head=60, kept=75, body=5, requests=1000),
    # The kernel gives Apache a silent connection when it has waited for its first byte for 31 s (TCP_DEFER_ACCEPT).
    "apache": Timeouts(silent=51.5, head=20, later_head=20, kept=5, body=10, slow_head=20, requests=101),
    "lighttpd": Timeouts(silent=60, head=60, later_head=5, kept=5, body=5, requests=1001),
}
LONGEST = max(each.kept for each in _OF.values())


def timeouts_of(flavour: str) -> Timeouts:
    """Return those of a persona's web server."""
    return _OF.get(flavour, _USUAL)
