# SPDX-License-Identifier: MIT
"""Commands that say what a file is: stat, readlink, realpath, du, file (GNU coreutils; file(1))."""

import re
import stat
from collections.abc import Callable

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.binutils.elf_kinds import elf_described
from decnet_decoys.shell.commands.files.listing import human, inode
from decnet_decoys.shell.commands.files.permissions import group_of
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry, Filler
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape

MAX_FORMAT = 1024
_KINDS = {"file": "regular file", "dir": "directory", "link": "symbolic link", "device": "character special file",
          "pipe": "fifo"}  # fmt: skip
"""As stat(1) names them."""
_TIME = "%Y-%m-%d %H:%M:%S.000000000 +0000"
_STAT = {"format": "c:", "printf": "printf:", "dereference": "L", "terse": "t", "file-system": "f"}


@command("stat")
def stat_(call: Call) -> Effects:
    """Describe files, with -c in a format, or with -f the file system that they are on."""
    found = options(call, "c:fLt", _STAT)
    if not found.operands:
        raise tried(call, "missing operand")
    layout, status = found.last("c", found.last("printf")), 0
    for path in found.operands:
        yield from turn()
        try:
            entry = call.shell.files.stat(path, call.shell.access, follow="L" in found)
            where = call.shell.files.locate(path, call.shell.access, follow="L" in found)
        except FileSystemError as error:
            doing = "read file system information for" if "f" in found else "statx"
            status = call.fail(f"cannot {doing} {shell_quoted(path)}: {error}")
            continue
        if "f" in found:
            _file_system(call, path, where, layout)
        elif layout:
            call.print(_formatted(call, layout, path, where, entry), end="" if "printf" in found else "\n")
        else:
            call.print(_described_in_full(call, path, where, entry))
    return status


def _file_system(call: Call, path: str, where: str, layout: str) -> None:
    kinds = {"/proc": "proc", "/sys": "sysfs", "/dev/shm": "tmpfs", "/run": "tmpfs"}  # noqa: S108  # the decoy's
    kind = next((kind for start, kind in kinds.items() if (where + "/").startswith(start + "/")), "ext2/ext3")
    if layout:
        call.print(layout.replace("%T", kind).replace("%n", path).replace("%S", "4096").replace("%s", "4096"))
        return
    call.print(
        f'  File: "{path}"\n    ID: 9e2b7f1c4d3a8e60 Namelen: 255     Type: {kind}\n'
        "Block size: 4096       Fundamental block size: 4096"
    )


def _formatted(call: Call, layout: str, path: str, where: str, entry: Entry) -> str:
    shell = call.shell
    values: dict[str, Callable[[], object]] = {
        "a": lambda: f"{entry.permissions:o}", "A": lambda: stat.filemode(entry.st_mode),
        "f": lambda: f"{entry.st_mode:x}",
        "u": lambda: entry.uid, "U": lambda: shell.owner_name(entry.uid), "g": lambda: entry.gid,
        "G": lambda: group_of(call, entry.gid), "s": lambda: entry.size, "n": lambda: path,
        "h": lambda: shell.files.links(where),
        "i": lambda: inode(where), "F": lambda: _kind(entry), "b": lambda: entry.kib * 2, "B": lambda: 512,
        "o": lambda: 4096, "d": lambda: 65025, "D": lambda: "fe01", "m": lambda: "/", "t": lambda: 0, "T": lambda: 0,
        "N": lambda: f"'{path}'" + (f" -> '{entry.target}'" if entry.kind == "link" else ""),
        "C": lambda: "?",
    }  # fmt: skip

    def one(match: re.Match[str]) -> str:
        width, letter = match[1], match[2]
        if letter == "%":
            return "%"
        if letter in "XYZW":
            text = str(entry.mtime)
        elif letter in "xyzw":
            text = shell.date(_TIME, entry.mtime)
        else:
            text = str(values[letter]()) if letter in values else "?"
        return ("%" + width + "s") % text

    return re.sub(r"%([-+ 0#]{0,3}\d{0,3})([A-Za-z%])", one, unescape(layout[:MAX_FORMAT])[0])


def _kind(entry: Entry) -> str:
    return "regular empty file" if entry.kind == "file" and not entry.size else _KINDS[entry.kind]


def _described_in_full(call: Call, path: str, where: str, entry: Entry) -> str:
    when = call.shell.date(_TIME, entry.mtime)
    shown = f"{path} -> {entry.target}" if entry.kind == "link" else path
    device = f" Device type: {entry.target.replace(', ', ',')}" if entry.kind == "device" else ""
    return (
        f"  File: {shown}\n  Size: {entry.size:<10}\tBlocks: {entry.kib * 2:<10} IO Block: 4096   {_kind(entry)}\n"
        f"Device: 254,1\tInode: {inode(where):<11} Links: {call.shell.files.links(where)}{device}\n"
        f"Access: ({entry.permissions:04o}/{stat.filemode(entry.st_mode)})  "
        f"Uid: ({entry.uid:5}/{call.shell.owner_name(entry.uid):>8})   "
        f"Gid: ({entry.gid:5}/{group_of(call, entry.gid):>8})\n"
        f"Access: {when}\nModify: {when}\nChange: {when}\n Birth: {when}"
    )


@command("readlink", "realpath")
def readlink(call: Call) -> Effects:
    found = options(call, "fenmqsvzLP", {"canonicalize": "f", "canonicalize-missing": "m", "no-newline": "n"})
    if not found.operands:
        raise tried(call, "missing operand")
    status = 0
    for path in found.operands:
        yield from turn()
        try:
            if call.name == "realpath" or found.any("fem"):
                shown = call.shell.files.locate(path, call.shell.access)
                if "e" in found:
                    call.shell.files.stat(path, call.shell.access)
            else:
                entry = call.shell.files.stat(path, call.shell.access, follow=False)
                if entry.kind != "link":
                    status = 1
                    continue
                shown = call.shell.files.target(call.shell.files.locate(path, call.shell.access, follow=False))
            call.print(shown, end="" if "n" in found else "\n")
        except FileSystemError as error:
            status = call.fail(f"{path}: {error}") if call.name == "realpath" else 1
    return status


_DU = {
    "human-readable": "h",
    "summarize": "s",
    "all": "a",
    "max-depth": "d:",
    "total": "c",
    "bytes": "b",
    "apparent-size": "A",
}


@command("du")
def du(call: Call) -> Effects:
    """Add up what directories take."""
    found = options(call, "hsacd:bkmxlLDPS0", _DU)
    status, everything = 0, 0
    depth = found.last("d")
    limit = 0 if "s" in found else int(depth) if depth.isdecimal() and len(depth) < 4 else 200
    for path in found.operands or ["."]:
        yield from turn()
        files = call.shell.files
        try:
            resolved = files.locate(path, call.shell.access, follow=False)
            files.stat(resolved, follow=False)
        except FileSystemError as error:
            status = call.fail(f"cannot access {shell_quoted(path)}: {error}")
            continue
        totals: dict[str, int] = {}
        order: list[str] = []
        for below, entry in files.walk(resolved):
            yield from turn()
            size = entry.size if "b" in found else entry.kib
            if entry.kind == "dir" or below == resolved or "a" in found:
                order.append(below)
            at = below
            while len(at) >= len(resolved):
                totals[at] = totals.get(at, 0) + size
                if at in (resolved, "/"):
                    break
                at = at.rpartition("/")[0] or "/"
        for below in reversed(order):
            yield from turn()
            rest = below[len(resolved.rstrip("/")) :] if below != resolved else ""
            if rest.count("/") <= limit:
                shown = human(totals[below] * (1 if "b" in found else 1024)) if "h" in found else str(totals[below])
                call.print(
                    f"{shown if shown != '0' or 'h' not in found else '0'}\t{path.rstrip('/') + rest if rest else path}"
                )
        everything += totals.get(resolved, 0)
    if "c" in found:
        call.print(f"{human(everything * 1024) if 'h' in found else everything}\ttotal")
    return status


@command("file")
def file(call: Call) -> Effects:
    found = options(call, "biLzksNF:m:f:", {"brief": "b", "mime-type": "type", "mime": "i", "dereference": "L",
                    "mime-encoding": "encoding", "no-pad": "N", "uncompress": "z", "raw": "r"})  # fmt: skip
    if not found.operands:
        call.print_error("Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]")
        return 1
    width = max(map(len, found.operands))
    for path in found.operands:
        yield from turn()
        head = "" if "b" in found else f"{path}: " + " " * (width - len(path))
        if path == "-":
            data = (yield from call.input()).piece(0, 1 << 12)
            entry = Entry("file", 0o644, content=data)
            head = head.replace("-: ", "/dev/stdin: ", 1)
            call.print(head + _told(entry, call, found))
            continue
        try:
            entry = call.shell.files.stat(path, call.shell.access, follow="L" in found)
        except FileSystemError as error:
            call.print(f"{head}cannot open `{path}' ({error})")
            continue
        call.print(head + _told(entry, call, found))
    return 0


def _told(entry: Entry, call: Call, found: Options) -> str:
    """Return what `file` tells of an entry: in words, or as its type in MIME and its encoding."""
    words = _described(entry, call.shell.machine.persona.machine)
    if not found.any("i") and "type" not in found and "encoding" not in found:
        return words
    mime = next((mime for mark, mime in _MIME if mark in words), "application/octet-stream")
    text = "text" in words or "JSON" in words
    encoding = ("utf-8" if "Unicode" in words or "UTF-8" in words else "us-ascii") if text else "binary"
    if "type" in found:
        return mime
    return encoding if "encoding" in found else f"{mime}; charset={encoding}"


_MIME = (
    ("pie executable", "application/x-pie-executable"), ("shared object", "application/x-sharedlib"),
    ("ELF", "application/x-executable"), ("directory", "inode/directory"), ("symbolic link", "inode/symlink"),
    ("fifo", "inode/fifo"), ("character special", "inode/chardevice"), ("empty", "inode/x-empty"),
    ("shell script", "text/x-shellscript"), ("Python script", "text/x-script.python"), ("Perl script", "text/x-perl"),
    ("gzip", "application/gzip"), ("Zip", "application/zip"), ("bzip2", "application/x-bzip2"), ("XZ",
    "application/x-xz"), ("tar archive", "application/x-tar"), ("JSON", "application/json"), ("HTML", "text/html"),
    ("PHP", "text/x-php"), ("text", "text/plain"),
)  # fmt: skip
"""What a description contains, and the type that stands for it; the first that fits."""


@command("ldd", families=("debian",))
def ldd(call: Call) -> Effects:
    """List the libraries of a program: those that nearly all have."""
    if "--version" in call.args[:1]:
        ubuntu = "Ubuntu" in call.shell.machine.persona.os
        call.print("ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35" if ubuntu else "ldd (Debian GLIBC 2.36-9+deb12u8) 2.36")
        call.print(_LDD_LICENCE)
        return 0
    status = 0
    if not call.words:
        call.print_error("ldd: missing file arguments\nTry `ldd --help' for more information.")
        return 1
    for path in call.words:
        yield from turn()
        if len(call.words) > 1:
            call.print(f"{path}:")
        try:
            entry = call.shell.files.stat(path, call.shell.access)
        except FileSystemError as error:
            call.print_error(f"ldd: {path if '/' in path else './' + path}: {error}")
            status = 1
            continue
        if not isinstance(entry.content, Filler):
            call.print_error("\tnot a dynamic executable")
            status = 1
            continue
        name = entry.content.seed.rpartition("/")[2]
        base = 0x7F0000000000 + sum(encode(path)) * 0x1A3000
        call.print(f"\tlinux-vdso.so.1 (0x{0x7FFC00000000 + (base >> 4) % 0xFFFFF000:016x})")
        for library in LIBRARIES_OF.get(name, "libc.so.6").split():
            call.print(f"\t{library} => /lib/x86_64-linux-gnu/{library} (0x{base:016x})")
            base += 0x1F4000
        call.print(f"\t/lib64/ld-linux-x86-64.so.2 (0x{base:016x})")
    return status


_SELINUX = "libselinux.so.1 libc.so.6 libpcre2-8.so.0"
_PAM = "libpam.so.0 libpam_misc.so.0 libc.so.6 libaudit.so.1 libcap-ng.so.0"
_CRYPT = "libz.so.1 libc.so.6 libpcre2-8.so.0 libkrb5.so.3 libk5crypto.so.3 libcom_err.so.2 libkrb5support.so.0"
_PROC = "libc.so.6 libsystemd.so.0 libcap.so.2 libgcrypt.so.20 liblzma.so.5 libzstd.so.1 liblz4.so.1 libgpg-error.so.0"
LIBRARIES_OF = {
    **dict.fromkeys(("ls", "cp", "mv", "id", "mkdir", "stat", "mkfifo", "mknod", "sed"), _SELINUX),
    **dict.fromkeys(("su", "login"), _PAM), **dict.fromkeys(("ps", "free", "vmstat"), f"libproc2.so.0 {_PROC}"),
    "top": f"libproc2.so.0 libtinfo.so.6 {_PROC}", "bash": "libtinfo.so.6 libc.so.6",
    "grep": "libpcre2-8.so.0 libc.so.6",
    "find": "libselinux.so.1 libm.so.6 libc.so.6 libpcre2-8.so.0", "tar": f"libacl.so.1 {_SELINUX}",
    "python3": "libm.so.6 libz.so.1 libexpat.so.1 libc.so.6", "perl": "libm.so.6 libc.so.6 libcrypt.so.1",
    "ssh": f"libselinux.so.1 libgssapi_krb5.so.2 libcrypto.so.3 {_CRYPT} libkeyutils.so.1 libresolv.so.2",
    "sudo": "libaudit.so.1 libselinux.so.1 libsudo_util.so.0 libc.so.6 libcap-ng.so.0 libpcre2-8.so.0",
    "passwd": "libpam.so.0 libpam_misc.so.0 libaudit.so.1 libselinux.so.1 libc.so.6 libcap-ng.so.0 libpcre2-8.so.0",
    "mount": "libmount.so.1 libselinux.so.1 libc.so.6 libblkid.so.1 libpcre2-8.so.0",
    "wget": "libpcre2-8.so.0 libuuid.so.1 libidn2.so.0 libnettle.so.8 libgnutls.so.30 libz.so.1 libpsl.so.5 libc.so.6 "
    "libunistring.so.2 libp11-kit.so.0 libtasn1.so.6 libhogweed.so.6 libgmp.so.10 libffi.so.8",
    "curl": "libcurl.so.4 libz.so.1 libc.so.6 libnghttp2.so.14 libidn2.so.0 librtmp.so.1 libssh2.so.1 libpsl.so.5 "
    "libssl.so.3 libcrypto.so.3 libgssapi_krb5.so.2 libldap-2.5.so.0 liblber-2.5.so.0 libzstd.so.1 libbrotlidec.so.1 "
    "libunistring.so.2 libgnutls.so.30 libhogweed.so.6 libnettle.so.8 libgmp.so.10 libkrb5.so.3 libk5crypto.so.3 "
    "libcom_err.so.2 libkrb5support.so.0 libsasl2.so.2 libbrotlicommon.so.1 libp11-kit.so.0 libtasn1.so.6 "
    "libkeyutils.so.1 libresolv.so.2 libffi.so.8",
}  # fmt: skip
"""What programs of Debian 12 are linked with, of those that need more than the C library."""
_LDD_LICENCE = """\
Copyright (C) 2022 Free Software Foundation, Inc.
This is free software; see the source for copying conditions.  There is NO
warranty; not even for MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.
Written by Roland McGrath and Ulrich Drepper."""


def _described(entry: Entry, machine: str) -> str:
    if entry.kind == "file":
        special = "setuid " * bool(entry.mode & 0o4000) + "setgid " * bool(entry.mode & 0o2000)
        return special + _content(entry, machine)
    if entry.kind == "dir":
        return "sticky, directory" if entry.mode & 0o1000 else "directory"
    if entry.kind == "link":
        return f"symbolic link to {entry.target}"
    if entry.kind == "pipe":
        return "fifo (named pipe)"
    return f"character special ({entry.target.replace(', ', '/')})"


def _content(entry: Entry, machine: str) -> str:
    data = entry.piece(0, 512)
    if data.startswith(b"\x7fELF"):
        return _program(entry, data, machine)
    if data.startswith(b"\x1f\x8b"):
        return "gzip compressed data, from Unix"
    if not data:
        return "empty"
    if data.startswith(b"#!"):
        interpreter = data[2:].split(b"\n")[0].strip().decode("ascii", "replace")
        kind = {"/bin/sh": "POSIX shell script", "/bin/bash": "Bourne-Again shell script"}.get(interpreter)
        return f"{kind or f'a {interpreter} script'}, ASCII text executable"
    return "data" if b"\0" in data else "ASCII text" if data.isascii() else "Unicode text, UTF-8 text"


def _program(entry: Entry, data: bytes, machine: str) -> str:
    if len(data) < 20:
        size = {1: "32-bit", 2: "64-bit"}.get(data[4] if len(data) > 4 else 0, "")
        order = {1: "LSB", 2: "MSB"}.get(data[5] if len(data) > 5 else 0, "")
        known = ("(SYSV)",) if data[7:8] == b"\0" else ()
        return " ".join(("ELF", *filter(None, (size, order)), *known))
    if not isinstance(entry.content, Filler):
        return elf_described(data)
    what, linker = ("x86-64", "x86-64.so.2") if machine == "x86_64" else ("ARM aarch64", "aarch64.so.1")
    return (
        f"ELF 64-bit LSB pie executable, {what}, version 1 (SYSV), dynamically linked, interpreter "
        f"/lib64/ld-linux-{linker}, BuildID[sha1]={_build_id(entry)}, for GNU/Linux 3.2.0, stripped"
    )


def _build_id(entry: Entry) -> str:
    import hashlib

    return hashlib.sha1(entry.piece(0, 4096), usedforsecurity=False).hexdigest()
