# SPDX-License-Identifier: MIT
"""Which hosts contacted us: only by events that a completed connection causes, of this host, and not synthetic."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import (
    CanaryHit,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    Payload,
    ServiceRequest,
    TcpStack,
    TlsProbed,
)
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.spool.positions import READERS
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_sniff.probe.seen_hosts import Contact, contact_of, new_contacts

SOURCE, DECKY = "198.51.100.7", "192.0.2.80"


def event(payload: Payload, **more: object) -> Event:
    fields = {"id": uuid7(5), "ts": 5, "sensor": "here", "src_ip": SOURCE, "dst_ip": DECKY} | more
    return Event(payload=payload, **fields)  # type: ignore[arg-type]  # fields of an event, by name


@pytest.mark.parametrize(
    "payload",
    [
        ConnectionOpened("ssh"),
        LoginAttempt("telnet", "root", success=False),
        HttpRequest("GET", "/"),
        CanaryHit("token", "http"),
    ],
)
def test_conversation_is_a_contact(payload: Payload) -> None:
    assert contact_of(encode(event(payload)), "here") == Contact(SOURCE, DECKY, 5)


@pytest.mark.parametrize(
    "payload",
    [
        ServiceRequest("sip", "options"),
        ConnectionOpened("snmp"),
        CanaryHit("token", "dns"),
        TcpStack("syn", "s", "m"),
        TlsProbed(1, "0" * 62),
    ],
)
def test_what_may_be_forged_or_is_our_own_is_no_contact(payload: Payload) -> None:
    assert contact_of(encode(event(payload)), "here") is None


@pytest.mark.parametrize("more", [{"synthetic": True}, {"sensor": "elsewhere"}, {"src_ip": None}, {"src_ip": "nobody"}])
def test_synthetic_life_other_sensors_and_no_address_are_no_contact(more: dict[str, object]) -> None:
    assert contact_of(encode(event(ConnectionOpened("ssh"), **more)), "here") is None


def test_address_is_canonical() -> None:
    found = contact_of(encode(event(ConnectionOpened("ssh"), src_ip="::ffff:198.51.100.7", dst_ip=None)), "here")
    assert found == Contact(SOURCE, "", 5)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: b'{"payload":{"kind":' + text.encode() + b"}}"))
def test_any_line_is_a_contact_or_none(line: bytes) -> None:
    assert contact_of(line, "here") is None


def test_deep_line_is_no_contact() -> None:
    assert contact_of(b'{"payload":{"kind":"x"},"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "here") is None


def spool(place: Path, *payloads: Payload) -> None:
    writer = SpoolWriter(place, SpoolSettings())
    for payload in payloads:
        writer.append(event(payload))
    writer.close()


def test_all_spools_but_our_own_are_read_once(tmp_path: Path) -> None:
    for name in ("decoys", "collect", "probe"):
        spool(tmp_path / name, ConnectionOpened("ssh"))
    first = new_contacts(tmp_path, "probe", "here", {})
    assert len(first.contacts) == 2
    assert set(first.positions) == {"collect", "decoys"}
    again = new_contacts(tmp_path, "probe", "here", first.positions)
    assert (again.contacts, again.more) == ([], False)


def test_reading_keeps_nothing_from_being_removed(tmp_path: Path) -> None:
    spool(tmp_path / "decoys", ConnectionOpened("ssh"))
    new_contacts(tmp_path, "probe", "here", {})
    assert not (tmp_path / READERS).exists()


def test_long_spool_is_read_in_pieces(tmp_path: Path) -> None:
    spool(tmp_path / "decoys", *[ConnectionOpened("ssh")] * 1200)
    found = new_contacts(tmp_path, "probe", "here", {})
    total = len(found.contacts)
    looks = 1
    while found.more:
        found = new_contacts(tmp_path, "probe", "here", found.positions)
        total += len(found.contacts)
        looks += 1
    assert (total, looks) == (1200, 3)
