# SPDX-License-Identifier: MIT
"""Files put on a decky's machine: visitors see them, keep what they changed themselves, and a restart keeps them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
import pytest_asyncio
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings

from decnet_core.deckies.handover import HandoverClient, HandoverError, handover_sockets
from decnet_core.deckies.messages import PlacedFile
from decnet_decoys.assigned import placed_files
from decnet_decoys.assigned.placed_files import MOST_FILES, PlacedFiles

NOTES = PlacedFile("/home/deploy/notes/2026-11.txt", b"call Ines\n", "deploy", 0o640, 1_790_000_000)


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(tmp_path, fleet_settings())
    await host.open()
    yield host
    await host.close()


async def placed(host: DeckyHost, *files: PlacedFile, decky: str = "web-01") -> None:
    def place() -> None:
        with HandoverClient(handover_sockets(host.state)[0]) as client:
            client.place(decky, files)

    await asyncio.to_thread(place)


async def typed(host: DeckyHost, command: str) -> str:
    connecting = asyncssh.connect(
        host.decky.address,
        host.decky.services["ssh"],
        username="root",
        password="admin123",
        known_hosts=None,
        config=None,
    )
    async with connecting as client:
        done = await client.run(command, check=False)
    return str(done.stdout) + str(done.stderr)


async def test_a_placed_file_is_seen_with_its_owner_and_time(host: DeckyHost) -> None:
    await placed(host, NOTES)
    assert await typed(host, f"cat {NOTES.path}") == "call Ines\n"
    shown = await typed(host, f"stat {NOTES.path}")
    assert "(0640/-rw-r-----)" in shown
    assert "1000/  deploy" in shown
    assert f"Modify: {dt.datetime.fromtimestamp(NOTES.mtime, dt.UTC):%Y-%m-%d %H:%M:%S}" in shown
    assert "1000/  deploy" in await typed(host, "stat /home/deploy/notes")


async def test_a_file_grows_while_visitors_look(host: DeckyHost) -> None:
    assert "No such file" in await typed(host, f"cat {NOTES.path}")
    await placed(host, NOTES)
    await placed(host, PlacedFile(NOTES.path, b"call Ines\ncall Ben\n", "deploy", 0o640, NOTES.mtime + 60))
    assert await typed(host, f"cat {NOTES.path}") == "call Ines\ncall Ben\n"


async def test_a_visitor_keeps_what_he_changed_and_deleted(host: DeckyHost) -> None:
    gone = PlacedFile("/home/deploy/gone.txt", b"x\n", "deploy", 0o644, 1)
    await placed(host, NOTES, gone)
    await typed(host, f"echo mine > {NOTES.path}; rm {gone.path}")
    await placed(host, PlacedFile(NOTES.path, b"grown\n", "deploy", 0o640, 2), gone)
    assert await typed(host, f"cat {NOTES.path}") == "mine\n"
    assert "No such file" in await typed(host, f"cat {gone.path}")


async def test_placed_files_are_there_after_a_restart(tmp_path: Path) -> None:
    settings = fleet_settings()
    first = DeckyHost(tmp_path, settings)
    await first.open()
    await placed(first, NOTES)
    await first.close()
    second = DeckyHost(tmp_path, settings)
    await second.open()
    try:
        assert await typed(second, f"cat {NOTES.path}") == "call Ines\n"
    finally:
        await second.close()


@pytest.mark.parametrize(
    "path", ["/", "/etc/../etc/passwd", "//etc/motd", "/proc/uptime", "/sys", "/dev/null", "/home/deploy/", "/a/./b"]
)
async def test_a_path_that_is_not_plain_is_refused(host: DeckyHost, path: str) -> None:
    with pytest.raises(HandoverError, match=r"cannot be read|no plain absolute path|that the kernel makes"):
        await placed(host, PlacedFile(path, b"", "root", 0o644, 1))


async def test_a_file_in_whose_way_something_is_harms_nothing(host: DeckyHost) -> None:
    await placed(
        host, *(PlacedFile(path, b"?", "root", 0o644, 1) for path in ("/etc", "/bin/new", "/etc/passwd/below"))
    )
    assert "root" in await typed(host, "cat /etc/passwd")
    assert "No such file" in await typed(host, "cat /usr/bin/new")


async def test_files_of_an_unknown_owner_are_roots(host: DeckyHost) -> None:
    await placed(host, PlacedFile("/srv/list.txt", b"1\n", "nobody-here", 0o600, 5))
    shown = await typed(host, "stat /srv/list.txt")
    assert "(0600/-rw-------)" in shown
    assert "0/    root" in shown


async def test_a_decky_that_is_not_here_gets_nothing(host: DeckyHost) -> None:
    with pytest.raises(HandoverError, match="decky db-01 is not played"):
        await placed(host, NOTES, decky="db-01")


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = PlacedFiles(tmp_path)
    many = [PlacedFile(f"/srv/{number}", b"", "root", 0o644, 1) for number in range(MOST_FILES)]
    files.place("web-01", many)
    with pytest.raises(placed_files.PlacementError, match="has 200 files"):
        files.place("web-01", [PlacedFile("/srv/more", b"", "root", 0o644, 1)])
    with pytest.raises(placed_files.PlacementError, match="bytes"):
        files.place("web-02", [PlacedFile("/srv/large", bytes(placed_files.MOST_BYTES + 1), "root", 0o644, 1)])
    monkeypatch.setattr(placed_files, "MOST_DECKIES", 3)
    for number in range(2, 8):
        files.place(f"web-0{number}", many[:1])
    assert len(list(tmp_path.glob("*.json"))) == 3


def test_a_damaged_file_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "web-01.json").write_bytes(b"[{")
    files = PlacedFiles(tmp_path)
    files.place("web-01", [NOTES])
    assert "cannot be read" in caplog.text
    assert [file.path for file in files._read("web-01")] == [NOTES.path]
