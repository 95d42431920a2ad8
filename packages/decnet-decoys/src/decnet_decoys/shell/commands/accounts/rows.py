# SPDX-License-Identifier: MIT
"""The rows of /etc/passwd, /etc/shadow and /etc/group, as commands change them."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.machine.fs_errors import FileSystemError

MAX_SECRETS = 256
"""Passwords that intruders set on one machine."""


def lines_of(call: Call, path: str) -> list[str]:
    """Return the lines of one of the accounts' files, as far as it is read at all."""
    try:
        content = call.shell.files.read(path, KERNEL)
    except FileSystemError:
        return []
    return decode(content[: account_files.MAX_READ] if isinstance(content, bytes) else b"").splitlines()


def store(call: Call, path: str, lines: list[str]) -> None:
    files = call.shell.files
    text = encode("".join(line + "\n" for line in lines))[: account_files.MAX_READ]
    files.write(path, text, KERNEL._replace(now=call.shell.now))


def edit(call: Call, path: str, name: str, column: int, value: str) -> None:
    """Change one column of the row `name`."""
    lines = lines_of(call, path)
    for index, line in enumerate(lines):
        fields = line.split(":")
        if fields[0] == name and column < len(fields):
            fields[column] = value
            lines[index] = ":".join(fields)
    store(call, path, lines)


def append(call: Call, path: str, row: str) -> None:
    store(call, path, [*lines_of(call, path), row])


def drop(call: Call, path: str, name: str) -> None:
    store(call, path, [line for line in lines_of(call, path) if not line.startswith(f"{name}:")])


def set_password(call: Call, name: str, password: str) -> None:
    """Put a hash into /etc/shadow, and keep which password it stands for."""
    machine, shell = call.shell.machine, call.shell
    field = account_files.made_field(f"{machine.hostname}:{name}:{password}:{shell.now}:{len(machine.secrets)}")
    while len(machine.secrets) >= MAX_SECRETS:
        machine.secrets.pop(next(iter(machine.secrets)))
    machine.secrets[field] = password
    if name not in account_files.shadow(shell.files):
        append(call, "/etc/shadow", f"{name}:!:{shell.now // 86400}:0:99999:7:::")
    edit(call, "/etc/shadow", name, 1, field)
    edit(call, "/etc/shadow", name, 2, str(shell.now // 86400))
