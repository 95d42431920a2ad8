# SPDX-License-Identifier: MIT
"""What the listener promises of its disk: nothing confirmed that is not on it, nothing on it twice."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_workers import Running, enrolled_pair, fill, forwarder, listener, numbers, port_of, until

from decnet_core.spool.positions import acknowledgement
from decnet_swarm.pki import files
from decnet_swarm.pki.contexts import forwarder_context
from decnet_swarm.stream import connect_tls


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 1 MiB for the master."""
    if os.getuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "master"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.decode()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_events_after_the_last_checkpoint_are_known_when_they_come_again(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(400))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 400)
    checkpoint, acknowledged = (
        above / "positions" / "listener.json",
        acknowledgement(below / "spool" / "decoys", "forwarder"),
    )
    early, known = checkpoint.read_bytes(), acknowledged.read_bytes()
    fill(below, range(400, 1000))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 600)
    checkpoint.write_bytes(early)  # as if both had been killed before they could note it
    acknowledged.write_bytes(known)
    fill(below, range(1000, 1100))
    async with listener(above) as master:  # ends before the sensor comes: what it knew, the next one must find, too
        assert master.count("remembered") == 600
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 700)
        assert master.count("duplicates") == 600
        assert master.count("remembered") == 0
    assert numbers(above) == list(range(1100))


async def test_events_that_do_not_come_again_are_forgotten_when_the_sensor_has_caught_up(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above):
        early = (above / "positions" / "listener.json").read_bytes()
    fill(below, range(100))
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 100)
    (above / "positions" / "listener.json").write_bytes(early)  # but the sensor has noted it
    async with listener(above) as master:
        assert master.count("remembered") == 100
        async with forwarder(below, port_of(master)) as sender:
            await until(lambda: master.count("remembered") == 0)
            assert sender.count("events_sent") == 0
    async with listener(above) as master:
        assert master.count("remembered") == 0


async def test_syslog_of_others_is_forgotten_when_they_come_again(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    async with listener(above) as master:
        early = (above / "positions" / "listener.json").read_bytes()
        await say_plainly(below, master, b"<13>one\n")
        await until(lambda: master.count("events") == 1)
    (above / "positions" / "listener.json").write_bytes(early)
    async with listener(above) as master:
        assert master.count("remembered") == 1
        await say_plainly(below, master, b"<13>two\n")
        await until(lambda: master.count("events") == 1)
        assert master.count("remembered") == 0


async def say_plainly(below: Path, master: Running, said: bytes) -> None:
    peer = await connect_tls("127.0.0.1", port_of(master), forwarder_context(files.forwarder_folder(below)), None)
    peer.write(said)
    await peer.drain()
    await peer.close()


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b'{"end":5}', b"[]"])
async def test_damaged_checkpoint_is_no_obstacle(tmp_path: Path, damage: bytes) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(10))
    (above / "positions").mkdir()
    (above / "positions" / "listener.json").write_bytes(damage)
    async with listener(above) as master, forwarder(below, port_of(master)) as sender:
        await until(lambda: sender.count("acknowledged") == 10)
    assert numbers(above) == list(range(10))


async def test_full_disk_of_the_master_stops_the_sensor_and_costs_nothing(small_disk: Path, tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(3000))
    async with listener(above, checkpoint_seconds=0.05) as master:
        (small_disk / "ballast").write_bytes(b"x" * max(0, os.statvfs(small_disk).f_bavail * 4096 - (128 << 10)))
        async with forwarder(below, port_of(master)) as sender:
            await until(lambda: master.count("disk_refusals") >= 1)
            stored = len(numbers(above))
            assert stored < 3000
            assert sender.count("acknowledged") <= stored
            (small_disk / "ballast").unlink()
            await until(lambda: sender.count("acknowledged") == 3000)
    assert numbers(above) == list(range(3000))


async def test_listener_killed_while_its_disk_is_full_goes_on_where_it_was(small_disk: Path, tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(3000))
    async with listener(above, checkpoint_seconds=0.05) as master:
        (small_disk / "ballast").write_bytes(b"x" * max(0, os.statvfs(small_disk).f_bavail * 4096 - (128 << 10)))
        async with forwarder(below, port_of(master)):
            await until(lambda: master.count("disk_refusals") >= 1)
    image = tmp_path / "image"  # what a kill would have left, on a disk with room
    shutil.copytree(above, image, ignore=shutil.ignore_patterns("ballast", "run"))
    async with listener(image) as master, forwarder(below, port_of(master)):
        await until(lambda: len(numbers(image)) >= 3000)
    assert numbers(image) == list(range(3000))
