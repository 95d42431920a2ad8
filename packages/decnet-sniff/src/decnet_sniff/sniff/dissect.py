# SPDX-License-Identifier: MIT
"""`decnet-sniff dissect FILE`: scapy's view of each packet beside our sniffer's findings.

scapy is a second opinion: it shares no code with the sniffer. It is an extra, and only this command imports it: it
takes 40 MiB and seconds to load.
"""

import importlib
import logging
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
import typer

from decnet_core.text import for_terminal, json_for_terminal
from decnet_sniff.sniff.capture.file_buffer import CaptureError
from decnet_sniff.sniff.capture.packet_batch import PacketBatch
from decnet_sniff.sniff.capture.pcap import batches, open_capture
from decnet_sniff.sniff.finding_lines import Line, as_text, line_of, moment
from decnet_sniff.sniff.findings import Finding
from decnet_sniff.sniff.settings import SniffSettings
from decnet_sniff.sniff.worker import observer_of

Scapy = Callable[[int, bytes], Any]
"""(link type, bytes): the packet as a scapy object."""


class Dissected(msgspec.Struct, omit_defaults=True):
    """One packet; `number` 0 is for findings made only at the end of the capture."""

    number: int
    ts: int
    scapy: str
    """scapy's summary of the packet, or all its fields."""
    findings: list[Line]
    counted: dict[str, float]
    """The sniffer's counters that the packet has changed, by how much."""


def dissect(
    file: Annotated[str, typer.Argument(help="A pcap or pcapng file, - for standard input.")],
    packet: Annotated[int | None, typer.Option(min=1, help="Show this packet only (1: the first), in full.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON per packet.")] = False,
) -> None:
    """Show scapy's view of each packet of FILE, and below it what the sniffer found in it."""
    scapy, shown = _scapy(), False
    try:
        for found in _dissected(file, scapy, packet):
            typer.echo(json_for_terminal(msgspec.json.encode(found[0])) if as_json else _text(*found))
            shown = True
    except CaptureError as error:
        typer.echo(f"{for_terminal(file)}: {error}", err=True)
        raise typer.Exit(1) from error
    if packet is not None and not shown:
        typer.echo(f"{for_terminal(file)}: there is no packet {packet}", err=True)
        raise typer.Exit(1)


def _scapy() -> Scapy:
    """Load scapy with all its layers; exits with a hint when it is not installed."""
    logging.getLogger("scapy").setLevel(logging.ERROR)  # it warns of routes and interfaces, which do not matter here
    try:
        importlib.import_module("scapy.layers.all")
    except ImportError as error:
        typer.echo("dissect needs scapy, an extra: install extras.txt of the wheelhouse (docs/install.md)", err=True)
        raise typer.Exit(1) from error
    from scapy.config import conf
    from scapy.packet import Raw

    return lambda kind, data: conf.l2types.num2layer.get(kind, Raw)(data)


def _dissected(file: str, scapy: Scapy, only: int | None) -> Iterator[tuple[Dissected, list[Finding]]]:
    """Yield the packets and the sniffer's findings in each; the sniffer sees the packets before `only`, too."""
    observer = observer_of(msgspec.structs.replace(SniffSettings(), window_seconds=0))
    before, ts = observer.counts(), 0
    for number, (kind, ts, data) in enumerate(_packets(file), 1):
        observer.take(PacketBatch(kind, data, [(ts, 0, len(data))]))
        findings, counts = list(observer.due(ts)), observer.counts()
        if only in {None, number}:
            seen = scapy(kind, data)
            text = seen.show(dump=True) if only else seen.summary()
            yield _one(number, ts, text, findings, _changed(before, counts)), findings
        before = counts
    if only is None and (rest := list(observer.rest())):
        yield _one(0, ts, "", rest, _changed(before, observer.counts())), rest


def _packets(file: str) -> Iterator[tuple[int, int, bytes]]:
    """Yield link type, time and bytes of each packet; raises CaptureError."""
    try:
        with open_capture(file) as source:
            for kind, buffer, records in batches(source):
                for ts, start, end in records:
                    yield kind, ts, bytes(buffer[start:end])
    except OSError as error:
        raise CaptureError(f"cannot be read: {error.strerror}") from error


def _one(number: int, ts: int, text: str, findings: list[Finding], counted: dict[str, float]) -> Dissected:
    return Dissected(number, ts, text, [line_of(finding) for finding in findings], counted)


def _changed(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    changes = {name: value - before.get(name, 0) for name, value in after.items()}
    return {name: value for name, value in changes.items() if value and not name.startswith(("packets", "findings"))}


def _text(one: Dissected, findings: list[Finding]) -> str:
    head = f"{one.number} {moment(one.ts)}" if one.number else "at the end"
    lines = [for_terminal(line, 4096) for line in one.scapy.splitlines()]
    if len(lines) == 1:
        head, lines = f"{head} {lines[0]}", []
    counted = " ".join(f"{name}{value:+g}" for name, value in one.counted.items())
    shown = [f"    {as_text(finding).rstrip()}" for finding in findings]
    return "\n".join([head, *lines, *shown, *([f"    {counted}"] if counted else [])])
