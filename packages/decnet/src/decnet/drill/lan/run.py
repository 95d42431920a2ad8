# SPDX-License-Identifier: MIT
"""One drill on the LAN: deploy, meet every decky from outside, look at what was recorded, remove, look again."""

import ipaddress
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from decnet.drill.checks import Finding
from decnet.drill.examination import CheckResult
from decnet.drill.lan import clients
from decnet.drill.lan.fleet import NAME, PORTS, deploy, fleet
from decnet.drill.lan.machines import ATTACKER, Lan, lan
from decnet.drill.run import Report
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import HttpRequest
from decnet_models.events import queries as events

_FIRST = ipaddress.ip_address("10.77.1.1")
_POLL_SECONDS = 0.2
_MANY = 100_000


class LanDrill(msgspec.Struct, frozen=True):
    """What a drill is about: `count` deckies in a runtime, on the LAN that was made for it."""

    lan: Lan
    before: tuple[object, ...]
    """The network of the host before the fleet was started."""
    deployment: Deployment
    directory: Path
    runtime: str
    count: int
    seconds: float
    """How long a check that waits for something may take."""


def drill(runtime: str, count: int, seconds: float, report: Callable[[CheckResult], None]) -> Report:
    """Make a LAN and a fleet of `count` deckies on it, and check both; raises OperatorError."""
    began, outcomes = time.monotonic(), list[CheckResult]()
    with tempfile.TemporaryDirectory(prefix="decnet-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        with lan(directory) as made:
            before = made.host_network()
            with fleet(made, directory, runtime) as deployment:
                one = LanDrill(made, before, deployment, directory, runtime, count, seconds)
                for check, look in _checks(one):
                    started = time.monotonic()
                    finding = look()
                    outcomes.append(
                        CheckResult(check, finding.holds, round(time.monotonic() - started, 3), finding.detail)
                    )
                    report(outcomes[-1])
    return Report(ATTACKER, ", ".join(clients.installed()), round(time.monotonic() - began, 3), outcomes)


def _checks(one: LanDrill) -> Iterator[tuple[str, Callable[[], Finding]]]:
    """Yield name and look of each check, in the order of the drill."""
    deckies = [str(_FIRST + place) for place in range(one.count)]
    endpoints = [(address, port) for address in deckies for port in PORTS.values()]
    deploy(one.lan, one.directory, one.runtime, one.count)
    yield "all deckies answer", partial(clients.until_all_answer, one.lan, endpoints, one.seconds)
    for name in clients.installed():
        yield f"{name} reaches every decky", partial(clients.CLIENTS[name], one.lan, deckies)
    own = one.runtime == "netns"
    yield "ARP", partial(clients.mac_addresses, one.lan, deckies, own=own)
    yield "nothing else of the host", partial(clients.host_is_closed, one.lan)
    if own:
        yield "a decky reaches nobody", partial(_reaches_nobody, one)
    yield "every request recorded", partial(_until, partial(_recorded, one), one.seconds)
    deploy(one.lan, one.directory, one.runtime, 0)
    yield "nothing is left", partial(_until, partial(_as_before, one.lan, one.before), one.seconds)


def _reaches_nobody(one: LanDrill) -> Finding:
    """Whether a connection from a decky's namespace to the attacker's machine fails, though one listens there."""

    def dial() -> bool:
        with socket.socket() as sock:
            sock.settimeout(1.0)
            return sock.connect_ex((ATTACKER, port)) == 0

    with one.lan.as_attacker(lambda: socket.create_server((ATTACKER, 0))) as listener:
        port = listener.getsockname()[1]
        reached = one.lan.on_decky(_first_name(one.count), dial)
    return Finding(not reached, "a connection to the attacker " + ("succeeded" if reached else "failed"))


def _recorded(one: LanDrill) -> Finding:
    with transaction(one.deployment) as connection:
        found = events.of_attacker(connection, ATTACKER, _MANY)
    seen = {each.event.decky for each in found if isinstance(each.event.payload, HttpRequest)}
    return Finding(len(seen) == one.count, f"requests at {len(seen)} of {one.count} deckies, {len(found)} events")


def _as_before(made: Lan, before: tuple[object, ...]) -> Finding:
    same = made.host_network() == before
    return Finding(same, "links, addresses and namespaces are " + ("as before" if same else "not as before"))


def _until(look: Callable[[], Finding], seconds: float) -> Finding:
    """Look until it holds."""
    until = time.monotonic() + seconds
    finding = look()
    while not finding.holds and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
        finding = look()
    return finding


def _first_name(count: int) -> str:
    """Return what `decnet deploy` calls the first of so many deckies."""
    return f"{NAME}-{1:0{max(2, len(str(count)))}}"
