# SPDX-License-Identifier: MIT
"""How much processor time one session and each of its lines may use: full speed at first, then slower, then none.

A machine that is slow under load or kills what loads it is a usual one; one that stops answering everybody is not.
"""

from __future__ import annotations

LINE_SECONDS = 3.0
"""Of one line; then it is killed."""
FULL_SPEED_SECONDS = 10.0
"""Of a session; then its lines wait between their turns."""
SESSION_SECONDS = 60.0
"""Of a session; then it ends."""
SHARE = 0.1
"""Of one processor that a slowed session gets."""


class SessionTime:
    """What a session has used."""

    def __init__(self) -> None:
        self.used = 0.0

    def line(self) -> LineTime:
        return LineTime(self)


class LineTime:
    """What a line has used; its session is charged, too."""

    def __init__(self, session: SessionTime) -> None:
        self._session = session
        self._used = 0.0
        self._owed = 0.0

    def charge(self, seconds: float) -> None:
        self._used += seconds
        self._session.used += seconds
        if self._session.used > FULL_SPEED_SECONDS:
            self._owed += seconds * (1 / SHARE - 1)

    @property
    def exhausted(self) -> bool:
        """Whether the line has to be killed."""
        return self._used > LINE_SECONDS or self.session_exhausted

    @property
    def session_exhausted(self) -> bool:
        """Whether the session has to end."""
        return self._session.used > SESSION_SECONDS

    def pause(self) -> float:
        """Return for how long the line has to wait now, 0 while that is too short to be worth it."""
        if self._owed < MIN_PAUSE_SECONDS:
            return 0.0
        owed, self._owed = self._owed, 0.0
        return owed


MIN_PAUSE_SECONDS = 0.01
