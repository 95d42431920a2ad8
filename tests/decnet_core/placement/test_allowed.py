# SPDX-License-Identifier: MIT
"""Which runtimes a process may use."""

import pytest

from decnet_core.placement import allowed as module
from decnet_core.placement.allowed import NEEDED, allowed
from decnet_core.placement.settings import ReconcilerSettings
from decnet_core.supervise.fork.privileges import numbers


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((), ("loopback", "host")),
        (NEEDED["host"], ("loopback", "host")),
        (NEEDED["netns"], ("loopback", "host", "netns", "container")),
    ],
)
def test_without_a_setting_it_is_what_the_process_may_do(
    held: tuple[str, ...], expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_held", lambda _: numbers(held))
    assert allowed(ReconcilerSettings()) == expected


def test_setting_restricts_it() -> None:
    assert allowed(ReconcilerSettings(runtimes=("loopback",))) == ("loopback",)


def test_effective_capabilities_are_read_from_the_status_of_the_process() -> None:
    assert module._held(["Name:\tx", "CapEff:\t0000000000203000"]) == {12, 13, 21}
    assert module._held([]) == set()
