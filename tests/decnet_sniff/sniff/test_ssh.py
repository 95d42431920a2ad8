# SPDX-License-Identifier: MIT
"""SSH introductions are found wherever the segments are cut, and nothing else is taken for one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.protocols import hassh, ssh
from decnet_sniff.protocols.ssh import Kexinit, Ssh, recognise
from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict
from decnet_sniff.sniff import payloads

LISTS = Kexinit(b"kex1,kex2", b"hk", b"enc-cs", b"enc-sc", b"mac-cs", b"mac-sc", b"zip-cs", b"zip-sc", b"", b"")
LINE = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"


def packet(payload: bytes) -> bytes:
    padding = 8 - (5 + len(payload)) % 8 + 4
    return struct.pack("!IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


def kexinit(lists: tuple[bytes, ...] = LISTS) -> bytes:
    names = b"".join(struct.pack("!I", len(one)) + one for one in lists)
    return packet(b"\x14" + b"c" * 16 + names + b"\0" + bytes(4))


WHOLE = LINE + b"\r\n" + kexinit()


def test_identification_and_lists_are_read() -> None:
    assert recognise(WHOLE + b"anything behind it") == Ssh(LINE, LISTS)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("preamble", [b"", b"Welcome\r\n", b"Authorised use only\nSSH-like text\n\n"])
def test_lines_before_the_identification_are_passed_over(preamble: bytes, end: bytes) -> None:
    if preamble.startswith(b"Authorised"):
        preamble = preamble.replace(b"\nSSH-", b"\n SSH-")
    assert recognise(preamble + LINE + end + kexinit()) == Ssh(LINE, LISTS)


def test_ssh_1_99_is_ssh_2_and_ssh_1_is_not() -> None:
    assert recognise(b"SSH-1.99-old\n" + kexinit()) == Ssh(b"SSH-1.99-old", LISTS)
    assert recognise(b"SSH-1.5-older\n" + kexinit()) is NOTHING


def test_ignored_and_debug_messages_may_stand_before_kexinit() -> None:
    assert recognise(LINE + b"\r\n" + packet(b"\x02" + b"ignored") * 3 + kexinit()) == Ssh(LINE, LISTS)
    assert recognise(LINE + b"\r\n" + packet(b"\x02" + b"ignored") * 9 + kexinit()) is NOTHING


@pytest.mark.parametrize(
    "start", [b"\x16\x03\x01", b"GET / HTTP/1.1\r\nA: \0", b"\0" * 9, b"SSH-3.0-x\r\n", b"\xff\xfb\x01"]
)
def test_other_protocols_are_recognised_at_once(start: bytes) -> None:
    assert recognise(start) is NOTHING


def test_patience_with_other_text_ends() -> None:
    assert recognise(b"220 mail.example ESMTP\r\n") is NEED_MORE
    assert recognise(b"220 mail.example ESMTP\r\n" * 80) is NOTHING
    assert recognise(b"SSH-2.0-" + b"x" * ssh.MAX_IDENTIFICATION) is NOTHING


def test_only_a_server_may_send_other_lines_first() -> None:
    said = b"Welcome\r\n" + WHOLE
    assert recognise(said, lines_before=False) is NOTHING
    assert recognise(WHOLE, lines_before=False) == recognise(said)
    assert recognise(b"SS", lines_before=False) is NEED_MORE


def test_what_is_longer_than_the_standard_allows_is_read_as_servers_do() -> None:
    line = b"SSH-2.0-" + b"x" * 400
    many = LISTS._replace(host_key=b",".join(b"alg-%d" % number for number in range(6000)))
    assert recognise(line + b"\n" + kexinit(many)) == Ssh(line, many)


def test_every_cut_before_the_end_asks_for_more() -> None:
    for length in range(len(WHOLE) - 8):
        assert recognise(WHOLE[:length]) is NEED_MORE, length


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_flipped_byte_never_raises(place: int, value: int) -> None:
    assert isinstance(recognise(WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :]), Ssh | Verdict)


@given(st.binary(max_size=300))
def test_any_bytes_after_the_identification_never_raise(data: bytes) -> None:
    assert isinstance(recognise(LINE + b"\r\n" + data), Ssh | Verdict)


@given(st.binary(max_size=1500))
def test_any_bytes_never_raise(data: bytes) -> None:
    assert isinstance(recognise(data), Ssh | Verdict)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=10, max_size=10))
def test_lists_that_lie_about_their_length_are_nothing(lengths: list[int]) -> None:
    names = b"".join(struct.pack("!I", max(length, 400)) for length in lengths)
    assert recognise(LINE + b"\n" + packet(b"\x14" + b"c" * 16 + names)) is NOTHING


@given(st.integers(ssh.MAX_PACKET + 1, 2**32 - 1) | st.integers(0, 5))
def test_packets_longer_or_shorter_than_allowed_are_nothing(length: int) -> None:
    assert recognise(LINE + b"\n" + struct.pack("!IB", length, 4) + b"\x14" + bytes(200)) is NOTHING


def test_hassh_takes_the_lists_of_its_own_direction() -> None:
    assert hassh.client_algorithms(LISTS) == b"kex1,kex2;enc-cs;mac-cs;zip-cs"
    assert hassh.server_algorithms(LISTS) == b"kex1,kex2;enc-sc;mac-sc;zip-sc"


CYBERDUCK = Kexinit(
    b"curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp521,ecdh-sha2-nistp384,"
    b"ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,"
    b"diffie-hellman-group14-sha256,diffie-hellman-group15-sha512,diffie-hellman-group16-sha512,"
    b"diffie-hellman-group17-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256@ssh.com,"
    b"diffie-hellman-group15-sha256,diffie-hellman-group15-sha256@ssh.com,diffie-hellman-group15-sha384@ssh.com,"
    b"diffie-hellman-group16-sha256,diffie-hellman-group16-sha384@ssh.com,diffie-hellman-group16-sha512@ssh.com,"
    b"diffie-hellman-group18-sha512@ssh.com",
    b"ssh-rsa",
    b"aes128-cbc,aes128-ctr,aes192-cbc,aes192-ctr,aes256-cbc,aes256-ctr,blowfish-cbc,blowfish-ctr,cast128-cbc,"
    b"cast128-ctr,idea-cbc,idea-ctr,serpent128-cbc,serpent128-ctr,serpent192-cbc,serpent192-ctr,serpent256-cbc,"
    b"serpent256-ctr,3des-cbc,3des-ctr,twofish128-cbc,twofish128-ctr,twofish192-cbc,twofish192-ctr,twofish256-cbc,"
    b"twofish256-ctr,twofish-cbc,arcfour,arcfour128,arcfour256",
    b"none",
    b"hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-sha2-256,hmac-sha2-512",
    b"none",
    b"zlib@openssh.com,zlib,none",
    b"none",
    b"",
    b"",
)
"""The worked example of the published description: CyberDuck 6.7.1."""


def test_hassh_of_the_published_example() -> None:
    found = recognise(b"SSH-2.0-Cyberduck/6.7.1.28683\r\n" + kexinit(CYBERDUCK))
    assert isinstance(found, Ssh)
    reported = payloads.ssh_kex(found, server=False)
    assert reported.hassh == "8a8ae540028bf433cd68356c1b9e8d5b"
    assert (reported.role, reported.software, reported.host_keys) == (
        "client",
        "SSH-2.0-Cyberduck/6.7.1.28683",
        "ssh-rsa",
    )


def test_equal_first_flights_have_equal_fingerprints() -> None:
    found = recognise(WHOLE)
    assert isinstance(found, Ssh)
    assert len({payloads.ssh_kex(found, server=True), payloads.ssh_kex(found, server=True)}) == 1
    assert payloads.ssh_kex(found, server=True).hassh != payloads.ssh_kex(found, server=False).hassh
