# SPDX-License-Identifier: MIT
"""Conditions on texts: what a network's addresses begin with, and parts in which no character has a meaning."""

from __future__ import annotations

import ipaddress
from string import ascii_lowercase, ascii_uppercase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, Text, select

from decnet.findings.texts import beginning_with, containing, escaped, textual_prefix
from decnet_core.net.addresses import canonical, parse_network
from decnet_models.database.engine import warm_up_engine

SAMPLE = Table("sample", MetaData(), Column("text", Text))


@given(st.ip_addresses(), st.integers(0, 128))
def test_every_address_of_a_network_begins_with_its_prefix(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    network = parse_network(f"{address}/{min(length, address.max_prefixlen)}")
    for one in (network.network_address, network.broadcast_address, address):
        text = canonical(str(one))
        if network.version == address.version and text is not None and one in network:
            assert text.startswith(textual_prefix(network))


@pytest.mark.parametrize(
    ("network", "prefix"),
    [
        ("10.1.2.0/24", "10.1.2."),
        ("10.1.2.3/32", "10.1.2.3"),
        ("10.0.0.0/8", "10."),
        ("10.0.0.0/7", ""),
        ("2001:db8::/32", "2001:db8:"),
        ("::/0", ""),
    ],
)
def test_prefixes_are_as_long_as_they_can_be(network: str, prefix: str) -> None:
    assert textual_prefix(parse_network(network)) == prefix


@given(st.text(max_size=20), st.text(min_size=1, max_size=5))
@example("SEÑOR", "eÑo")
@example("SEÑOR", "eño")  # SQLite knows the case of ASCII letters only
def test_conditions_mean_what_python_means(text: str, part: str) -> None:
    if any("\ud800" <= char <= "\udfff" or char == "\0" for char in text + part):
        return
    with warm_up_engine() as engine:
        assert _holds(engine, text, part) == (text.startswith(part), _lower(part) in _lower(text))


def _lower(text: str) -> str:
    return text.translate(str.maketrans(ascii_uppercase, ascii_lowercase))


def _holds(engine: Engine, text: str, part: str) -> tuple[bool, bool]:
    with engine.begin() as connection:
        SAMPLE.drop(connection, checkfirst=True)
        SAMPLE.create(connection)
        connection.execute(SAMPLE.insert().values(text=text))
        column = SAMPLE.c.text
        begins = connection.execute(select(beginning_with(column, part))).scalar_one()
        contains = connection.execute(select(containing(escaped(part), column))).scalar_one()
    return bool(begins), bool(contains)
