# SPDX-License-Identifier: MIT
"""Why a provider gave no answer, and how long it wants to be left alone."""

import time

from decnet_workers.enrich.pauses import REFUSED_SECONDS
from decnet_workers.errors import WorkersError
from decnet_workers.outbound.http_request import Response
from decnet_workers.outbound.retry_after import retry_after

_REFUSES_US = frozenset({401, 402, 403})
_ASKS_TO_WAIT = frozenset({429, 503})


class ProviderError(WorkersError):
    """The provider failed; the message says why, in our words. `wait_seconds`: what it asked for, or None."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


def of_status(response: Response) -> ProviderError:
    """Return what an answer means whose status is not the expected one."""
    status = response.status
    if 300 <= status < 400:
        return ProviderError(f"redirects ({status}), which is not followed: set its new URL")
    if status in _REFUSES_US:
        return ProviderError(f"refused the key ({status})", REFUSED_SECONDS)
    wait = retry_after(response.headers.get("retry-after"), time.time()) if status in _ASKS_TO_WAIT else None
    return ProviderError("allows no more questions now (429)" if status == 429 else f"answered {status}", wait)
