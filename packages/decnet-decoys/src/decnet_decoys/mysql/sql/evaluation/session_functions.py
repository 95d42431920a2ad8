# SPDX-License-Identifier: MIT
"""Functions that need to know whose session it is: who and where one is, time that passes, locks, files."""

import uuid
from collections.abc import Callable, Sequence
from secrets import token_bytes as random_bytes
from typing import Final

from decnet_decoys.mysql.expressions import loaded_file
from decnet_decoys.mysql.functions.dates import now_as
from decnet_decoys.mysql.functions.moments import Moment, Temporal, clock_text
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError
from decnet_decoys.mysql.sql.values import Value, number, text

_SLEEP_SECONDS: Final = 60.0
_BENCHMARK: Final = 1e-7
"""Seconds that a round of BENCHMARK takes on a real server."""


def _slept(scope: Scope, given: Sequence[Value]) -> Value:
    seconds = float(number(given[0])) if given[0] is not None else 0.0
    scope.visitor.delay = min(_SLEEP_SECONDS, scope.visitor.delay + max(0.0, seconds))
    return 0


def _benchmarked(scope: Scope, given: Sequence[Value]) -> Value:
    rounds = float(number(given[0])) if given[0] is not None else 0.0
    scope.visitor.delay = min(_SLEEP_SECONDS, scope.visitor.delay + max(0.0, rounds * _BENCHMARK))
    return 0


def _x_path(_scope: Scope, given: Sequence[Value]) -> Value:
    if None in given:
        return None
    path = text(given[1])
    if path[:1].isalpha() or path[:1] in ("/", "."):
        return text(given[0]) if len(given) == 3 else ""
    raise StatementError(1105, "HY000", f"XPATH syntax error: '{path[:31]}'")


def _now(kind: Callable[[Moment], Temporal]) -> Callable[[Scope, Sequence[Value]], Value]:
    return lambda _scope, given: now_as(kind, given)


def _who(scope: Scope, _given: Sequence[Value]) -> Value:
    return f"{scope.visitor.user}@{scope.visitor.address}"


def _where(scope: Scope, _given: Sequence[Value]) -> Value:
    return scope.visitor.database or None


SESSION_FUNCTIONS: Final[dict[str, tuple[int, int, Callable[[Scope, Sequence[Value]], Value]]]] = {
    "version": (0, 0, lambda scope, _: scope.visitor.catalogue.profile.version),
    "user": (0, 0, _who),
    "session_user": (0, 0, _who),
    "system_user": (0, 0, _who),
    "current_user": (0, 0, lambda scope, _: f"{scope.visitor.user}@%"),
    "current_role": (0, 0, lambda _scope, _: None),
    "database": (0, 0, _where),
    "schema": (0, 0, _where),
    **dict.fromkeys(("now", "sysdate", "current_timestamp", "localtime", "localtimestamp", "utc_timestamp"),
                    (0, 1, _now(lambda at: at.shown))),
    **dict.fromkeys(("curdate", "current_date", "utc_date"), (0, 0, _now(lambda at: at.date))),
    **dict.fromkeys(("curtime", "current_time", "utc_time"),
                    (0, 1, _now(lambda at: clock_text(at.of_day, at.places)))),
    "uuid_short": (0, 0, lambda _scope, _: uuid.uuid4().int >> 70),
    "get_lock": (2, 2, lambda _scope, _: 1),
    "release_lock": (1, 1, lambda _scope, _: 1),
    "is_free_lock": (1, 1, lambda _scope, _: 1),
    "is_used_lock": (1, 1, lambda _scope, _: None),
    "release_all_locks": (0, 0, lambda _scope, _: 0),
    "random_bytes": (1, 1, lambda _scope, given: random_bytes(max(0, min(1024, int(number(given[0] or 0)))))),
    "uuid": (0, 0, lambda _scope, _: str(uuid.uuid1())),
    "connection_id": (0, 0, lambda scope, _: scope.visitor.number),
    "sleep": (1, 1, _slept),
    "benchmark": (2, 2, _benchmarked),
    "last_insert_id": (0, 1, lambda scope, _: scope.visitor.insert_id),
    "row_count": (0, 0, lambda scope, _: scope.visitor.row_count),
    "found_rows": (0, 0, lambda scope, _: scope.visitor.found_rows),
    "load_file": (1, 1, lambda scope, given: None if given[0] is None else loaded_file(scope.visitor, text(given[0]))),
    "extractvalue": (2, 2, _x_path),
    "updatexml": (3, 3, _x_path),
    "rand": (0, 1, lambda _scope, _: uuid.uuid4().int % 10**16 / 1e16),
    "pi": (0, 0, lambda _scope, _: 3.141593),
}  # fmt: skip
"""The least and the most number of arguments, and what makes the value."""
