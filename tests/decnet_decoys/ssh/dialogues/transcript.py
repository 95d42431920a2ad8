# SPDX-License-Identifier: MIT
"""What a server said in a dialogue, as lines: the same lines, the same server, as far as a client can see."""

from __future__ import annotations

import asyncio
import re
import struct

from tests.decnet_decoys.ssh.dialogues.raw_client import RawClient

NAMES = {
    1: "DISCONNECT", 2: "IGNORE", 3: "UNIMPLEMENTED", 4: "DEBUG", 5: "SERVICE_REQUEST", 6: "SERVICE_ACCEPT",
    7: "EXT_INFO", 20: "KEXINIT", 21: "NEWKEYS", 31: "KEX_REPLY", 33: "GEX_REPLY",
    51: "USERAUTH_FAILURE", 52: "USERAUTH_SUCCESS", 53: "USERAUTH_BANNER", 60: "USERAUTH_60",
    80: "GLOBAL_REQUEST", 81: "REQUEST_SUCCESS", 82: "REQUEST_FAILURE",
    91: "CHANNEL_OPEN_CONFIRMATION", 92: "CHANNEL_OPEN_FAILURE", 93: "WINDOW_ADJUST", 94: "DATA", 95: "EXTENDED_DATA",
    96: "EOF", 97: "CLOSE", 98: "CHANNEL_REQUEST", 99: "CHANNEL_SUCCESS", 100: "CHANNEL_FAILURE",
}  # fmt: skip
LAYOUTS = {
    1: "nss", 3: "n", 4: "bss", 5: "s", 6: "s", 51: "sb", 53: "ss", 60: "ss", 91: "nnnn", 92: "nnss", 93: "nn",
    94: "ns", 95: "nns", 96: "n", 97: "n", 99: "n", 100: "n", 81: "", 82: "",
}  # fmt: skip
"""n: a number, s: a string, b: a boolean."""


def shown(payload: bytes) -> str:
    """Return a packet as a line; of what differs from connection to connection only that it is there."""
    kind = payload[0] if payload else -1
    if kind == 255 and not payload[1:].isascii():
        return f"{len(payload) - 1} bytes, encrypted"
    if kind == 255:
        return f"text {payload[1:]!r}"
    name = NAMES.get(kind, f"type {kind}")
    if kind == 7:
        return f"{name} {_extensions(payload)}"
    if kind in (80, 98):
        return f"{name} {_request(payload, kind == 98)}"
    if kind in LAYOUTS:
        fields, rest = _fields(payload[1:], LAYOUTS[kind])
        return " ".join((name, *fields, *([f"+{len(rest)} bytes"] if rest else [])))
    return name


def _fields(data: bytes, layout: str) -> tuple[list[str], bytes]:
    found = []
    for kind in layout:
        if kind == "b":
            found.append("true" if data[:1] != b"\0" else "false")
            data = data[1:]
            continue
        (value,) = struct.unpack_from(">I", data)
        data = data[4:]
        if kind == "n":
            found.append(str(value))
        else:
            found.append(repr(data[:value])[1:])
            data = data[value:]
    return found, data


def _extensions(payload: bytes) -> str:
    (count,) = struct.unpack_from(">I", payload, 1)
    fields, _ = _fields(payload[5:], "ss" * count)
    return " ".join(fields)


def _request(payload: bytes, of_channel: bool) -> str:
    fields, rest = _fields(payload[1:], "nsb" if of_channel else "sb")
    if "hostkeys" in fields[0]:
        names = []
        while rest:
            key, rest = _fields(rest, "s")
            names.append(re.sub(r".*?(ssh-\w+|ecdsa-sha2-nistp256).*", r"\1", key[0]))
        return " ".join((*fields, *names))
    return " ".join((*fields, *([repr(rest)[1:]] if rest else [])))


async def rest_of(client: RawClient, quiet: float) -> list[str]:
    """Return what the server says until it closes, or says nothing for `quiet` seconds."""
    lines: list[str] = []
    before, data = b"", b""
    while True:
        try:
            async with asyncio.timeout(quiet):
                payload = await client.packet()
        except TimeoutError:
            return _in_order([*lines, *client.unread(), "open"])
        if payload is None:
            return _in_order([*lines, "closed"])
        if before and kind_and_channel(payload) == before:
            data += payload[9:]
            lines[-1] = shown(payload[:5] + struct.pack(">I", len(data)) + data)
            continue
        before, data = kind_and_channel(payload), payload[9:]
        lines.append(shown(payload))


def kind_and_channel(payload: bytes) -> bytes:
    """Return what packets of data have in common that may as well have been one; empty: it is no data."""
    return payload[:5] if payload[:1] == b"\x5e" else b""


def _in_order(lines: list[str]) -> list[str]:
    """Put the end of a channel's data before its exit status: which one is first is a race in real servers."""
    status = [at for at, line in enumerate(lines) if "'exit-status'" in line]
    end = [at for at, line in enumerate(lines) if line.startswith("EOF ")]
    if status and end and end[0] > status[0]:
        lines.insert(status[0], lines.pop(end[0]))
    return lines


async def first_line(client: RawClient, quiet: float) -> list[str]:
    """Return the line with which a server begins, without its version."""
    try:
        line = await client.line(quiet)
    except TimeoutError:
        return []
    return [re.sub(r"SSH-2\.0-.*(?=\\r\\n)", "SSH-2.0-", repr(line)[1:])]
