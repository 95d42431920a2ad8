# SPDX-License-Identifier: MIT
"""The machine's accounts as its files have them: passwd(5), group(5), shadow(5), authorized_keys (sshd(8)).

The files are what counts, so that whoever edits them changes the accounts, with whatever program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from decnet_decoys.personas.schema import User
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.machine import Machine

MAX_READ = 32 << 10
"""Bytes of one of the files that are read."""
MAX_USERS = 120
MAX_GROUPS = 200

_CRYPT_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SALT_LENGTH, _HASH_LENGTH = 22, 43


def _rows(files: FileSystem, path: str, columns: int) -> Iterator[list[str]]:
    try:
        content = files.read(path, KERNEL)
    except FileSystemError:
        return
    text = content[:MAX_READ] if isinstance(content, bytes) else b""
    for line in decode(text).split("\n"):
        fields = line.split(":")
        if len(fields) >= columns and fields[0]:
            yield fields


def groups(files: FileSystem) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Return each group's number and members."""
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for name, _, number, members, *_ in _rows(files, "/etc/group", 4):
        if number.isdecimal() and len(number) < 10 and len(found) < MAX_GROUPS:
            found[name] = int(number), tuple(one for one in members.split(",") if one)
    return found


def users(files: FileSystem) -> list[User]:
    """Return the accounts in their order."""
    memberships: dict[str, list[str]] = {}
    for group, (_, members) in groups(files).items():
        for member in members:
            memberships.setdefault(member, []).append(group)
    found: list[User] = []
    for name, _, uid, gid, gecos, home, shell, *_ in _rows(files, "/etc/passwd", 7):
        if all(one.isdecimal() and len(one) < 11 for one in (uid, gid)) and len(found) < MAX_USERS:
            own = tuple(memberships.get(name, ()))
            sudo = "sudo" in own or "wheel" in own
            user = User(name=name, uid=int(uid), gid=int(gid), gecos=gecos, home=home or "/", shell=shell)
            found.append(msgspec.structs.replace(user, groups=own, sudo=sudo))
    return found


def shadow(files: FileSystem) -> dict[str, str]:
    """Return each account's password field."""
    return {name: field for name, field, *_ in _rows(files, "/etc/shadow", 2)}


def keys(files: FileSystem, path: str, most: int) -> list[str]:
    """Return the public keys (base64) of an authorized_keys file."""
    try:
        content = files.read(path, KERNEL)
    except FileSystemError:
        return []
    found: list[str] = []
    for line in decode(content[:MAX_READ] if isinstance(content, bytes) else b"").split("\n")[:500]:
        words = line.split()
        kind = next((index for index, word in enumerate(words[:8]) if word.startswith(("ssh-", "ecdsa-", "sk-"))), None)
        if kind is not None and not line.startswith("#") and len(words) > kind + 1 and len(found) < most:
            found.append(words[kind + 1])
    return found


def made_field(salt: str) -> str:
    """Return a password field: a yescrypt hash's shape (crypt(5)) that tells one password from others."""
    noise = hashlib.shake_256(encode(salt)).digest(_SALT_LENGTH + _HASH_LENGTH)
    text = "".join(_CRYPT_ALPHABET[byte & 63] for byte in noise)
    return f"$y$j9T${text[:_SALT_LENGTH]}${text[_SALT_LENGTH:]}"


def own_field(machine: Machine, user: User) -> str:
    """Return the password field that the machine's /etc/shadow has of an account before anybody changes it."""
    if not user.passwords:
        return "*"
    return made_field(f"{machine.given_name}:{machine.persona.hardware.mac}:{user.name}")
