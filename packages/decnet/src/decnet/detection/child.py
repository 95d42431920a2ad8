# SPDX-License-Identifier: MIT
"""The child that loads rules: limits itself, reads an order and events from standard input, writes what it found.

Rules are somebody's text, and with their libraries they take tens of MiB; so they are loaded here, in a process without
database, key or network of its own making, which ends with the question.
"""

import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from decnet.detection.values import Catalogue, Found, Order, RuleListed, RuleRefused, Tried
from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_workers.ttp.attack import technique
from decnet_workers.ttp.library import SHIPPED, Library, Refusal, load
from decnet_workers.ttp.reader import FileRead, read_files
from decnet_workers.ttp.sigma.rule import About

_MEMORY = 1 << 30
_SECONDS = 30
_FIRST = 200


def main() -> int:
    limit_resources()
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    reads: list[FileRead] = []

    def read(files: Sequence[Path]) -> list[FileRead]:
        wanted = [file for file in files if str(file) not in order.without]
        reads.extend(read_files([*wanted, *([Path(order.file)] if order.file else [])]))
        return reads

    library = load(map(Path, order.folders), read)
    answer: Catalogue | Tried = _catalogue(library, reads) if order.listing else _tried(library, reads, order)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


def limit_resources() -> None:
    """Limit memory, processor time and files, for good."""
    for kind, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _catalogue(library: Library, reads: Sequence[FileRead]) -> Catalogue:
    known = {about.key: about for about in library.abouts()}
    rules: dict[str, RuleListed] = {}
    for one in reads:
        for document in one.documents:
            fields = document.plain
            about = known.get(str(fields.get("id"))) if isinstance(fields, dict) else None
            if about is not None:
                rules.setdefault(about.key, _listed(about, fields, one.file))
    ordered = sorted(rules.values(), key=lambda rule: (rule.title, str(rule.id)))
    return Catalogue(tuple(ordered), tuple(map(_refused, library.refused)))


def _listed(about: About, fields: dict[str, Any], file: str) -> RuleListed:
    found = {number: technique(number) for number in about.techniques}
    tactics = dict.fromkeys(tactic for one in found.values() if one for tactic in one.tactics)
    positives = fields.get("falsepositives")
    return RuleListed(
        about.id,
        about.title,
        about.level,
        {number: one.name if one else number for number, one in found.items()},
        tuple(tactics),
        str(fields.get("description") or "").strip(),
        str(fields.get("status") or ""),
        _source(fields),
        tuple(map(str, positives)) if isinstance(positives, list) else (),
        Path(file).name,
        about.line,
        Path(file).is_relative_to(SHIPPED),
    )


def _source(fields: dict[str, Any]) -> str:
    counted = fields.get("correlation")
    if isinstance(counted, dict):
        rules = ", ".join(map(str, counted.get("rules") or ()))
        return f"{counted.get('type')} of {rules} within {counted.get('timespan')}"
    source = fields.get("logsource")
    category = source.get("category") or source.get("product") if isinstance(source, dict) else None
    return ", ".join(map(str, category)) if isinstance(category, list) else str(category or "")


def _tried(library: Library, reads: Sequence[FileRead], order: Order) -> Tried:
    own = {str(fields.get("id")) for one in reads if one.file == order.file for fields in _fields(one)}
    events = list(_events())
    found, looked = _found(library, events, order.seconds) if events else ([], 0)
    wanted = [one for one in found if not order.file or str(one.rule) in own]
    refused = [one for one in library.refused if not order.file or str(one.file) == order.file]
    return Tried(
        len(own) if order.file else len(library),
        tuple(map(_refused, refused)),
        looked,
        len(wanted),
        tuple(wanted[:_FIRST]),
        looked == len(events),
    )


def _events() -> Iterator[tuple[int, Event]]:
    for number, text in enumerate(sys.stdin.buffer):
        try:
            yield number, decode(text.rstrip(b"\n"))
        except BadEventError:
            continue


def _found(library: Library, events: Sequence[tuple[int, Event]], seconds: float) -> tuple[list[Found], int]:
    """Return what fires, and how many events were looked at; without events nobody loads the database library."""
    from decnet_workers.ttp.trial import Line, fired_within

    fired, looked = fired_within(library, [Line(number, event) for number, event in events], seconds)
    return [Found(line.number, tag.rule_id, tag.title, tag.level, tag.technique) for line, tag in fired], looked


def _fields(read: FileRead) -> Iterator[dict[str, Any]]:
    for document in read.documents:
        if isinstance(fields := document.plain, dict):
            yield fields


def _refused(one: Refusal) -> RuleRefused:
    return RuleRefused(one.file.name, one.line, one.reason)


if __name__ == "__main__":
    sys.exit(main())
