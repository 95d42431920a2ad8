# SPDX-License-Identifier: MIT
"""What is known of an address, and the operator's request to ask about it anew."""

import asyncio
import time

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import OperatorError
from decnet.fleet.bus_access import publish
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.bus.subjects import INTEL_REQUESTED, IntelRequested
from decnet_models.intel import queries, requests
from decnet_models.intel.queries import Finding, Verdict
from decnet_models.intel.verdicts import judged_of
from decnet_workers.enrich.failed_lookups import take_back
from decnet_workers.enrich.settings import EnrichSettings, ProvidersError, names_of


class Known(msgspec.Struct, frozen=True):
    """Everything about one indicator; `since` is when the verdict became what it is, ns since the Unix epoch."""

    indicator: str
    verdict: Verdict
    since: int | None
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    waiting: tuple[str, ...]
    """Providers that are still to be asked."""


def known(connection: Connection, indicator: str) -> Known:
    """Return what the providers said, including what no longer holds."""
    findings = queries.findings(connection, indicator)
    summary, judged = queries.summary(findings), judged_of(connection, indicator)
    return Known(
        indicator,
        summary.verdict,
        None if judged is None else judged[1],
        summary.reasons,
        tuple(findings),
        tuple(requests.waiting_for(connection, indicator)),
    )


def refresh(deployment: Deployment, indicator: str) -> None:
    """Have every provider that is used asked anew, also about one that was set aside.

    Raises OperatorError when none is used.
    """
    try:
        names = names_of(deployment.settings.section("enrich", EnrichSettings))
    except ProvidersError as error:
        raise OperatorError(str(error)) from error
    if not names:
        raise OperatorError('no provider is used: name some in [enrich] providers, e.g. providers = ["feodo", "dns"]')
    now = time.time_ns()
    with transaction(deployment, write=True) as connection:
        for name in names:
            requests.request(connection, name, [indicator], now_ns=now)
        take_back(connection, [indicator])
    # Without a bus the worker finds the request at its next poll.
    asyncio.run(publish(deployment, "decnet-intel", INTEL_REQUESTED.pattern, IntelRequested(indicator)))
