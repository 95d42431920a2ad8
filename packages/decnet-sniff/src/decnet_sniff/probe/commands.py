# SPDX-License-Identifier: MIT
"""`decnet-probe HOST:PORT` probes one port by hand; loaded only when a command is called."""

import asyncio
import ipaddress
import socket
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import msgspec
import typer
import typer.core

from decnet_core.exits import Exit
from decnet_core.net.host_addresses import is_this_host
from decnet_core.settings import Settings, SettingsError
from decnet_core.text import for_terminal, json_for_terminal
from decnet_core.timing.timestamps import json_with_times
from decnet_sniff.probe.probe_run import Finding, Host, ProbeResult, run_probe
from decnet_sniff.probe.safety import Budget, refusal
from decnet_sniff.probe.settings import ProbeSettings
from decnet_sniff.probe.worker import rules_of

_DEFAULT_PORT = 443
_EVERYTHING = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


class Line(msgspec.Struct, omit_defaults=True):
    """One finding as a line of JSON."""

    address: str
    port: int
    payload: Finding


class HostByDefault(typer.core.TyperGroup):
    """`decnet-probe HOST:PORT` is `decnet-probe ask HOST:PORT`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # typer may vendor click
        """Treat what is not a command's name as a host."""
        if args and args[0] not in self.commands:
            args = ["ask", *args]
        return super().resolve_command(ctx, args)


def register(app: typer.Typer) -> None:
    """Add `ask` to the worker's command line."""
    app.info.cls = HostByDefault
    app.command()(ask)


def ask(
    target: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Name or address, [address] for IPv6; port 443.")],
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per finding.")] = False,
    mine: Annotated[
        bool, typer.Option("--mine", help="This host is mine: probe it although it is private, our own, or not public.")
    ] = False,
) -> None:
    """Probe one port for JARM, certificate, HASSHServer and TCP/IP stack; exit code 1 when nothing is found."""
    settings = _settings()
    name, port = _parse(target)
    address = _resolve(name)
    _refuse(address, settings, mine=mine)
    host = Host(address, None if name == address else name)
    chosen = msgspec.structs.replace(settings, tls_ports=(port,), ssh_ports=(port,))
    results = asyncio.run(_probe(host, chosen))
    for one in results:
        typer.echo(_json(host, one) if as_json else _plain(one))
    if not results:
        _fail(f"{for_terminal(target)}: neither TLS nor SSH answers there")


async def _probe(host: Host, settings: ProbeSettings) -> list[ProbeResult]:
    results: list[ProbeResult] = []
    left = Budget(settings.connections_per_probe)

    async def spend(number: int) -> bool:
        return left.left >= number and left.spend()

    try:
        async with asyncio.timeout(settings.probe_seconds):
            async for one in run_probe(host, settings, spend):
                results.append(one)  # noqa: PERF401  # what was found before a deadline is shown
    except TimeoutError:
        typer.echo(f"cut short after {settings.probe_seconds:g} s", err=True)
    except PermissionError:
        typer.echo("the TCP/IP stack was not fingerprinted: that needs CAP_NET_RAW (root)", err=True)
    except OSError as error:
        typer.echo(f"cut short: {error}", err=True)
    return results


def _parse(target: str) -> tuple[str, int]:
    """Return host and port of `host`, `host:port`, `[address]:port` or an IPv6 address alone."""
    name, port = target, ""
    if target.startswith("["):
        name, _, port = target[1:].partition("]")
        port = port.removeprefix(":")
    elif target.count(":") == 1:
        name, _, port = target.partition(":")
    if not name or not (port == "" or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        _fail(f"{for_terminal(target)} is no HOST:PORT", Exit.STARTUP_FAILED)
    return name, int(port or _DEFAULT_PORT)


def _resolve(name: str) -> str:
    try:
        addresses = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        _fail(f"{for_terminal(name)}: {for_terminal(str(error))}")
    return str(addresses[0][4][0])


def _refuse(address: str, settings: ProbeSettings, *, mine: bool) -> None:
    """Exit with a message when `address` may not be probed; `deny` and `only` apply to `--mine` as well."""
    rules = rules_of(settings, is_this_host)
    if mine:
        rules = rules._replace(allow=_EVERYTHING)
    reason = refusal(address, rules)
    if reason is None:
        return
    advice = "; if it is yours, use --mine" if refusal(address, rules._replace(allow=_EVERYTHING)) is None else ""
    _fail(f"{address} is not probed: it is {reason}{advice}", Exit.STARTUP_FAILED)


def _json(host: Host, found: ProbeResult) -> str:
    return json_for_terminal(json_with_times(Line(host.address, found.port, found.payload)))


def _plain(result: ProbeResult) -> str:
    fields = msgspec.to_builtins(result.payload)
    lines = [f"{result.what}  {result.value}"]
    for name, value in fields.items():
        if name in ("kind", "contact") or value in (result.value, None, "", ()):
            continue
        shown = " ".join(map(str, value)) if isinstance(value, list | tuple) else value
        if name in ("not_before", "not_after"):
            shown = datetime.fromtimestamp(value, UTC).isoformat()
        lines.append(f"  {name:<12} {for_terminal(str(shown), 4096)}")
    return "\n".join(lines)


def _settings() -> ProbeSettings:
    try:
        return Settings.load().section("probe", ProbeSettings)
    except SettingsError as error:
        _fail(str(error), Exit.STARTUP_FAILED, error)


def _fail(message: str, code: int = 1, cause: Exception | None = None) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code) from cause
