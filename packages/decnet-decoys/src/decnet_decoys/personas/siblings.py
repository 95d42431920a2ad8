# SPDX-License-Identifier: MIT
"""Makes one machine of a persona: deckies that play the same are siblings, not twins.

Everything in which two machines of one kind differ (MAC and serial number, sizes, process ids, counters, uptime,
passwords, ages of files) is drawn from the decky's seed, so that it is the same after every restart. A decky without a
seed (0), as the first of each persona in the settings, is the machine as its persona's author wrote it, but for the
blanks in its texts.
"""

import random
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from decnet_decoys.personas.schema import Disk, Hardware, Listener, Persona, Process, Traffic, User

S = TypeVar("S", bound=msgspec.Struct)

_FIRST_OWN_PID = 200
"""Below it are kernel threads, which have the same number on every machine with that kernel."""
_DAY = 86400
_WORDS = (
    *("admin", "administrator", "changeme", "default", "letmein", "master", "monitor", "operator", "passw0rd"),
    *("password", "qwerty", "root", "secret", "server", "service", "start", "support", "system", "test", "toor"),
    *("user", "welcome", "winter", "summer", "backup", "dragon", "monkey", "shadow", "football", "login"),
)
_ENDINGS = ("", "1", "12", "123", "1234", "12345", "!", "1!", "123!", "2022", "2023", "2024", "@123", "#1", "01")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SECRET = "abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789"  # noqa: S105  # an alphabet


class Identity(msgspec.Struct, frozen=True):
    """Which decky it is."""

    host_name: str
    address: str
    """The one that it shows as its own."""
    seed: int = 0
    mac: str | None = None
    """None: drawn."""


def sibling(persona: Persona, identity: Identity) -> Persona:
    """Return the persona as this decky plays it."""
    mac = identity.mac or (persona.hardware.mac if not identity.seed else "") or drawn_mac(persona, identity.seed)
    blanks = {
        "{hostname}": identity.host_name,
        "{address}": identity.address,
        "{mac}": mac,
        "{serial}": drawn_serial(persona, identity.seed),
        "{secret}": "".join(_drawing(identity.seed, "secret").choices(_SECRET, k=11)),
    }
    own = msgspec.structs.replace(persona.hardware, mac=mac)
    if identity.seed:
        persona, own = _varied(persona, identity.seed), _hardware(own, identity.seed)
    return msgspec.structs.replace(
        persona,
        users=tuple(msgspec.structs.replace(user, passwords=user.passwords[:1]) for user in persona.users),
        hardware=own,
        files={path: _filled(text, blanks) for path, text in persona.files.items()},
        services={name: filled(profile, blanks) for name, profile in persona.services.items()},
    )


def drawn_mac(persona: Persona, seed: int) -> str:
    """Return a MAC address with a vendor's prefix that fits the persona."""
    drawing = _drawing(seed, "mac")
    return ":".join((drawing.choice(persona.mac_prefixes), *(f"{drawing.randrange(256):02x}" for _ in range(3))))


def drawn_serial(persona: Persona, seed: int) -> str:
    """Return a serial number in the persona's form."""
    drawing = _drawing(seed, "serial")
    digit, letter = (lambda: str(drawing.randrange(10))), (lambda: drawing.choice(_LETTERS))
    return "".join({"#": digit, "@": letter}.get(character, lambda c=character: c)() for character in persona.serial)


def boot_offset_seconds(seed: int) -> int:
    """Return by how much of a day a decky's boot differs from its siblings'."""
    return _drawing(seed, "boot").randrange(_DAY) if seed else 0


def filled(value: Any, blanks: Mapping[str, str]) -> Any:
    """Return a structure with the blanks in its texts filled in; what has none is shared."""
    if isinstance(value, str):
        return _filled(value, blanks)
    if isinstance(value, msgspec.Struct):
        return _struct_filled(value, blanks)
    if isinstance(value, dict):
        return {key: filled(each, blanks) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(filled(each, blanks) for each in value)
    return value


def _struct_filled(value: S, blanks: Mapping[str, str]) -> S:
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    changed = {name: new for name, old in fields.items() if (new := filled(old, blanks)) != old}
    return msgspec.structs.replace(value, **changed) if changed else value


def _filled(text: str, blanks: Mapping[str, str]) -> str:
    if "{" in text:
        for blank, own in blanks.items():
            text = text.replace(blank, own)
    return text


def _drawing(seed: int, topic: str) -> random.Random:
    """Return what is drawn for one topic, so that a new one changes no other; no secret depends on it."""
    return random.Random(f"{seed}:{topic}")  # noqa: S311  # a decoy's details, not a key


def _varied(persona: Persona, seed: int) -> Persona:
    pids = _pids(persona.processes, seed)
    return msgspec.structs.replace(
        persona,
        uptime_days=max(1, int(persona.uptime_days * _drawing(seed, "uptime").uniform(0.3, 1.8))),
        processes=tuple(_process(each, pids, seed) for each in persona.processes),
        listeners=tuple(_listener(each, pids) for each in persona.listeners),
        users=tuple(_user(each, seed) for each in persona.users),
        services={name: _profile(profile, seed) for name, profile in persona.services.items()},
    )


def _pids(processes: tuple[Process, ...], seed: int) -> dict[int, int]:
    """Return each process's new number: in the same order, with other gaps."""
    drawing, shift = _drawing(seed, "pids"), 0
    moved = {}
    for pid in sorted(process.pid for process in processes):
        if pid >= _FIRST_OWN_PID:
            shift += drawing.randrange(1, 23)
        moved[pid] = pid + shift
    return moved


def _process(one: Process, pids: dict[int, int], seed: int) -> Process:
    drawing = _drawing(seed, f"process {one.pid}")
    return msgspec.structs.replace(
        one, pid=pids[one.pid], vsz=_near(one.vsz, drawing), rss=_near(one.rss, drawing), time=_time(one.time, drawing)
    )


def _time(shown: str, drawing: random.Random) -> str:
    minutes, _, seconds = shown.rpartition(":")
    if not minutes.isdigit():
        return shown
    total = int((int(minutes) * 60 + int(seconds)) * drawing.uniform(0.5, 1.7))
    return f"{total // 60}:{total % 60:02}"


def _listener(one: Listener, pids: dict[int, int]) -> Listener:
    return msgspec.structs.replace(one, pid=pids.get(one.pid, one.pid))


def _near(size: int, drawing: random.Random) -> int:
    """Return a size within 6 % of the given one, in the same multiple of 4 KiB pages."""
    return size if size < 100 else int(size * drawing.uniform(0.94, 1.06)) & ~3


def _hardware(hardware: Hardware, seed: int) -> Hardware:
    drawing = _drawing(seed, "hardware")
    return msgspec.structs.replace(
        hardware,
        memory_kib=hardware.memory_kib - 4 * drawing.randrange(512),
        used_kib=int(hardware.used_kib * drawing.uniform(0.75, 1.25)),
        disks=tuple(_disk(each, drawing) for each in hardware.disks),
        traffic=_traffic(hardware.traffic, drawing),
    )


def _disk(disk: Disk, drawing: random.Random) -> Disk:
    used = int(disk.used * drawing.uniform(0.6, 1.3))
    return msgspec.structs.replace(disk, used=min(used, disk.size * 19 // 20) & ~3)


def _traffic(given: Traffic, drawing: random.Random) -> Traffic:
    received, sent = drawing.uniform(0.2, 3), drawing.uniform(0.2, 3)
    return Traffic(
        received_bytes=int(given.received_bytes * received),
        received_packets=int(given.received_packets * received * drawing.uniform(0.9, 1.1)),
        sent_bytes=int(given.sent_bytes * sent),
        sent_packets=int(given.sent_packets * sent * drawing.uniform(0.9, 1.1)),
    )


def _user(user: User, seed: int) -> User:
    """Give an account that can log in other weak passwords."""
    drawing = _drawing(seed, f"user {user.name}")
    words = (user.name, *_WORDS)
    drawn = {drawing.choice(words) + drawing.choice(_ENDINGS) for _ in user.passwords}
    return msgspec.structs.replace(user, passwords=tuple(sorted(drawn)))


def _profile(profile: Any, seed: int) -> Any:
    """Return a service's profile with what its class says differs."""
    return profile.varied(_drawing(seed, "profile")) if hasattr(profile, "varied") else profile
