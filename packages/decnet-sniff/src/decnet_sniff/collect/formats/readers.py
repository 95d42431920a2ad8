# SPDX-License-Identifier: MIT
"""The formats of a source, each as a function from a line to its outcome."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from decnet_sniff.collect.formats import cowrie, opencanary, plain, syslog
from decnet_sniff.collect.outcome import Ignored, Outcome, Rejected
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import Format, SourceSettings

Parser = Callable[[bytes], Outcome]
Reader = Callable[[Record], Outcome]

LABELLED: tuple[Format, ...] = ("cowrie", "opencanary", "conpot", "dionaea", "plain")
"""The formats that the label of a container may name."""
_MAPPINGS = Path(__file__).with_name("mappings")


def parser_of(name: Format, zone: str = "UTC") -> Parser:
    """Return a parser of lines; Cowrie's remembers the protocol of each session. ValueError for json."""
    match name:
        case "cowrie":
            return functools.partial(cowrie.parse, services=cowrie.Services())
        case "opencanary":
            return opencanary.parse
        case "syslog":
            place = ZoneInfo(zone)
            return lambda line: syslog.parse(line, time.time_ns(), place)
        case _:
            raise ValueError(f"format {name} needs more than a line")


def reader_of(settings: SourceSettings) -> Reader:
    """Return the parser of a source's records; raises MappingError for an invalid mapping file."""
    read: Reader
    match settings.format:
        case "plain":
            read = plain.parse
        case "json":
            read = _mapped(Path(settings.mapping), settings.zone)
        case "conpot" | "dionaea" as name:
            read = _mapped(_MAPPINGS / f"{name}.toml", settings.zone)
        case "label":
            read = functools.partial(_labelled, functools.cache(functools.partial(_reader_of_format, settings)))
        case "syslog" if settings.input in ("udp", "tcp"):
            zone = ZoneInfo(settings.zone)

            def read(record: Record) -> Outcome:
                return syslog.received(record.text, record.ts or time.time_ns(), zone)
        case name:
            parse = parser_of(name, settings.zone)

            def read(record: Record) -> Outcome:
                return parse(record.text)

    return functools.partial(_understood, read)


def _mapped(file: Path, zone: str) -> Reader:
    from decnet_sniff.collect.mapping.mapping_file import load

    return load(file, zone).parse


def _reader_of_format(settings: SourceSettings, name: Format) -> Reader:
    return reader_of(msgspec.structs.replace(settings, format=name))


def _labelled(readers: Callable[[str], Reader], record: Record) -> Outcome:
    if record.format not in LABELLED:
        return Rejected(f"its container has the label decnet.format={record.format}, which is no format of a container")
    return readers(record.format)(record)


def _understood(read: Reader, record: Record) -> Outcome:
    if record.size is not None and record.size > len(record.text):
        return Rejected(f"the line has {record.size} bytes")
    return read(record) if record.text else Ignored("an empty line")
