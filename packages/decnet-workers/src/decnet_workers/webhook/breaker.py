# SPDX-License-Identifier: MIT
"""The circuit breaker of an endpoint: after failures in a row nothing is sent for a while, then one delivery probes.

The probe needs no state of its own: an endpoint whose last attempt failed is sent one delivery, so the first one after
`open_until` is alone, and its failure opens the breaker again for longer. Pure; the state is a row of the database.
"""

import msgspec

from decnet_core.timing.backoff import backoff
from decnet_core.timing.durations import SECOND_NS
from decnet_models.webhooks.delivery_queries import EndpointState


class Breaker(msgspec.Struct, frozen=True):
    """When to open: `failures` in a row; for how long: `seconds`, doubled at each further failure up to `longest`."""

    failures: int
    seconds: float
    longest: float

    def after_failure(self, state: EndpointState, now_ns: int, wait_seconds: float | None = None) -> EndpointState:
        """Return the state after one more failure; `wait_seconds` is a pause requested by the receiver."""
        failures = state.failures + 1
        pause = wait_seconds or 0.0
        if failures >= self.failures:
            pause = max(pause, backoff(self.seconds, failures - self.failures, self.longest))
        return EndpointState(
            failures=failures,
            failing_since=now_ns if state.failing_since is None else state.failing_since,
            open_until=now_ns + int(pause * SECOND_NS) if pause else None,
            gone_at=state.gone_at,
        )


def after_success(state: EndpointState) -> EndpointState:
    """Return the state after a delivery: closed, nothing counted."""
    return EndpointState(gone_at=state.gone_at)


def is_open(state: EndpointState, now_ns: int) -> bool:
    """Return whether nothing may be sent now."""
    return state.open_until is not None and now_ns < state.open_until
