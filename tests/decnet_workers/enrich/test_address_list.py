# SPDX-License-Identifier: MIT
"""The compact list finds what a plain search finds, whatever the order, the overlaps and the number of runs."""

from __future__ import annotations

import ipaddress
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_workers.enrich.lists import address_list
from decnet_workers.enrich.lists.address_list import AddressList, ListBuilder, ListInfo
from decnet_workers.enrich.lists.lines import Lines, ListError, key_of, plain

NETWORKS = st.builds(
    lambda number, length: ipaddress.ip_network((number << 8, length), strict=False),
    st.integers(0x010200, 0x010210),
    st.integers(16, 32),
) | st.builds(
    lambda number, length: ipaddress.ip_network((0x20010DB8 << 96 | number, length), strict=False),
    st.integers(0, 64),
    st.integers(96, 128),
)
ADDRESSES = st.integers(0x01020000, 0x010210FF).map(ipaddress.IPv4Address) | st.integers(0, 64).map(
    lambda number: ipaddress.IPv6Address(0x20010DB8 << 96 | number)
)


def built(file: Path, text: str) -> AddressList:
    lines = Lines(plain("listed"))
    with closing(ListBuilder(file)) as builder:
        for entry in [*lines.entries(text.encode()), *lines.last()]:
            builder.add(entry)
        builder.finish(ListInfo(1))
    return AddressList(file)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listed=st.lists(NETWORKS, max_size=40), asked=st.lists(ADDRESSES, min_size=1, max_size=40))
def test_it_finds_what_a_plain_search_finds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    listed: list[ipaddress.IPv4Network],
    asked: list[ipaddress.IPv4Address],
) -> None:
    monkeypatch.setattr(address_list, "_IN_MEMORY", 7)
    made = built(tmp_path / "x.list", "\n".join(map(str, listed)))
    assert [made.find(key_of(one)) is not None for one in asked] == [any(one in net for net in listed) for one in asked]
    assert made.info.entries == len(set(listed))
    made.close()


def test_the_smallest_network_says_why(tmp_path: Path) -> None:
    with closing(ListBuilder(tmp_path / "x.list")) as builder:
        for network, label in (("10.0.0.0/8", "wide"), ("10.1.0.0/16", "narrow"), ("10.1.2.3/32", "host")):
            net = ipaddress.ip_network(network)
            builder.add((key_of(net.network_address), key_of(net.broadcast_address), label))
        builder.finish(ListInfo(1))
    made = AddressList(tmp_path / "x.list")
    asked = ("10.1.2.3", "10.1.2.4", "10.2.0.0", "11.0.0.0", "9.255.255.255")
    found = [made.find(key_of(ipaddress.ip_address(one))) for one in asked]
    assert found == ["host", "narrow", "wide", None, None]


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"x" + data[1:], lambda _: b""])
def test_a_damaged_file_is_no_list(tmp_path: Path, damage: object) -> None:
    built(tmp_path / "x.list", "1.2.3.4").close()
    data = (tmp_path / "x.list").read_bytes()
    assert callable(damage)
    (tmp_path / "x.list").write_bytes(damage(data))
    with pytest.raises(ListError):
        AddressList(tmp_path / "x.list")


def test_a_list_that_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_list, "MAX_ENTRIES", 3)
    with pytest.raises(ListError, match="more than 3 entries"):
        built(tmp_path / "x.list", "1.1.1.1\n1.1.1.2\n1.1.1.3\n1.1.1.4\n")
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_entries_or_no_list(data: bytes, step: int) -> None:
    lines = Lines(plain("x"))
    try:
        for start in range(0, len(data), step):
            list(lines.entries(data[start : start + step]))
        list(lines.last())
    except ListError:
        pass
