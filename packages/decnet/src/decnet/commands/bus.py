# SPDX-License-Identifier: MIT
"""`decnet bus`: listens to the message bus, speaks on it, and watches how busy it is."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from decnet.cli.commands import RecordedCommand, changed_outside
from decnet.cli.errors import OperatorError
from decnet.cli.options import Json, application
from decnet.fleet.bus_access import bus_client, query_health, shown_bus_url
from decnet.fleet.deployment import Deployment, find_deployment
from decnet.show import busline, documents, traffic
from decnet_core.bus.client import Client
from decnet_core.bus.interface import Message, NoResponders

app = application("Inspect the message bus.")

_CONNECT_SECONDS, _LATE_SECONDS = 1.0, 10.0
_ANSWER_SECONDS = 2.0
_QUEUE = 100_000  # messages that may wait for the terminal
_CLEAR = "\x1b[H\x1b[2J"

Header = Annotated[list[str] | None, typer.Option("--header", "-H", help="NAME=VALUE; repeatable.")]


@app.command()
def sub(
    pattern: Annotated[str, typer.Argument(help="Subject; * stands for one token, > for the rest.")] = ">",
    queue: Annotated[str | None, typer.Option(help="Queue group: its members share the messages.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after this many messages.")] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="Stop after this many seconds.")] = None,
    as_json: Json = False,
) -> None:
    """Print every message as it arrives, until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(find_deployment(), pattern, queue, count, seconds, as_json=as_json))


@app.command(cls=RecordedCommand)
def pub(  # noqa: PLR0917 - typer reads the command line from the parameters
    subject: Annotated[str, typer.Argument(help="Subject to publish to.")],
    payload: Annotated[str, typer.Argument(help="What to send; - reads it from standard input.")] = "",
    header: Header = None,
    ask_: Annotated[bool, typer.Option("--ask", help="Wait for an answer and print it.")] = False,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds to wait for the answer.")] = _ANSWER_SECONDS,
    as_json: Json = False,
) -> None:
    """Publish one message; fails when the bus does not take it."""
    body = sys.stdin.buffer.read() if payload == "-" else payload.encode("utf-8", "surrogateescape")
    answer = asyncio.run(_speak(find_deployment(), subject, body, _headers(header or []), timeout if ask_ else None))
    changed_outside()
    if answer is not None:
        typer.echo(busline.document(answer, time.time_ns()) if as_json else busline.text(answer, time.time_ns()))


@app.command()
def top(
    interval: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds between looks.")] = 1.0,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after this many pages.")] = None,
    as_json: Json = False,
) -> None:
    """Show connections, subscriptions, rates and drops of the embedded broker, live."""
    deployment = find_deployment()
    if not deployment.embedded_bus:
        raise OperatorError("[bus] url names an external bus; use that server's own monitoring")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_watch(deployment, interval, count, as_json=as_json))


@contextlib.asynccontextmanager
async def _bus(deployment: Deployment) -> AsyncIterator[Client]:
    client = await bus_client(deployment, "decnet-bus", wait=_CONNECT_SECONDS)
    try:
        if not client.connected and not client.last_error:  # nothing refuses: the bus of a busy host answers late
            await client.wait_connected(_LATE_SECONDS)
        if not client.connected:
            where = shown_bus_url(deployment)
            reason = client.last_error or "no answer"
            raise OperatorError(f"the bus {where} cannot be reached ({reason}); start it with `decnet up`")
        yield client
    finally:
        await client.close()


async def _listen(
    deployment: Deployment, pattern: str, queue: str | None, count: int | None, seconds: float | None, *, as_json: bool
) -> None:
    show = busline.document if as_json else busline.text
    async with _bus(deployment) as bus:
        bus.on_change(lambda: _tell_change(deployment, bus))
        subscription = await bus.subscribe(pattern, queue=queue, limit=_QUEUE, max_messages=count)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for message in subscription:
                    typer.echo(show(message, time.time_ns()))
        missed = subscription.dropped + int(bus.counters()["dropped_by_broker"])
        if missed:
            typer.echo(f"{missed} messages were missed: the terminal was too slow", err=True)


def _tell_change(deployment: Deployment, bus: Client) -> None:
    what = "is back" if bus.connected else "is unreachable; messages are missed until it is back"
    typer.echo(f"the bus {shown_bus_url(deployment)} {what}", err=True)


async def _speak(
    deployment: Deployment, subject: str, payload: bytes, headers: dict[str, str], timeout: float | None
) -> Message | None:
    async with _bus(deployment) as bus:
        try:
            if timeout is not None:
                return await bus.request(subject, payload, timeout=timeout, headers=headers)
            bus.publish(subject, payload, headers=headers)
            await bus.flush()
        except (NoResponders, TimeoutError) as error:
            raise OperatorError(str(error)) from error
        if bus.last_refusal:
            raise OperatorError(f"the bus refused: {bus.last_refusal}; see the roles in [bus]")
        return None


async def _watch(deployment: Deployment, interval: float, count: int | None, *, as_json: bool) -> None:
    before: traffic.Look | None = None
    looks = 0
    async with _bus(deployment) as bus:
        while count is None or looks < count:
            if looks:
                await asyncio.sleep(interval)
            health = await query_health(bus, "bus", _ANSWER_SECONDS)
            if health is None:
                raise OperatorError("the bus does not answer; may this user send orders to workers?")
            now = traffic.Look(time.monotonic(), health)
            _show(now, before, as_json=as_json)
            before, looks = now, looks + 1


def _show(now: traffic.Look, before: traffic.Look | None, *, as_json: bool) -> None:
    if as_json:
        typer.echo(documents.line(traffic.figures(now, before)))
        return
    page = traffic.page(now, before)
    typer.echo(_CLEAR + page if sys.stdout.isatty() else page + "\n")


def _headers(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise OperatorError(f"a header is NAME=VALUE, not {name!r}")
    return {name: value for name, _, value in pairs}
