# SPDX-License-Identifier: MIT
"""Payloads that come again are not decoded again, and what is kept of them is bounded."""

from __future__ import annotations

import pytest

from decnet_core.events.catalogue import CommandRun, LoginAttempt, Payload, TlsProbed
from decnet_core.events.codec import BadEventError, encode_payload
from decnet_core.events.repeats import Repeats
from decnet_workers.clusterer import payloads as module
from decnet_workers.clusterer.payloads import Payloads
from decnet_workers.clusterer.signals import signals


def text(payload: Payload) -> str:
    return encode_payload(payload).decode()


def test_a_payload_that_comes_again_shows_the_same_without_being_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    login = LoginAttempt("ssh", "root", success=False, password="kJ7f-mine")
    payloads = Payloads()
    first = payloads.shown(text(login))
    assert first.signals == tuple(signals(login)) != ()
    monkeypatch.delattr(module, "decode_payload")
    assert payloads.shown(text(login)) is first
    with pytest.raises(NameError):
        payloads.shown(text(CommandRun("ssh", "id")))


def test_what_a_payload_says_of_times_goes_before_those_of_the_event() -> None:
    payloads = Payloads()
    assert payloads.shown(text(CommandRun("ssh", "id"))).times(5) == (5, 5)
    folded = CommandRun("ssh", "id", repeats=Repeats(count=3, last_ts=9, bytes=1, distinct=1))
    assert payloads.shown(text(folded)).times(5) == (5, 9)
    assert payloads.shown(text(folded)).times(11) == (11, 11)
    probed = TlsProbed(contact=3, jarm="2a" * 31)
    assert payloads.shown(text(probed)).times(5) == (3, 3)


def test_no_more_is_kept_than_two_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 200_000)
    payloads = Payloads()
    sizes = []
    for number in range(1000):
        payloads.shown(text(CommandRun("ssh", f"wget http://192.0.2.7/{number}")))
        sizes.append(len(payloads._kept._young) + len(payloads._kept._old))
    assert 20 < max(sizes) < 400
    long = text(CommandRun("ssh", "x" * 5000))
    assert payloads.shown(long) is not payloads.shown(long)


@pytest.mark.parametrize("bad", ["", "{", '{"kind":"no.such"}', '{"kind":"session.command"}'])
def test_what_is_no_payload_is_an_error_each_time(bad: str) -> None:
    payloads = Payloads()
    for _ in range(2):
        with pytest.raises(BadEventError):
            payloads.shown(bad)
