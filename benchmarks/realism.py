# SPDX-License-Identifier: MIT
"""What scanners say that a decky is, beside what its persona claims: nmap -O, nmap -sV and p0f.

`python benchmarks/realism.py [--persona NAME ...] [--json]`, as root, with nmap and p0f installed (`nox -s realism`).
Each persona is a decky in a network namespace of its own; the scanners are on another machine of its LAN, all at once.
A claim holds when the answer contains one of the persona's words below. p0f sees what a decky answers to
Linux (SYN+ACK); it has few signatures of those, so that "unknown" is told apart from a wrong answer.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from decnet.drill.lan import clients
from decnet.drill.lan.fleet import fleet, run_decnet
from decnet.drill.lan.machines import BRIDGE, NETWORK, Lan, lan
from decnet_decoys.personas.catalog import files
from decnet_decoys.personas.schema import Persona
from decnet_decoys.services.service_registry import standard_port

CLOSED_PORT = 9
SCAN_SECONDS = 150
ANSWER_SECONDS = 120.0

FAMILIES = {
    "esxi": ("ESXi",),
    "ip-camera": ("Linux", "Hikvision"),
    "plc": ("Allen-Bradley", "Rockwell"),
    "printer": ("HP LaserJet", "printer", "JetDirect"),
    "switch": ("Cisco IOS", "Cisco"),
    "windows-fileserver": ("Windows",),
    "windows-workstation": ("Windows",),
}
"""What an answer about the operating system must contain; of a persona that is not here: Linux."""

WHY_NOT = {
    "esxi": "nmap tells it from FreeBSD by timestamps of 100 a second from one start and by weaker sequence numbers; "
    "the kernel has one clock for all namespaces, with another start for each client",
    "printer": "nmap's LaserJets are older: they quote 8 bytes in ICMP errors, answer odd segments, and have windows "
    "that depend on the client's MSS; neither the kernel nor nftables can be told so",
}
"""What keeps nmap -O from the claim, where it is known; printed below its answer."""


class Service(msgspec.Struct):
    """What nmap -sV makes of one port."""

    port: int
    claim: str
    """The banner's software; empty: it names none."""
    answer: str
    holds: bool | None
    """None: nothing is claimed."""


class Finding(msgspec.Struct, kw_only=True):
    """One persona as it is seen."""

    persona: str
    claim: str
    nmap: str = ""
    """The best guess of nmap -O, with its accuracy in percent."""
    nmap_holds: bool = False
    p0f: str = ""
    p0f_signature: str = ""
    """Version, TTL, options' length, MSS, window and scale, options in their order, quirks: raw_sig of p0f."""
    p0f_holds: bool | None = None
    """None: p0f knows no such signature."""
    services: list[Service] = []
    seconds: float = 0.0


def main() -> int:
    """Scan and print; the exit code is 1 when a scanner could not be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persona", nargs="+", default=sorted(files()))
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    missing = [name for name in ("nmap", "p0f") if shutil.which(name, path=SEARCHED) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}", file=sys.stderr)
        return 1
    found = findings(wanted.persona)
    print(msgspec.json.encode(found).decode() if wanted.json else "\n".join(table(found)))
    return 0


SEARCHED = "/usr/bin:/bin:/usr/sbin:/sbin"


def findings(names: Sequence[str]) -> list[Finding]:
    """Deploy a decky of each persona on a LAN of their own and scan all."""
    personas = {name: files()[name].persona() for name in names}
    addresses = {name: f"10.77.1.{number}" for number, name in enumerate(names, 1)}
    with tempfile.TemporaryDirectory(prefix="decnet-") as place, lan(Path(place)) as made:
        directory = Path(place)
        with fleet(made, directory, "netns"):
            document = directory / "fleet.toml"
            document.write_text(_document(addresses), encoding="ascii")
            run_decnet(made, "deploy", str(document), "--yes")
            open_ports = {name: _ports(personas[name]) for name in names}
            endpoints = [(addresses[name], port) for name in names for port in open_ports[name]]
            clients.until_all_answer(made, endpoints, ANSWER_SECONDS)
            with listening(made, directory / "p0f.log") as log:
                clients.until_all_answer(made, endpoints, ANSWER_SECONDS)
                with ThreadPoolExecutor(len(names)) as pool:
                    scans = pool.map(lambda name: scanned(made, addresses[name], [*open_ports[name]]), names)
                    found = [finding(personas[name], *scan) for name, scan in zip(names, scans, strict=True)]
            for one in found:
                _add_p0f(one, log.read_text(encoding="utf-8", errors="replace"), addresses[one.persona])
    return found


def _document(addresses: dict[str, str]) -> str:
    network = f'[network]\nruntime = "netns"\ninterface = "{BRIDGE}"\nsubnets = ["{NETWORK}"]\n'
    deckies = (
        f'[[decky]]\nname = "{name}"\npersona = "{name}"\naddress = "{address}"\n'
        for name, address in addresses.items()
    )
    return network + "".join(deckies)


def _ports(who: Persona) -> dict[int, str]:
    """Return the services of a persona's deckies by their ports."""
    ports = {who.ports.get(name) or standard_port(name): name for name in who.services}
    return dict(sorted(ports.items()))


@contextmanager
def listening(made: Lan, log: Path) -> Iterator[Path]:
    """Have p0f listen on the attacker's machine, with its findings in a file."""
    program = shutil.which("p0f", path=SEARCHED) or "p0f"
    command = [program, "-i", "eth0", "-o", str(log)]
    process = made.as_attacker(lambda: subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    assert process.stdout
    for line in process.stdout:
        if "Entered main event loop" in line:
            break
    try:
        yield log
    finally:
        process.terminate()
        process.communicate()


def scanned(made: Lan, address: str, ports: Sequence[int]) -> tuple[str, float]:
    """Return nmap's XML about a decky, and the seconds that it took."""
    began = time.monotonic()
    listed = ",".join(map(str, [*ports, CLOSED_PORT]))
    options = [
        "-n",
        "-Pn",
        "-O",
        "--osscan-guess",
        "-sV",
        "--host-timeout",
        f"{SCAN_SECONDS}s",
        "-p",
        listed,
        "-oX",
        "-",
    ]
    printed = made.client("nmap", *options, address, seconds=2 * SCAN_SECONDS)
    return printed[printed.find("<?xml") :], time.monotonic() - began


def finding(who: Persona, xml: str, seconds: float) -> Finding:
    """Return what nmap says of a persona."""
    found = Finding(persona=who.name, claim=who.os, seconds=round(seconds, 1))
    try:
        host = ET.fromstring(xml).find("host")
    except ET.ParseError:
        host = None
    if host is None:
        found.nmap = "no answer"
        return found
    best = max(host.iter("osmatch"), key=lambda match: int(match.get("accuracy", "0")), default=None)
    if best is not None:
        found.nmap = f"{best.get('name')} ({best.get('accuracy')} %)"
    found.nmap_holds = _holds(who.name, found.nmap)
    ports = _ports(who)
    found.services = [one for port in host.iter("port") if (one := _service(who, port, ports))]
    return found


def _service(who: Persona, port: ET.Element, ports: dict[int, str]) -> Service | None:
    number, service = int(port.get("portid", "0")), port.find("service")
    if number == CLOSED_PORT or service is None:
        return None
    answer = " ".join(filter(None, (service.get(key) for key in ("product", "version", "extrainfo", "ostype"))))
    claim = _claimed(who, ports[number])
    return Service(number, claim, answer or "unknown", bool(_words(claim) & _words(answer)) if claim else None)


_PRODUCTS = {"redis": "Redis", "mysql": "MariaDB", "telnet": "BusyBox", "ftp": "vsftpd", "smtp": "Postfix"}
"""What the services play whose banner or version does not say it."""


def _words(text: str) -> set[str]:
    """Return the words of three letters and more: products' names, not versions."""
    return {word.lower() for word in re.findall(r"[A-Za-z]{3,}", text)} - {"http", "server", "protocol", "linux"}


def _claimed(who: Persona, service: str) -> str:
    profile = who.services.get(service)
    if service == "https":  # its site is that of HTTP
        profile = who.services.get("http")
    said = next((getattr(profile, name) for name in ("banner", "server", "version") if getattr(profile, name, "")), "")
    return f"{_PRODUCTS.get(service, '')} {said}".strip()


def _add_p0f(found: Finding, log: str, address: str) -> None:
    """Add what p0f said of the decky's SYN+ACKs."""
    lines = [line for line in log.splitlines() if "mod=syn+ack" in line and f"srv={address}/" in line]
    if not lines:
        found.p0f = "heard nothing"
        return
    said = dict(part.partition("=")[::2] for part in lines[0].partition("] ")[2].split("|"))
    found.p0f, found.p0f_signature = said.get("os", "???"), said.get("raw_sig", "")
    if found.p0f == "???":
        found.p0f = "unknown"
    else:
        found.p0f_holds = _holds(found.persona, found.p0f)


def _holds(persona: str, answer: str) -> bool:
    return any(word.lower() in answer.lower() for word in FAMILIES.get(persona, ("Linux",)))


def table(found: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of the table: a claim, and each scanner's answer below it."""
    for one in found:
        yield f"{one.persona:<20} {'claims':<8} {one.claim}  ({one.seconds:.0f} s)"
        yield f"{'':<20} {'nmap -O':<8} {_mark(one.nmap_holds)} {one.nmap or 'no guess'}"
        if not one.nmap_holds and one.persona in WHY_NOT:
            yield f"{'':<20} {'':<8} because {WHY_NOT[one.persona]}"
        yield f"{'':<20} {'p0f':<8} {_mark(one.p0f_holds)} {one.p0f}  {one.p0f_signature}"
        for service in one.services:
            seen = f"{service.port}: {service.answer}  (claims {service.claim})"
            yield f"{'':<20} {'nmap -sV':<8} {_mark(service.holds)} {seen}"
    yield summary(found)


def summary(found: Sequence[Finding]) -> str:
    """Return how many claims hold."""
    services = [service.holds for one in found for service in one.services if service.holds is not None]
    unknown = sum(one.p0f_holds is None for one in found)
    return (
        f"{len(found)} personas: nmap -O agrees with {sum(one.nmap_holds for one in found)}, "
        f"p0f with {sum(one.p0f_holds is True for one in found)} (unknown to it: {unknown}); "
        f"nmap -sV with {sum(services)} of {len(services)} services"
    )


def _mark(holds: bool | None) -> str:
    return {True: "yes", False: "NO ", None: "-  "}[holds]


if __name__ == "__main__":
    sys.exit(main())
