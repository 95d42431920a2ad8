# SPDX-License-Identifier: MIT
"""Orders to workers over the bus, each acknowledged by the worker, or by the supervisor of one that has no process."""

import asyncio
from typing import Literal, TypeAlias, get_args

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError, UnavailableError
from decnet.fleet.bus_access import reachable_bus, shown_bus_url
from decnet.fleet.deployment import Deployment
from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.runtime import worker_registry

Op: TypeAlias = Literal["restart", "pause", "resume", "reload"]
OPS: tuple[Op, ...] = get_args(Op)

ANSWER_SECONDS = 3.0


async def give(deployment: Deployment, worker: str, op: Op, kept: Bus | None = None) -> Health:
    """Order a worker to do something; return its report as it was when it took the order.

    Raises NotFoundError for a worker that is not installed, OperatorError for one that is off, UnavailableError when
    the bus cannot be reached, OperatorError when nobody answers, or the worker refuses.
    """
    if worker not in worker_registry.names():
        raise NotFoundError(f"there is no worker {worker!r}; decnet status shows them")
    if (setting := worker_registry.off(deployment.settings).get(worker)) is not None:
        raise OperatorError(f"{worker} is off until [{worker}] {setting} is set")
    async with reachable_bus(deployment, "decnet-worker", kept=kept) as bus:
        if bus is None:
            raise UnavailableError(f"the bus {shown_bus_url(deployment)} cannot be reached; is the fleet running?")
        try:
            answer = await bus.request(CONTROL.of(worker), msgspec.json.encode(Control(op)), timeout=ANSWER_SECONDS)
            report = msgspec.json.decode(answer.payload, type=Health)
        except (BusError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise OperatorError(
                f"{worker} does not answer: it is down, or hangs. A supervisor restarts one that hangs; "
                f"under systemd: systemctl restart decnet-{worker}"
            ) from error
    if report.refused:
        raise OperatorError(f"{worker} keeps running as it is, for it would not start again: {report.refused}")
    return report


def order(deployment: Deployment, worker: str, op: Op) -> Health:
    """Do what `give` does where no event loop runs."""
    return asyncio.run(give(deployment, worker, op))
