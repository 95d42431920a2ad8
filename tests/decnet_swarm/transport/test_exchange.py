# SPDX-License-Identifier: MIT
"""Forwarder and listener together: each event once and in order, whatever is stopped or taken away between them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_workers import (
    NAME,
    enrolled_pair,
    fill,
    forwarder,
    listener,
    made,
    numbers,
    port_of,
    received,
    spool_of,
    until,
)

from decnet_core.exits import StartupError
from decnet_core.spool.positions import Position, acknowledged_positions, acknowledgement


def arrived(above: Path, least: int) -> bool:
    return len(numbers(above)) >= least


async def test_events_arrive_as_they_are_and_are_acknowledged(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(1000))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 1000)
        assert received(above) == [made(number) for number in range(1000)]
        await until(lambda: sender.count("lag_bytes") == 0)
        assert master.count("connected") == 1
    assert acknowledged_positions(below / "spool" / "decoys") != [Position(0, 0)]


async def test_event_appended_later_follows(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    writer = spool_of(below)
    async with listener(above) as master, forwarder(below, port_of(master)):
        for number in range(20):
            writer.append(made(number))
            await until(partial(arrived, above, number + 1))
    assert numbers(above) == list(range(20))
    writer.close()


async def test_restarts_of_either_side_lose_and_double_nothing(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    sent = 0
    for _ in range(3):
        async with listener(above) as master:
            for _ in range(2):
                fill(below, range(sent, sent + 700))
                sent += 700
                async with forwarder(below, port_of(master)):
                    await until(partial(arrived, above, sent - 350))
    async with listener(above) as master, forwarder(below, port_of(master)):
        await until(lambda: len(numbers(above)) >= sent)
    assert numbers(above) == list(range(sent))


async def test_forwarder_may_be_parked_only_while_it_has_nothing_to_send(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    asked: list[float | None] = []
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        sender.ctx.parking.enable(0.0, lambda _, due: asked.append(due))
        await until(lambda: len(asked) >= 1)
        assert asked[0] is not None  # the renewal of the certificate
        port = port_of(master)
    async with forwarder(below, port) as sender:
        sender.ctx.parking.enable(0.0, lambda _, due: asked.append(due))
        already = len(asked)
        await until(lambda: len(asked) > already)  # the master is away, but there is nothing for it
        fill(below, range(3))
        await until(lambda: sender.count("lag_bytes") > 0)
        already, failures = len(asked), sender.count("failures")
        await until(lambda: sender.count("failures") > failures + 8)
        assert len(asked) <= already + 1  # the one that was under way


async def test_several_spools_keep_their_own_order(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    for place, worker in enumerate(("collect", "decoys", "sniff")):
        fill(below, range(place * 10_000, place * 10_000 + 1500), worker)
    async with listener(above) as master, forwarder(below, port_of(master)):
        await until(lambda: len(numbers(above)) >= 4500)
    found = numbers(above)
    assert len(found) == len(set(found)) == 4500
    for place in range(3):
        mine = [number for number in found if number // 10_000 == place]
        assert mine == sorted(mine)


async def test_spool_that_was_made_anew_is_sent_from_its_beginning(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(500))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 500)
    directory = below / "spool" / "decoys"
    directory.rename(tmp_path / "lost")
    fill(below, range(500, 600))
    async with listener(above) as master, forwarder(below, port_of(master)):
        await until(lambda: len(numbers(above)) >= 600)
    assert numbers(above) == list(range(600))


async def test_a_lost_acknowledgement_is_repeated_by_the_listener(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(2000))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 2000)
    acknowledgement(below / "spool" / "decoys", "forwarder").unlink()
    fill(below, range(2000, 2100))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 100)
        assert sender.count("events_sent") == 100
    assert numbers(above) == list(range(2100))


async def test_line_that_is_no_event_stays_at_the_sensor(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(10))
    segment = next((below / "spool" / "decoys").glob("*.jsonl"))
    with segment.open("ab") as file:
        file.write(b"not an event\n")
    fill(below, range(10, 20))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 20)
        assert sender.count("refused") == sender.count("quarantined") == 1
    assert numbers(above) == list(range(20))
    kept = [path.read_bytes() for path in (below / "quarantine" / "forwarder").glob("*.jsonl")]
    assert b"not an event" in b"".join(kept)


async def test_events_of_another_sensor_are_quarantined_and_counted(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(5), name="paris-1")
    fill(below, range(5, 10))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 10)
        assert master.count("foreign_events") == master.count("rejected") == master.count("quarantined") == 5
    assert numbers(above) == list(range(5, 10))


async def test_name_that_is_not_the_certificates_is_a_start_up_error(tmp_path: Path) -> None:
    _, below = enrolled_pair(tmp_path)
    with pytest.raises(StartupError, match=rf"\[state\] sensor = '{NAME}'"):
        async with forwarder(below, 1, "paris-1"):
            pass


async def test_a_host_that_is_not_enrolled_is_shown_how(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="decnet swarm token"):
        async with forwarder(tmp_path, 1):
            pass
