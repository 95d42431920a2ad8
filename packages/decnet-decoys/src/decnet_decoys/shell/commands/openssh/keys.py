# SPDX-License-Identifier: MIT
"""ssh-keygen: makes pairs of keys in the right form, and tells the fingerprints of public ones (RFC 4253, 6.6)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import posixpath
from contextlib import suppress

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.effects import AskLine, Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

MAX_KEY_LINE = 16 << 10
"""Bytes of a public key's line."""
MAX_KEYS = 200
"""Keys of a file whose fingerprints are told."""
_KINDS = {"ssh-rsa": "RSA", "ssh-ed25519": "ED25519", "ssh-dss": "DSA", "ecdsa-sha2-nistp256": "ECDSA",
          "ecdsa-sha2-nistp384": "ECDSA", "ecdsa-sha2-nistp521": "ECDSA"}  # fmt: skip
_BITS = {"ssh-ed25519": 256, "ssh-dss": 1024, "ecdsa-sha2-nistp256": 256, "ecdsa-sha2-nistp384": 384,
         "ecdsa-sha2-nistp521": 521}  # fmt: skip


@command("ssh-keygen", families=("debian",))
def ssh_keygen(call: Call) -> Effects:
    """Make a pair of keys: files in the right form, with noise for numbers; or look into one."""
    found = options(call, "t:N:f:qb:C:ylpP:R:F:AE:vaBceH", {})
    if found.any("RF"):
        return (yield from _known_hosts(call, found))
    if "l" in found:
        return (yield from _fingerprints(call, found))
    if "y" in found:
        return _public_half(call, found.last("f", f"{call.shell.user.home}/.ssh/id_rsa"))
    return (yield from _made(call, found))


def _parsed(line: bytes) -> tuple[str, bytes, str] | None:
    """Return algorithm, key and comment of a public key's line, options before it left out; None when it is none."""
    words = decode(line[:MAX_KEY_LINE]).split(None, 16)
    place = next((index for index, word in enumerate(words[:-1]) if word in _KINDS), None)
    if place is None:
        return None
    try:
        blob = base64.b64decode(words[place + 1], validate=True)
    except (binascii.Error, ValueError):
        return None
    name = words[place].encode()
    if not blob.startswith(len(name).to_bytes(4, "big") + name) or len(blob) < len(name) + 8:
        return None
    return words[place], blob, " ".join(words[place + 2 :])


def _bits(algorithm: str, blob: bytes) -> int:
    """Return how long a key is: of RSA, its modulus."""
    if algorithm in _BITS:
        return _BITS[algorithm]
    at, number = 4 + len(algorithm), b""
    for _ in range(2):  # exponent and modulus
        size = int.from_bytes(blob[at : at + 4], "big")
        number, at = blob[at + 4 : at + 4 + size], at + 4 + size
    return int.from_bytes(number, "big").bit_length()


def _fingerprint(blob: bytes, kind: str) -> str:
    if kind == "md5":
        return "MD5:" + hashlib.md5(blob, usedforsecurity=False).digest().hex(":")
    digest = hashlib.sha256(blob).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _fingerprints(call: Call, found: Options) -> Effects:
    name = found.last("f")
    if not name:
        default = f"{call.shell.user.home}/.ssh/id_rsa"
        name = decode((yield AskLine(f"Enter file in which the key is ({default}): ")) or b"") or default
    source, shown = None, 0
    for path in (name, f"{name}.pub"):
        try:
            data = call.content(path)
        except FileSystemError as error:
            if path == name:
                call.print_error(f"ssh-keygen: {name}: {error}\r")
                return 255
            continue
        source = data
        for line in (source if isinstance(source, bytes) else b"").split(b"\n", MAX_KEYS)[:MAX_KEYS]:
            yield from turn()
            key = _parsed(line)
            if key is not None:
                shown += 1
                algorithm, blob, comment = key
                digest = _fingerprint(blob, found.last("E", "sha256"))
                call.print(f"{_bits(algorithm, blob)} {digest} {comment or 'no comment'} ({_KINDS[algorithm]})")
        if shown:
            return 0
    call.print_error(f"{name} is not a public key file.\r")
    return 255


def _public_half(call: Call, path: str) -> int:
    """Show the public key that belongs to a private one: that of the file beside it."""
    try:
        call.content(path)
    except FileSystemError as error:
        call.print_error(f"{path}: {error}")
        return 255
    try:
        data = call.content(f"{path}.pub")
        line = data if isinstance(data, bytes) else b""
    except FileSystemError:
        line = b""
    if _parsed(line.partition(b"\n")[0]) is None:
        call.print_error(f'Load key "{path}": error in libcrypto')
        return 255
    call.out.write(line.partition(b"\n")[0][:MAX_KEY_LINE] + b"\n")
    return 0


def _known_hosts(call: Call, found: Options) -> Effects:
    """Find a host among those that are known (-F), or take it out (-R)."""
    path, host = found.last("f", f"{call.shell.user.home}/.ssh/known_hosts"), found.last("R", found.last("F"))
    try:
        data = call.content(path)
    except FileSystemError as error:
        call.print_error(f"Cannot stat {path}: {error}\r")
        return 255
    kept, hits = list[bytes](), list[tuple[int, bytes]]()
    for number, line in enumerate((data if isinstance(data, bytes) else b"").split(b"\n", 4 * MAX_KEYS), 1):
        yield from turn()
        if encode(host) in line[:MAX_KEY_LINE].partition(b" ")[0].split(b","):
            hits.append((number, line))
        else:
            kept.append(line)
    for number, line in hits:
        call.print(f"# Host {host} found: line {number}")
        if "R" not in found:
            call.out.write(line[:MAX_KEY_LINE] + b"\n")
    if "R" not in found:
        return int(not hits)
    if not hits:
        call.print_error(f"Host {host} not found in {path}")
        return 0
    call.shell.files.write(path, b"\n".join(kept), call.shell.access)
    call.print(f"{path} updated.\nOriginal contents retained as {path}.old")
    return 0


def _noise(kind: str, algorithm: str, bits: str) -> bytes:
    """Return a public key in the right form, of random numbers."""
    size = int(bits) if bits.isdecimal() and len(bits) < 6 else 3072
    parts = {
        "rsa": (b"\1\0\1", b"\0" + bytes([0x80 | os.urandom(1)[0]]) + os.urandom(max(128, min(size, 16384) // 8) - 1)),
        "ed25519": (os.urandom(32),),
        "ecdsa": (b"nistp256", b"\4" + os.urandom(64)),
    }.get(kind, (b"\0" + os.urandom(128),))
    return b"".join(len(part).to_bytes(4, "big") + part for part in (algorithm.encode(), *parts))


def _make_own_folder(call: Call, path: str, *, told: bool) -> Steps[None]:
    """Make ~/.ssh where a key is to be put there."""
    yield from turn()
    folder, files, access = f"{call.shell.user.home}/.ssh", call.shell.files, call.shell.access
    if posixpath.dirname(posixpath.join(call.shell.cwd, path)) != folder or files.exists(folder, access):
        return
    with suppress(FileSystemError):
        files.mkdir(folder, access)
        files.change(folder, access, mode=0o700)
        if told:
            call.print(f"Created directory '{folder}'.")


def _made(call: Call, found: Options) -> Effects:
    kind = found.last("t", "rsa")
    if kind not in ("rsa", "ed25519", "ecdsa", "dsa"):
        call.print_error(f"unknown key type {kind[:32]}\r")
        return 255
    name = f"{call.shell.user.home}/.ssh/id_{kind}"
    path = found.last("f") or decode((yield AskLine(f"Enter file in which to save the key ({name}): ")) or b"") or name
    if "N" not in found:
        yield AskLine("Enter passphrase (empty for no passphrase): ", echo=False)
        yield AskLine("Enter same passphrase again: ", echo=False)
    if "q" not in found:
        call.print(f"Generating public/private {kind} key pair.")
    algorithm = {"rsa": "ssh-rsa", "ed25519": "ssh-ed25519", "dsa": "ssh-dss"}.get(kind, "ecdsa-sha2-nistp256")
    blob = _noise(kind, algorithm, found.last("b"))
    comment = found.last("C", f"{call.shell.user.name}@{call.shell.machine.hostname}")
    rows = base64.b64encode(b"openssh-key-v1\0" + os.urandom(1800 if kind == "rsa" else 250)).decode()
    body = "\n".join(rows[at : at + 70] for at in range(0, len(rows), 70))
    private = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"
    public = f"{algorithm} {base64.b64encode(blob).decode()} {comment}\n"
    yield from _make_own_folder(call, path, told="q" not in found)
    for target, text, mode in ((path, private, 0o600), (f"{path}.pub", public, 0o644)):
        try:
            call.shell.files.write(target, encode(text), call.shell.access)
            call.shell.files.change(target, call.shell.access, mode=mode)
        except FileSystemError as error:
            call.print_error(f'Saving key "{path}" failed: {error}')
            return 1
    if "q" not in found:
        call.print(f"Your identification has been saved in {path}\nYour public key has been saved in {path}.pub")
        call.print(f"The key fingerprint is:\n{_fingerprint(blob, 'sha256')} {comment}")
    return 0
