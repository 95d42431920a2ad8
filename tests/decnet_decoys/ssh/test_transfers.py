# SPDX-License-Identifier: MIT
from __future__ import annotations

import struct
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import root_shell
from tests.examples import examples

from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.state import ShellState
from decnet_decoys.ssh.transfers.scp import Sink, target_of
from decnet_decoys.ssh.transfers.sftp import OnUpload, Sftp, Upload
from decnet_decoys.ssh.transfers.sftp_packets import BadPacketError


def packet(kind: int, *fields: int | bytes) -> bytes:
    body = bytes([kind])
    for field in fields:
        body += struct.pack(">I", field) if isinstance(field, int) else struct.pack(">I", len(field)) + field
    return struct.pack(">I", len(body)) + body


def begun(shell: ShellState, limit: int, uploaded: OnUpload) -> Sftp:
    """Return an SFTP channel whose client has sent its version."""
    server = Sftp(shell, limit, uploaded)
    fed(server, b"\0\0\0\5\1\0\0\0\3")
    return server


def fed(protocol: Sftp | Sink, data: bytes) -> bytes:
    return b"".join(protocol.feed(data))


def test_an_upload_is_handed_on_before_it_is_acknowledged(shell: ShellState) -> None:
    uploads: list[Upload] = []
    server = begun(shell, 100, uploads.append)
    fed(server, packet(1, 3))
    fed(server, packet(3, 1, b"/tmp/x", 0x1A, 0))
    fed(server, packet(6, 2, bytes(4), 0, 0, b"hello"))
    assert uploads == []
    reply = fed(server, packet(4, 3, bytes(4)))
    assert uploads == [Upload("/tmp/x", b"hello", 5)]
    assert reply[4] == 101
    assert shell.files.read("/tmp/x", shell.access) == b"hello"


def test_upload_is_stored_in_steps_before_it_is_acknowledged(shell: ShellState) -> None:
    steps: list[str] = []

    def storing(_upload: Upload) -> Iterator[None]:
        for name in ("hashed", "written"):
            yield
            steps.append(name)

    server = begun(shell, 100, storing)
    fed(server, packet(3, 1, b"/tmp/x", 0x1A, 0))
    replies = server.feed(packet(4, 3, bytes(4)))
    assert next(replies) == next(replies) == b""
    assert steps == ["hashed"]
    assert next(replies)[4] == 101
    assert steps == ["hashed", "written"]


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_are_answered_or_refused(machine: Machine, pieces: list[bytes]) -> None:
    server = begun(root_shell(machine), 100, lambda _upload: None)
    try:
        for piece in pieces:
            fed(server, piece)
    except BadPacketError:
        pass
    server.close()


FIELD = st.integers(0, 2**32 - 1) | st.sampled_from(
    [b"/tmp/x", b"/etc", b"/", b"..", bytes(4), b"\0\0\0\1", b"\xff", b""]
)


@settings(max_examples=examples(200))
@given(st.lists(st.tuples(st.integers(0, 21) | st.just(200), st.lists(FIELD, max_size=6)), max_size=12))
def test_any_packets_are_answered_or_refused(machine: Machine, packets: list[tuple[int, list[int | bytes]]]) -> None:
    server = begun(root_shell(machine), 100, lambda _upload: None)
    try:
        for kind, fields in packets:
            reply = fed(server, packet(kind, *fields))
            assert len(reply) >= 9 or not reply  # as of an unknown packet, or of the start of one
    except BadPacketError:
        pass
    server.close()


def test_a_length_without_end_is_refused(shell: ShellState) -> None:
    with pytest.raises(BadPacketError):
        fed(begun(shell, 100, lambda _upload: None), b"\xff\xff\xff\xff")


@given(st.integers(1, 40))
def test_scp_receives_files_however_the_bytes_are_cut(machine: Machine, step: int) -> None:
    uploads: list[Upload] = []
    shell = root_shell(machine)
    sink = Sink(shell, "/tmp", 1000, uploads.append)
    stream = b"T1 0 1 0\nC0755 5 a.sh\nhello\0D0755 0 d\nC0644 0 empty\n\0C0600 3 b\nxyz\0E\n"
    replies = b"".join(fed(sink, stream[at : at + step]) for at in range(0, len(stream), step))
    assert [(upload.path, upload.data) for upload in uploads] == [
        ("/tmp/a.sh", b"hello"),
        ("/tmp/d/empty", b""),
        ("/tmp/d/b", b"xyz"),
    ]
    assert set(replies) == {0}


def test_what_is_over_the_limit_is_counted_not_kept(shell: ShellState) -> None:
    uploads: list[Upload] = []
    sink = Sink(shell, "/tmp/f", 10, uploads.append)
    fed(sink, b"C0644 25 f\n" + bytes(25) + b"\0")
    assert uploads == [Upload("/tmp/f", bytes(10), 25)]


@given(
    st.lists(st.binary(max_size=30) | st.sampled_from([b"C0644 5 x\n", b"E\n", b"D0755 0 ..\n", b"\0"]), max_size=10)
)
def test_any_scp_bytes_are_answered(machine: Machine, pieces: list[bytes]) -> None:
    sink = Sink(root_shell(machine), "/tmp", 100, lambda _upload: None)
    for piece in pieces:
        fed(sink, piece)
    sink.close()


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("scp -t /tmp", "/tmp"),
        ("/usr/bin/scp -r -p -t -- x", "x"),
        ("scp -qt .", "."),
        ("scp -f /etc/passwd", None),
        ("scp", None),
    ],
)
def test_scp_sinks_are_recognised(command: str, target: str | None) -> None:
    assert target_of(command) == target


def test_many_small_requests_are_answered_one_by_one(shell: ShellState) -> None:
    """So that whoever feeds them can let others run in between."""
    server, sink = begun(shell, 100, lambda _upload: None), Sink(shell, "/tmp", 100, lambda _upload: None)
    replies = server.feed(packet(16, 1, b"/") * 5000)
    assert next(replies)[4] == 104
    assert sum(1 for _ in replies) == 4999
    assert sum(1 for _ in sink.feed(b"E\n" * 5000)) == 5000


def extended(name: bytes, *fields: int | bytes) -> bytes:
    return packet(200, 7, name, *fields)


def test_each_announced_extension_answers(shell: ShellState) -> None:
    server = begun(shell, 1000, lambda _: None)
    greeting = fed(server, packet(1, 3))
    fed(server, packet(3, 1, b"/etc/hostname", 1, 0))
    fed(server, packet(3, 2, b"/tmp/copy", 0x1A, 0))
    asked: dict[bytes, tuple[int | bytes, ...]] = {
        b"posix-rename@openssh.com": (b"/tmp/none", b"/tmp/none2"),
        b"statvfs@openssh.com": (b"/",),
        b"fstatvfs@openssh.com": (bytes(4),),
        b"hardlink@openssh.com": (b"/etc/hostname", b"/tmp/linked"),
        b"fsync@openssh.com": (bytes(4),),
        b"lsetstat@openssh.com": (b"/tmp/copy", 0),
        b"limits@openssh.com": (),
        b"expand-path@openssh.com": (b"~/x",),
        b"copy-data": (bytes(4), 0, 0, 0, 0, b"\0\0\0\1", 0, 0),
        b"home-directory": (b"root",),
        b"users-groups-by-id@openssh.com": (b"\0\0\0\0", b"\0\0\0\0"),
    }
    kinds = {name: fed(server, extended(name, *fields))[4] for name, fields in asked.items()}
    assert [name for name in asked if name not in greeting] == []
    assert kinds == dict.fromkeys(asked, 101) | {
        b"statvfs@openssh.com": 201, b"fstatvfs@openssh.com": 201, b"limits@openssh.com": 201,
        b"expand-path@openssh.com": 104, b"home-directory": 104, b"users-groups-by-id@openssh.com": 201,
    }  # fmt: skip
    fed(server, packet(4, 3, b"\0\0\0\1"))
    content = shell.files.read("/etc/hostname", shell.access)
    assert shell.files.read("/tmp/copy", shell.access) == content
    assert shell.files.read("/tmp/linked", shell.access) == content


SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")
RENAMED = {
    (source, target): 4 for source in ("file", "dir", "link", "dangling") for target in ("file", "dir", "link")
} | {(source, "nothing"): 0 for source in ("file", "dir", "link", "dangling")} | {
    ("file", "dangling"): 4, ("dir", "dangling"): 2, ("link", "dangling"): 0, ("dangling", "dangling"): 0,
    ("nothing", "nothing"): 2, ("nothing", "dangling"): 2,
}  # fmt: skip
"""Status of RENAME by what is renamed and what has the name, as OpenSSH 9.2's sftp-server answers."""


def entries(make_directory: Callable[[str], object], put: Callable[[str], object], link: Callable[..., object]) -> None:
    """Make one entry of each kind for each place of a rename."""
    for place in ("from", "to"):
        make_directory(f"{place}-dir")
        put(f"{place}-file")
        link("/", f"{place}-link")
        link("nowhere", f"{place}-dangling")


@pytest.mark.parametrize(("source", "target"), RENAMED)
def test_a_rename_is_answered_as_openssh_does(shell: ShellState, source: str, target: str) -> None:
    shell.files.mkdir("/tmp/x", shell.access)
    entries(
        lambda name: shell.files.mkdir(f"/tmp/x/{name}", shell.access),
        lambda name: shell.files.write(f"/tmp/x/{name}", b"", shell.access),
        lambda to, name: shell.files.link(to, f"/tmp/x/{name}", shell.access),
    )
    rename = packet(18, 7, f"/tmp/x/from-{source}".encode(), f"/tmp/x/to-{target}".encode())
    reply = fed(begun(shell, 100, lambda _: None), rename)
    assert (reply[4], int.from_bytes(reply[9:13], "big")) == (101, RENAMED[source, target])


@pytest.mark.skipif(not SFTP_SERVER.exists(), reason="needs openssh-sftp-server")
@pytest.mark.parametrize(("source", "target"), RENAMED)
def test_openssh_answers_a_rename_so(tmp_path: Path, source: str, target: str) -> None:
    entries(
        lambda name: (tmp_path / name).mkdir(),
        lambda name: (tmp_path / name).touch(),
        lambda to, name: (tmp_path / name).symlink_to(to),
    )
    rename = packet(18, 7, str(tmp_path / f"from-{source}").encode(), str(tmp_path / f"to-{target}").encode())
    asked = b"\0\0\0\5\1\0\0\0\3" + rename
    with subprocess.Popen([SFTP_SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(asked)
        server.stdin.flush()  # it would leave at once where its input ends
        _, reply = (server.stdout.read(int.from_bytes(server.stdout.read(4), "big")) for _ in range(2))
        server.stdin.close()
    assert (reply[0], int.from_bytes(reply[5:9], "big")) == (101, RENAMED[source, target])


MIB = 1 << 20


def held(shell: ShellState) -> int:
    return shell.lease.held


def test_data_is_copied_in_steps(shell: ShellState) -> None:
    content = bytes(range(256)) * (3 * MIB // 256)
    shell.files.write("/tmp/x", content, shell.access)
    server = begun(shell, 4 * MIB, lambda _: None)
    fed(server, packet(3, 1, b"/tmp/x", 1, 0) + packet(3, 2, b"/tmp/copy", 0x1A, 0))
    replies = list(server.feed(extended(b"copy-data", bytes(4), 0, 0, 0, 0, b"\0\0\0\1", 0, 0)))
    assert replies.count(b"") >= 12
    assert replies[-1][4:13] == b"\x65\0\0\0\7\0\0\0\0"
    fed(server, packet(4, 3, b"\0\0\0\1"))
    assert shell.files.read("/tmp/copy", shell.access) == content


def test_data_is_not_copied_into_a_file_that_is_read(shell: ShellState) -> None:
    server = begun(shell, MIB, lambda _: None)
    fed(server, packet(3, 1, b"/etc/passwd", 1, 0) + packet(3, 2, b"/etc/hostname", 1, 0))
    reply = fed(server, extended(b"copy-data", bytes(4), 0, 0, 0, 0, b"\0\0\0\1", 0, 0))
    assert reply[4:13] == b"\x65\0\0\0\7\0\0\0\4"


@pytest.mark.parametrize("opening", [packet(3, 1, b"/tmp/y/x", 1, 0), packet(11, 1, b"/tmp/y")])
def test_files_that_are_gone_take_no_memory_though_they_are_open(shell: ShellState, opening: bytes) -> None:
    """Else sixteen handles of each session kept sixteen times what one attacker may write, and no budget told."""
    server = begun(shell, MIB, lambda _: None)
    shell.files.mkdir("/tmp/y", shell.access)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(16):
            shell.files.write("/tmp/y/x", bytes([number]) * MIB, shell.access)
            assert fed(server, opening)[4] == 102
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 3 * MIB


def test_an_open_file_is_read_as_it_is_now(shell: ShellState) -> None:
    shell.files.write("/tmp/x", b"before", shell.access)
    server = begun(shell, 100, lambda _: None)
    fed(server, packet(3, 1, b"/tmp/x", 1, 0))
    shell.files.write("/tmp/x", b"after", shell.access)
    assert fed(server, packet(5, 2, bytes(4), 0, 0, 100)).endswith(b"after")
    shell.files.remove("/tmp/x", shell.access)
    assert fed(server, packet(5, 3, bytes(4), 0, 0, 100))[4:13] == b"\x65\0\0\0\3\0\0\0\1"


def test_a_large_directory_is_listed_without_looking_for_each_name(
    shell: ShellState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look for each of 2,000 names in a directory 90 deep took 0.2 s in one go."""
    shell.files.mkdir("/tmp/y", shell.access)
    for number in range(250):
        shell.files.write(f"/tmp/y/{number:03}", b"x" * number, shell.access)
    located: list[str] = []
    locate = FileSystem.locate

    def counted(files: FileSystem, path: str, *arguments: Any, **options: Any) -> str:
        located.append(path)
        return locate(files, path, *arguments, **options)

    monkeypatch.setattr(FileSystem, "locate", counted)
    server, before = begun(shell, 100, lambda _: None), held(shell)
    fed(server, packet(11, 1, b"/tmp/y"))
    assert held(shell) > before
    replies = [fed(server, packet(12, 2, bytes(4))) for _ in range(4)]
    assert [reply[4] for reply in replies] == [104, 104, 104, 101]
    assert [int.from_bytes(reply[9:13], "big") for reply in replies[:3]] == [100, 100, 52]
    assert len(located) < 10
    assert held(shell) == before
    fed(server, packet(11, 3, b"/tmp/y"))
    fed(server, packet(4, 4, b"\0\0\0\1"))
    assert held(shell) == before


@pytest.mark.parametrize(
    ("sent", "status"),
    [(packet(16, 1, b"/"), 255), (b"\0\0\0\1\1", 255), (b"\0\5\0\0\3", 11), (b"\0\0\0\0", 255)],
)
def test_what_begins_otherwise_ends_as_opensshs_server_does(shell: ShellState, sent: bytes, status: int) -> None:
    with pytest.raises(BadPacketError) as caught:
        fed(Sftp(shell, 100, lambda _: None), sent)
    assert caught.value.exit_status == status
