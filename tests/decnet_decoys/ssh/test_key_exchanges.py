# SPDX-License-Identifier: MIT
"""Key exchanges are computed one at a time and in steps, the least used client first, and not without limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import asyncssh
import pytest
from asyncssh import kex_dh
from asyncssh.crypto import DH
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost
from tests.decnet_decoys.ssh.test_login import connecting

from decnet_decoys.processor import scheduler
from decnet_decoys.processor.account import Account
from decnet_decoys.ssh import key_exchanges
from decnet_decoys.ssh.key_exchanges import MOST_WAITING, MOST_WAITING_OF_SOURCE, KeyExchanges, Steps

pytestmark = pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")


@pytest.fixture
async def processor() -> AsyncIterator[scheduler.LoopScheduler]:
    installed = scheduler.install()
    yield installed
    installed.uninstall()


def account(processor: scheduler.LoopScheduler, address: str, used: float = 0.0) -> Account:
    found = processor.account("ssh", "web-01", address)
    found.charge(used, asyncio.get_running_loop().time())
    return found


async def test_client_that_has_used_least_is_served_first(processor: scheduler.LoopScheduler) -> None:
    exchanges, served = KeyExchanges(processor), []

    def steps(name: str) -> Steps[None]:
        yield
        served.append(name)

    greedy, newcomer = account(processor, "192.0.2.1", 5.0), account(processor, "198.51.100.1")
    waiting = [exchanges.computed(steps(f"greedy {number}"), greedy, "192.0.2.1") for number in range(3)]
    waiting.append(exchanges.computed(steps("newcomer"), newcomer, "198.51.100.1"))
    await asyncio.wait_for(asyncio.gather(*waiting), DEADLINE)
    assert served.index("newcomer") <= 1  # one may have begun


async def test_steps_of_one_are_not_mixed_with_another_s(processor: scheduler.LoopScheduler) -> None:
    exchanges, log = KeyExchanges(processor), []

    def steps(name: str) -> Steps[str]:
        for number in range(3):
            log.append((name, number))
            yield
        return name

    one = account(processor, "192.0.2.1")
    results = await asyncio.gather(*(exchanges.computed(steps(name), one, "192.0.2.1") for name in "abc"))
    assert results == ["a", "b", "c"]
    assert log == [(name, number) for name in "abc" for number in range(3)]


async def test_too_many_are_refused_of_one_source_and_in_all(processor: scheduler.LoopScheduler) -> None:
    exchanges = KeyExchanges(processor)

    def steps() -> Steps[bool]:
        yield
        return True

    async def of(number: int, source: int) -> list[bool | None]:
        address = f"192.0.2.{source}"
        one = account(processor, address)
        return list(await asyncio.gather(*(exchanges.computed(steps(), one, address) for _ in range(number))))

    assert (await of(MOST_WAITING_OF_SOURCE + 3, 1)).count(None) == 3
    everybody = await asyncio.gather(*(of(MOST_WAITING_OF_SOURCE, source) for source in range(10)))
    assert sum(one.count(None) for one in everybody) == 10 * MOST_WAITING_OF_SOURCE - MOST_WAITING
    assert exchanges.counters() == {"decoys_key_exchanges_waiting": 0, "decoys_key_exchanges_refused": 19}


async def test_they_leave_others_part_of_the_processor(
    processor: scheduler.LoopScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(key_exchanges, "thread_time", lambda: next(clock) * 0.05)  # each step takes 50 ms
    exchanges, one = KeyExchanges(processor), account(processor, "192.0.2.1")

    def steps() -> Steps[None]:
        yield

    began = time.monotonic()
    await asyncio.gather(*(exchanges.computed(steps(), one, "192.0.2.1") for _ in range(4)))
    assert time.monotonic() - began >= 3 * 2 * 0.05 * 0.9


async def test_client_that_leaves_gives_its_turn_away(processor: scheduler.LoopScheduler) -> None:
    exchanges, one = KeyExchanges(processor), account(processor, "192.0.2.1")
    computed = []

    def steps(name: str) -> Steps[str]:
        computed.append(name)
        yield
        return name

    tasks = [asyncio.ensure_future(exchanges.computed(steps(name), one, "192.0.2.1")) for name in "abc"]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[1].cancel()
    assert await asyncio.wait_for(tasks[2], DEADLINE) == "c"
    assert "b" not in computed


async def test_error_of_a_step_is_the_client_s(processor: scheduler.LoopScheduler) -> None:
    def steps() -> Steps[None]:
        yield
        raise asyncssh.ProtocolError("Kex DH e out of range")

    exchanges, one = KeyExchanges(processor), account(processor, "192.0.2.1")
    with pytest.raises(asyncssh.ProtocolError):
        await exchanges.computed(steps(), one, "192.0.2.1")
    assert one.last_active() > 0


async def test_largest_group_is_computed_in_steps(host: DeckyHost) -> None:
    began = time.thread_time()
    DH(kex_dh._group18_g, kex_dh._group18_p).get_shared(3)
    at_once_ms = (time.thread_time() - began) * 1000
    async with connecting(host, password="admin123", kex_algs=["diffie-hellman-group18-sha512"]):
        assert host.ctx.counters.snapshot()["longest_stretch_ms"] < 0.85 * at_once_ms


@pytest.mark.parametrize(
    "method",
    [
        "curve25519-sha256", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512",
        "diffie-hellman-group-exchange-sha256",
    ],
)  # fmt: skip
async def test_log_in_by_each_method(host: DeckyHost, method: str) -> None:
    async with connecting(host, password="admin123", kex_algs=[method]) as connection:
        assert (await connection.run("echo hello")).stdout == "hello\n"


async def test_value_out_of_range_ends_the_connection(host: DeckyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kex_dh._KexDHBase, "_format_client_key", lambda _self: bytes(4))  # an mpint of 0
    with pytest.raises((asyncssh.Error, ConnectionError)):
        async with connecting(host, password="admin123", kex_algs=["diffie-hellman-group14-sha256"]):
            pass
    monkeypatch.undo()
    async with connecting(host, password="admin123", kex_algs=["diffie-hellman-group14-sha256"]):
        assert "decoys_connection_errors" not in host.ctx.counters.snapshot()
