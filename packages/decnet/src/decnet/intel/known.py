# SPDX-License-Identifier: MIT
"""What is known of an address, and the operator's request to ask about it anew."""

import asyncio
import time
from collections.abc import Collection, Iterator

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import OperatorError
from decnet.fleet.bus_access import publish
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.bus.subjects import INTEL_REQUESTED, IntelRequested
from decnet_models.database.statements import parts
from decnet_models.intel import queries, requests
from decnet_models.intel.queries import Finding, Verdict
from decnet_models.intel.verdicts import judged_of
from decnet_models.progress.queries import remove_dead_letters
from decnet_workers.enrich.failed_lookups import WORKER, attackers_aside, take_back
from decnet_workers.enrich.settings import EnrichSettings, ProvidersError, names_of

MOST_SET_ASIDE = 10_000
"""Dead letters that one command takes back."""


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
    names = _used(deployment)
    now = time.time_ns()
    with transaction(deployment, write=True) as connection:
        for name in names:
            requests.request(connection, name, [indicator], now_ns=now)
        take_back(connection, [indicator])
    _announce(deployment, indicator)


def refresh_set_aside(deployment: Deployment) -> Iterator[tuple[int, int]]:
    """Have every provider that is used asked anew about all that were set aside; yield how many of how many are.

    Raises OperatorError when none is used. When it is stopped between, the rest stay set aside.
    """
    names = _used(deployment)
    with transaction(deployment) as connection:
        aside = attackers_aside(connection, MOST_SET_ASIDE)
    done = 0
    for part in parts(aside):
        now = time.time_ns()
        with transaction(deployment, write=True) as connection:
            for name in names:
                requests.request(connection, name, part, now_ns=now)
            remove_dead_letters(connection, WORKER, [seq for one in part for seq in aside[one]])
        _announce(deployment, part[0])
        done += len(part)
        yield done, len(aside)


def _used(deployment: Deployment) -> Collection[str]:
    try:
        names = names_of(deployment.settings.section("enrich", EnrichSettings))
    except ProvidersError as error:
        raise OperatorError(str(error)) from error
    if not names:
        raise OperatorError('no provider is used: name some in [enrich] providers, e.g. providers = ["feodo", "dns"]')
    return names


def _announce(deployment: Deployment, indicator: str) -> None:
    # Without a bus the worker finds the request at its next poll.
    asyncio.run(publish(deployment, "decnet-intel", INTEL_REQUESTED.pattern, IntelRequested(indicator)))
