# SPDX-License-Identifier: MIT
"""Commands that pack and unpack: gzip, gunzip, tar. In memory, within what a command may read and write."""

from __future__ import annotations

import io
import posixpath
import zlib
from typing import TYPE_CHECKING

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.other_compression import MAX_UNPACKED, XZ_MAGIC, not_in_format, turned
from decnet_decoys.shell.commands.files.permissions import group_of
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command

if TYPE_CHECKING:
    import tarfile

MAX_PACKED = 1 << 20
"""Bytes that are packed, ..."""
PACKED_AT_ONCE = 64 << 10
"""... and in one step."""
MAX_MEMBERS = 200


def unpacked(data: bytes) -> bytes | None:
    """Return what gzip packed, None for anything else."""
    stream = zlib.decompressobj(31)
    try:
        return stream.decompress(data[:MAX_PACKED], MAX_UNPACKED)
    except zlib.error:
        return None


def packed(data: bytes) -> Steps[bytes]:
    stream, found = zlib.compressobj(6, zlib.DEFLATED, 31), bytearray()
    for start in range(0, len(data), PACKED_AT_ONCE):
        found += stream.compress(data[start : start + PACKED_AT_ONCE])
        yield from turn()
    return bytes(found + stream.flush())


_GZIP = {"stdout": "c", "to-stdout": "c", "decompress": "d", "keep": "k", "force": "f", "list": "l", "best": "9",
         "fast": "1", "quiet": "q", "verbose": "v", "test": "t", "recursive": "r", "help": "help"}  # fmt: skip


@command("gzip", "gunzip")
def gzip_(call: Call) -> Effects:
    """Pack or unpack files, or standard input to standard output."""
    found = options(call, "cdfhklLnNqrtvV123456789S:", _GZIP)
    unpack = call.name == "gunzip" or "d" in found
    if not found.operands or found.operands == ["-"]:
        data = (yield from call.input()).whole(MAX_PACKED)
        answer = unpacked(data) if unpack else (yield from packed(data))
        if answer is None:
            call.print_error(f"\ngzip: stdin: {'unexpected end of file' if not data else 'not in gzip format'}")
            return 1
        if "t" not in found:
            call.out.write(answer)
        return 0
    status = 0
    for path in found.operands:
        yield from turn()
        status = (yield from _one(call, path, found, unpack=unpack)) or status
    return status


def _one(call: Call, path: str, found: Options, *, unpack: bool) -> Effects:
    files, access = call.shell.files, call.shell.access
    if (unpack or "l" in found) and not path.endswith((".gz", ".tgz")) and not files.exists(path, access):
        path += ".gz"
    if unpack and not found.any("ctl") and not path.endswith((".gz", ".tgz", ".Z")) and files.exists(path, access):
        call.print_error(f"gzip: {path}: unknown suffix -- ignored")
        return 2
    try:
        if files.stat(path, access).kind == "dir":
            call.print_error(f"gzip: {path} is a directory -- ignored")
            return 2
        data = whole_of(files.read(path, access))
    except FileSystemError as error:
        call.print_error(f"gzip: {path}: {error}")
        return 1
    return (yield from _packed(call, path, data, found, unpack=unpack))


def _packed(call: Call, path: str, data: bytes, found: Options, *, unpack: bool) -> Effects:
    """Write what a file becomes, in its place unless -c, -l or -t says otherwise."""
    files, access, loose = call.shell.files, call.shell.access, found.any("ctl")
    if unpack or (loose and "c" not in found):
        answer = unpacked(data)
    else:
        answer = yield from packed(data[:MAX_PACKED])
    if answer is None:
        call.print_error(f"\ngzip: {path}: not in gzip format")
        return 1
    if loose:
        _told(call, path, (len(data), answer), found)
        return 0
    target = path.removesuffix(".gz").replace(".tgz", ".tar") if unpack else path + ".gz"
    if "f" not in found and files.exists(target, access):
        call.print_error(f"gzip: {target} already exists;\tnot overwritten")
        return 2
    yield from call.runner.save(target, answer, err=call.err)
    if "k" not in found:
        files.remove(path, access)
    return 0


def _told(call: Call, path: str, sizes: tuple[int, bytes], found: Options) -> None:
    """Write what was unpacked or packed (-c), or its sizes (-l); nothing where it is only tested (-t)."""
    size, answer = sizes
    if "c" in found:
        call.out.write(answer)
    elif "l" in found:
        ratio = f"{100 - (size - 18) * 100 / max(1, len(answer)):.1f}%"
        call.print("         compressed        uncompressed  ratio uncompressed_name")
        call.print(f"{size:>19} {len(answer):>19} {ratio:>6} {path.removesuffix('.gz')}")


_TAR = {"create": "c", "extract": "x", "get": "x", "list": "t", "file": "f:", "gzip": "z", "verbose": "v",
        "directory": "C:", "strip-components": "strip:", "exclude": "exclude:", "bzip2": "j", "xz": "J", "append": "r",
        "no-same-owner": "o", "overwrite": "overwrite", "help": "help"}  # fmt: skip


@command("tar")
def tar(call: Call) -> Effects:
    """Make (c), list (t) and unpack (x) archives."""
    if call.args and not call.args[0].startswith("-"):
        call.args[0] = "-" + call.args[0]
        _move_values(call)
    found = options(call, "cxtrf:zvC:jJaopPkmhOwb:", _TAR, status=2)
    verbs = [letter for letter in "cxtr" if letter in found]
    if "help" in found:
        call.print("Usage: tar [OPTION...] [FILE]...")
        return 0
    if not verbs:
        raise UsageError(
            "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\n"
            "Try 'tar --help' or 'tar --usage' for more information.", 2,
        )  # fmt: skip
    if verbs == ["c"]:
        return (yield from _made(call, found))
    return (yield from _read(call, found, extract="x" in found))


def _move_values(call: Call) -> None:
    """Turn the old style `tar cfC archive directory` into clusters whose value follows."""
    cluster = call.args[0]
    taking = [letter for letter in cluster if letter in "fCb"]
    if len(taking) > 1:
        values = call.args[1 : 1 + len(taking)]
        plain = "".join(letter for letter in cluster if letter not in "fCb")
        pairs = [piece for letter, value in zip(taking, values, strict=False) for piece in (f"-{letter}", value)]
        call.args[: 1 + len(taking)] = [plain, *pairs]
    elif taking:
        call.args[0] = cluster.replace(taking[0], "") + taking[0]


MAX_PATTERNS = 20
"""Of --exclude."""


def _is_left_out(name: str, patterns: list[str]) -> bool:
    """Return whether --exclude leaves a member out, or a directory in which it is."""
    parts = name.split("/")[:100]
    paths = ["/".join(parts[: place + 1]) for place in range(len(parts))]
    return any(matches(one, pattern.rstrip("/")) for pattern in patterns[:MAX_PATTERNS] for one in (*paths, *parts))


_GIVEN_UP = "Error is not recoverable: exiting now"


def _base(call: Call, found: Options) -> str:
    """Return the directory that -C names; raises UsageError unless there is one."""
    asked = found.last("C", ".")
    try:
        return call.shell.files.enter(asked, call.shell.access)
    except FileSystemError as error:
        raise UsageError(f"{asked[:4096]}: Cannot open: {error}\ntar: {_GIVEN_UP}", 2) from error


def _made(call: Call, found: Options) -> Effects:
    if not found.operands:
        raise UsageError(
            "Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.", 2
        )
    import tarfile

    files, access = call.shell.files, call.shell.access
    base = _base(call, found)
    buffer, size, status = io.BytesIO(), 0, 0
    archive = tarfile.TarFile(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT)
    told = ["member names", "hard link targets"]
    for operand in found.operands:
        path = posixpath.join(base, operand)
        if operand.startswith("/") and told:
            call.fail(f"Removing leading `/' from {told.pop(0)}")
        if not files.exists(path, access):
            call.fail(f"{operand}: Cannot stat: No such file or directory")
            status = 2
            continue
        resolved = files.locate(path, access)
        for member, entry in files.walk(resolved):
            yield from turn()
            name = (operand.rstrip("/") + member[len(resolved) :]).lstrip("/")
            if _is_left_out(name, found.values.get("exclude", [])):
                continue
            size += entry.size + 512
            if size > MAX_PACKED:
                break
            info = tarfile.TarInfo(name)
            info.mode, info.uid, info.gid, info.mtime = entry.permissions, entry.uid, entry.gid, entry.mtime
            info.uname, info.gname = call.shell.owner_name(entry.uid), group_of(call, entry.gid)
            kinds = {"dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "device": tarfile.CHRTYPE,
                     "pipe": tarfile.FIFOTYPE}  # fmt: skip
            info.type, info.linkname = kinds.get(entry.kind, tarfile.REGTYPE), entry.target
            data = whole_of(entry.content) if entry.kind == "file" else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
            if "v" in found:
                shown = operand.rstrip("/") + member[len(resolved) :] + ("/" if entry.kind == "dir" else "")
                (call.print_error if found.last("f", "-") == "-" else call.print)(shown)
    archive.close()
    yield from _archived(call, buffer.getvalue(), found)
    if status:
        call.fail("Exiting with failure status due to previous errors")
    return status


def _archived(call: Call, data: bytes, found: Options) -> Steps[None]:
    """Write an archive where it is wanted, packed if it is to be."""
    by_name = "a" in found and found.last("f").endswith((".gz", ".tgz"))
    if "z" in found or by_name:
        data = yield from packed(data)
    elif found.any("jJ"):
        data = (yield from turned(data, "bzip2" if "j" in found else "xz", unpack=False)) or b""
    if found.last("f", "-") == "-":
        call.out.write(data)
    else:
        yield from call.runner.save(found.last("f"), data, err=call.err)


def _read(call: Call, found: Options, *, extract: bool) -> Effects:
    import tarfile

    path = found.last("f", "-")
    if path == "-":
        data = (yield from call.input()).whole(MAX_PACKED)
    else:
        try:
            data = whole_of(call.shell.files.read(path, call.shell.access))[:MAX_PACKED]
        except FileSystemError as error:
            child = " (child)" if found.any("zjJ") else ""
            call.print_error(f"tar{child}: {path}: Cannot open: {error}")
            if child:
                call.print_error(f"tar{child}: {_GIVEN_UP}\ntar: Child returned status 2")
            return call.fail(_GIVEN_UP, 2)
    if data.startswith(b"\x1f\x8b"):
        data = unpacked(data) or b""
    elif "z" in found:
        call.print_error(f"\ngzip: stdin: {'not in gzip format' if data else 'unexpected end of file'}")
        call.fail("Child returned status 1")
        return call.fail(_GIVEN_UP, 2)
    elif data.startswith((b"BZh", XZ_MAGIC)) or found.any("jJ"):
        format_ = "bzip2" if data.startswith(b"BZh") or "j" in found else "xz"
        answer = yield from turned(data, format_, unpack=True)
        if answer is None:
            call.fail(f"Child returned status {not_in_format(call, '(stdin)', format_)}")
            return call.fail(_GIVEN_UP, 2)
        data = answer
    yield from turn()
    try:
        members = tarfile.TarFile(fileobj=io.BytesIO(data))
        return (yield from _members(call, found, members, extract=extract))
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, RecursionError):
        call.fail("This does not look like a tar archive")
        return call.fail("Exiting with failure status due to previous errors", 2)


def _members(call: Call, found: Options, archive: tarfile.TarFile, *, extract: bool) -> Effects:
    missing = dict.fromkeys(found.operands)
    for count, info in enumerate(archive):
        yield from turn()
        if count >= MAX_MEMBERS:
            break
        meant = [one for one in found.operands if f"{info.name}/".startswith(one.rstrip("/") + "/")]
        for operand in meant:
            missing.pop(operand, None)
        name = info.name + ("/" if info.isdir() else "")
        if found.operands and not meant:
            continue
        if "v" in found or not extract:
            call.print(_listed(call, info, name) if "v" in found and not extract else name)
        if extract and "O" not in found:
            yield from _extracted(call, found, archive, info)
        elif extract and info.isreg():
            call.out.write(_content(archive, info))
    for operand in missing:
        call.fail(f"{operand}: Not found in archive")
    return call.fail("Exiting with failure status due to previous errors", 2) if missing else 0


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    content = archive.extractfile(info)
    return content.read(MAX_UNPACKED) if content is not None else b""


def _listed(call: Call, info: tarfile.TarInfo, name: str) -> str:
    import stat

    kind = stat.S_IFDIR if info.isdir() else stat.S_IFLNK if info.issym() else stat.S_IFREG
    owner = f"{info.uname or info.uid}/{info.gname or info.gid}"
    when = call.shell.date("%Y-%m-%d %H:%M", int(info.mtime))
    return f"{stat.filemode(kind | info.mode)} {owner} {info.size:>{max(1, 18 - len(owner))}} {when} {name}"


def _extracted(call: Call, found: Options, archive: tarfile.TarFile, info: tarfile.TarInfo) -> Steps[None]:
    files, access = call.shell.files, call.shell.access
    name = posixpath.normpath("/" + info.name)[1:]
    if "strip" in found and found.last("strip").isdecimal() and len(found.last("strip")) < 3:
        name = "/".join(name.split("/")[int(found.last("strip")) :])
    if not name:
        return
    base = _base(call, found)
    target = posixpath.join(base, name)
    try:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            above = posixpath.join(base, *parts[:depth])
            if not files.exists(above, access):
                files.mkdir(above, access)
        if info.isdir():
            if not files.exists(target, access):
                files.mkdir(target, access)
        elif info.issym():
            files.link(info.linkname, target, access)
        elif info.isreg():
            data = _content(archive, info)
            files.write(target, b"", access)
            yield from call.runner.save(target, data, err=call.err)
            files.change(target, access, mode=info.mode & 0o7777, mtime=int(info.mtime))
    except FileSystemError as error:
        call.fail(f"{name}: Cannot open: {error}")
