# SPDX-License-Identifier: MIT
"""One side of one Telnet option: what is agreed on and what was asked for (RFC 854, RFC 1143). Sans-IO."""


class NegotiatedOption:
    """Whether an option is in effect, whether we want it, and how many of our requests wait for an answer."""

    __slots__ = ("agreed", "unanswered", "wanted")

    def __init__(self) -> None:
        self.agreed = False
        self.wanted = False
        self.unanswered = 0

    def request(self, *, on: bool) -> bool:
        """Want it so; return whether that has to be sent."""
        if self.wanted == on or (not self.unanswered and self.agreed == on):
            return False
        self.wanted = on
        self.unanswered += 1
        return True

    def answered(self, *, on: bool) -> None:
        """Count what the client sent as the answer to a request, if one waits."""
        if self.unanswered:
            self.unanswered -= 1
            if self.unanswered and self.agreed == on:
                self.unanswered -= 1

    def is_asked(self, *, on: bool) -> bool:
        """Return whether what the client sent asks for a change, rather than answering a request."""
        return not self.unanswered and self.wanted != on

    def refuse(self) -> None:
        """Refuse what the client asked for; it has to confirm that."""
        self.unanswered += 1
