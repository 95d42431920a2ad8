# SPDX-License-Identifier: MIT
"""What the kernel refuses is that decky's error, which says what helps; nothing is left of it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from typing import TypeVar

import pytest
from tests.decnet_core.placement.lan import FLEET, Lan, decky, needs_root

from decnet_core.placement.netlink import links
from decnet_core.placement.netlink.message import text
from decnet_core.placement.runtimes.namespaces import own_thread
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.runtimes.runtime import RuntimeFailed

pytestmark = needs_root

T = TypeVar("T")
_CAPSET = {"x86_64": 126, "aarch64": 91}
_VERSION_3 = 0x20080522


def without_capabilities(function: Callable[[], T]) -> T:
    """Return what a function returns in a thread that has no capabilities (capset(2) is of one thread)."""

    def call() -> T:
        libc = ctypes.CDLL(None, use_errno=True)
        header, none = struct.pack("=Ii", _VERSION_3, 0), bytes(24)
        assert libc.syscall(_CAPSET[os.uname().machine], header, none) == 0
        return function()

    return own_thread(call)


def test_without_privileges_it_says_which_are_needed(network: Lan) -> None:
    runtime, before = Netns(network.deckies, FLEET), network.network()
    with pytest.raises(RuntimeFailed, match=r"no privileges: it needs CAP_NET_ADMIN.*run it as root"):
        network.host(without_capabilities, lambda: runtime.start(decky()))
    network.host(runtime.stop, decky())
    assert network.network() == before


def test_a_kernel_without_macvlan_is_told_with_what_to_load(network: Lan, monkeypatch: pytest.MonkeyPatch) -> None:
    network.ip("link", "set", "port0", "nomaster")
    with monkeypatch.context() as patch:  # the kernel knows no interface of this kind: so it is without the module
        patch.setattr(
            f"{links.__name__}.text", lambda kind, value: text(kind, value.replace("macvlan", "macvlan-missing"))
        )
        runtime, one = Netns(network.deckies, FLEET), decky(interface="port0")
        with pytest.raises(RuntimeFailed, match=r"load the modules macvlan, .*or use a bridge"):
            network.host(runtime.start, one)
    network.host(runtime.start, one)
    assert network.host(runtime.inspect, [one])[one.name].drift == ()
    network.host(runtime.stop, one)


def test_a_missing_interface_is_told_by_its_name(network: Lan) -> None:
    runtime, before = Netns(network.deckies, FLEET), network.network()
    with pytest.raises(RuntimeFailed, match="this host has no interface lan7"):
        network.host(runtime.start, decky(interface="lan7"))
    assert network.network() == before
