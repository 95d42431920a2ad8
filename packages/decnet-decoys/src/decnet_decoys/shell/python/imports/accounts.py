# SPDX-License-Identifier: MIT
"""getpass, pwd, grp and crypt: who has accounts on the machine, and hashes of passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.commands.cryptography.crypt_hashes import crypted, drawn_salt
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.machine.files import account_files
from decnet_decoys.shell.python.imports.functions import fixed, natives
from decnet_decoys.shell.python.values import Record, represented, text_of

if TYPE_CHECKING:
    from decnet_decoys.personas.schema import User
    from decnet_decoys.shell.python.program import Program

_METHODS = {"METHOD_SHA512": "6", "METHOD_SHA256": "5", "METHOD_MD5": "1"}
_DEPRECATED = "'crypt' is deprecated and slated for removal in Python 3.13"


def _getpass(program: Program) -> dict[str, Any]:
    return natives(getuser=fixed(program.call.shell.user.name))


def _pwd(program: Program) -> dict[str, Any]:
    def made(user: User) -> Record:
        names = {
            "pw_name": user.name, "pw_passwd": "x", "pw_uid": user.uid, "pw_gid": user.gid, "pw_gecos": "",
            "pw_dir": user.home, "pw_shell": user.shell,
        }  # fmt: skip
        return Record("pwd.struct_passwd", names | {"__items__": tuple(names.values())})

    def by_number(_program: Program, uid: Any) -> Record:
        for user in program.call.shell.users:
            if uid == user.uid:
                return made(user)
        raise KeyError(f"getpwuid(): uid not found: {represented(uid)}")

    def by_name(_program: Program, name: Any) -> Record:
        for user in program.call.shell.users:
            if name == user.name:
                return made(user)
        raise KeyError(f"getpwnam(): name not found: {represented(name)}")

    def every(_program: Program) -> list[Record]:
        return [made(user) for user in program.call.shell.users]

    return natives(getpwuid=by_number, getpwnam=by_name, getpwall=every)


def _grp(program: Program) -> dict[str, Any]:
    def made(name: str, number: int, members: tuple[str, ...]) -> Record:
        names = {"gr_name": name, "gr_passwd": "x", "gr_gid": number, "gr_mem": list(members)}
        return Record("grp.struct_group", names | {"__items__": tuple(names.values())})

    def every(_program: Program) -> list[Record]:
        known = account_files.groups(program.call.shell.files)
        return [made(name, number, members) for name, (number, members) in known.items()]

    def by_number(_program: Program, gid: Any) -> Record:
        for one in every(program):
            if one.names["gr_gid"] == gid:
                return one
        raise KeyError(f"getgrgid(): gid not found: {represented(gid)}")

    def by_name(_program: Program, name: Any) -> Record:
        for one in every(program):
            if one.names["gr_name"] == name:
                return one
        raise KeyError(f"getgrnam(): name not found: {represented(name)}")

    return natives(getgrgid=by_number, getgrnam=by_name, getgrall=every)


def _crypt(program: Program) -> dict[str, Any]:
    """crypt.crypt and mksalt of the methods that Debian's libcrypt has for Python, but for the oldest."""
    place = program.title if not program.title.startswith("<") else "<string>"
    program.call.print_error(f"{place}:1: DeprecationWarning: {_DEPRECATED}")
    methods = {name: Record("_Method", {"name": name[7:], "ident": kind}) for name, kind in _METHODS.items()}

    def mksalt(_program: Program, method: Any = None, **_named: Any) -> str:
        kind = method.names["ident"] if isinstance(method, Record) and "ident" in method.names else "6"
        return f"${kind}${drawn_salt(kind)}"

    def crypt(program: Program, word: Any, salt: Any = None) -> Steps[Any]:
        if not isinstance(salt, str):
            salt = mksalt(program, salt)
        parts = salt.split("$")
        if len(parts) < 3 or parts[1] not in _METHODS.values():
            return None
        return (yield from crypted(text_of(word).encode()[:256], parts[2].encode()[:16], parts[1]))

    return natives(crypt=crypt, mksalt=mksalt) | methods | {"methods": list(methods.values())}


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "getpass": _getpass, "pwd": _pwd, "grp": _grp, "crypt": _crypt,
}  # fmt: skip
