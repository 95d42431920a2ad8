# SPDX-License-Identifier: MIT
"""The attacker's programs: those that are installed, each against all deckies; what it says is the finding."""

import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from decnet.drill.checks import Finding
from decnet.drill.lan.machines import HOST, Lan

Endpoint = tuple[str, int]

_OPEN, _CLOSED = "open", "closed"
_AT_ONCE = 64
_CONNECT_SECONDS = 2.0
_SCANNED_HOST_PORTS = range(1, 2049)
_NMAP_OPEN = re.compile(r"Host: (\S+) .*?22/open/.*?80/open/")


def open_endpoints(endpoints: Sequence[Endpoint]) -> set[Endpoint]:
    """Return those that take a connection from the namespace of this thread."""
    return {one for one, answer in asyncio.run(_answers(endpoints)).items() if answer == _OPEN}


def until_all_answer(lan: Lan, endpoints: Sequence[Endpoint], seconds: float) -> Finding:
    """Try until each has taken a connection once."""
    began, missing = time.monotonic(), set(endpoints)
    while missing and time.monotonic() - began < seconds:
        missing -= lan.as_attacker(partial(open_endpoints, sorted(missing)))
    detail = f"{len(endpoints) - len(missing)} of {len(endpoints)} ports after {time.monotonic() - began:.1f} s"
    return Finding(not missing, detail + (f", not {min(missing)}" if missing else ""))


def curl(lan: Lan, deckies: Sequence[str]) -> Finding:
    """Fetch the page of each decky."""
    found = [
        lan.client("curl", "-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", f"http://{one}/")
        for one in deckies
    ]
    return _all(found, lambda printed: printed == "200")


def ssh(lan: Lan, deckies: Sequence[str]) -> Finding:
    """Be refused by each decky, after its host key was taken."""
    options = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    found = [lan.client("ssh", "-F", "none", *options, f"root@{one}", "true") for one in deckies]
    return _all(found, lambda printed: "Permission denied" in printed)


def ping(lan: Lan, deckies: Sequence[str]) -> Finding:
    found = [lan.client("ping", "-n", "-c", "1", "-W", "5", one) for one in deckies]
    return _all(found, lambda printed: "1 received" in printed)


def arping(lan: Lan, deckies: Sequence[str]) -> Finding:
    found = [lan.client("arping", "-c", "1", "-I", "eth0", one) for one in deckies]
    return _all(found, lambda printed: bool(re.search(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", printed)))


def nmap(lan: Lan, deckies: Sequence[str]) -> Finding:
    """Find both ports of each decky open, with the program's own scan."""
    printed = lan.client("nmap", "-n", "-sS", "-p", "22,80,81", "-oG", "-", *deckies)
    seen = set(_NMAP_OPEN.findall(printed))
    return Finding(seen == set(deckies), f"{len(seen)} of {len(deckies)} deckies with both ports open")


CLIENTS: dict[str, Callable[[Lan, Sequence[str]], Finding]] = {
    "curl": curl, "ssh": ssh, "ping": ping, "arping": arping, "nmap": nmap,
}  # fmt: skip


def installed() -> list[str]:
    return [name for name in CLIENTS if shutil.which(name)]


def mac_addresses(lan: Lan, deckies: Iterable[str], *, own: bool) -> Finding:
    """Whether each decky has answered ARP, with a MAC address of its `own` or with the host's."""
    lines = lan.as_attacker(lambda: Path("/proc/thread-self/net/arp").read_text(encoding="ascii")).splitlines()[1:]
    known = {line.split()[0]: line.split()[3] for line in lines}
    wanted = list(deckies)
    macs = {known[one] for one in wanted if one in known}
    expected = len(wanted) if own else 1
    return Finding(all(one in known for one in wanted) and len(macs) == expected, f"{len(macs)} MAC addresses")


def host_is_closed(lan: Lan) -> Finding:
    """Whether the host refuses at all ports of its own address; silence would prove nothing."""
    ports = [(HOST, port) for port in _SCANNED_HOST_PORTS]
    counts = Counter(lan.as_attacker(lambda: asyncio.run(_answers(ports))).values())
    detail = ", ".join(f"{count} ports {answer}" for answer, count in counts.most_common())
    return Finding(counts[_CLOSED] == len(ports), f"{HOST}: {detail}")


async def _answers(endpoints: Sequence[Endpoint]) -> dict[Endpoint, str]:
    """Connect to each; return what came of it."""
    places, found = asyncio.Semaphore(_AT_ONCE), dict[Endpoint, str]()

    async def dial(one: Endpoint) -> None:
        async with places:
            found[one] = await _answer(one)

    await asyncio.gather(*map(dial, endpoints))
    return found


async def _answer(one: Endpoint) -> str:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(*one), _CONNECT_SECONDS)
    except ConnectionRefusedError:
        return _CLOSED
    except (OSError, TimeoutError):
        return "silent"
    writer.transport.abort()
    return _OPEN


def _all(printed: Sequence[str], is_good: Callable[[str], bool]) -> Finding:
    bad = [each for each in printed if not is_good(each)]
    detail = f"{len(printed) - len(bad)} of {len(printed)} deckies"
    return Finding(not bad, detail + (f"; one said: {bad[0].strip()[-200:]}" if bad else ""))
