# SPDX-License-Identifier: MIT
"""URLs of a bus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.bus.address import Address, parse
from decnet_core.bus.interface import BusError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/bus.sock", Address("unix", path="/run/bus.sock")),
        ("nats://host", Address("nats", host="host", port=4222)),
        ("nats://127.0.0.1:99/", Address("nats", host="127.0.0.1", port=99)),
        ("tls://[::1]:99", Address("tls", host="::1", port=99)),
        ("nats://[::1]", Address("nats", host="::1", port=4222)),
        ("nats://me:p%40ss@host:1", Address("nats", host="host", port=1, user="me", password="p@ss")),
        ("nats://s3cret@host", Address("nats", host="host", port=4222, token="s3cret")),
    ],
)
def test_a_url_names_a_server(url: str, expected: Address) -> None:
    assert parse(url) == (expected,)


@pytest.mark.parametrize("url", ["tls://[::1]:99", "nats://host:4222", "unix:///run/bus.sock"])
def test_an_address_is_shown_as_its_url(url: str) -> None:
    assert str(parse(url)[0]) == url


def test_commas_join_a_cluster() -> None:
    assert [address.host for address in parse("nats://a:1, nats://b:2,tls://c")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "bus",
            "unix://relative",
            "unix:",
            "http://host",
            "nats://",
            "nats://:4222",
            "nats://h:0",
            "nats://h:65536",
        ),
        *("nats://[::1", "nats://[::1]4222", "nats://::1:4222", "nats://[]:4222"),
    ],
)
def test_what_is_no_url_is_refused_with_the_forms(url: str) -> None:
    with pytest.raises(BusError, match="unix:///path"):
        parse(url)


def test_secrets_are_never_shown() -> None:
    (address,) = parse("nats://user:hunter2@host")
    assert "hunter2" not in f"{address} {address!r}"
    with pytest.raises(BusError) as refused:
        parse("nats://user:hunter2@host:99999")
    assert "hunter2" not in str(refused.value)
    with pytest.raises(BusError) as refused:
        parse("http://user:hunter2@host")
    assert "hunter2" not in str(refused.value)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_bus_error(text: str) -> None:
    for url in (text, "nats://" + text, "unix://" + text):
        try:
            assert parse(url)
        except BusError:
            continue
