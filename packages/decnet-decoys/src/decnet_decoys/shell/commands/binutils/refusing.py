# SPDX-License-Identifier: MIT
"""Tools of binutils that change or link files: they take programs of this machine without a word (strip(1), ld(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import command

_BARE = {
    "ld": "ld: no input files", "strip": "Usage: strip <option(s)> in-file(s)",
    "ranlib": "Usage: ranlib [options] archive", "objcopy": "Usage: objcopy [option(s)] in-file [out-file]",
    "ar": "Usage: ar [emulation options] [-]{dmpqrstx} archive",
}  # fmt: skip
"""What each says without operands."""


@command("strip", "objcopy", "ld", "ar", "ranlib", "as", "addr2line", families=("debian",))
def refuse(call: Call) -> Effects:
    """Complain about files that are not there, or are no programs; leave the others as they are."""
    names = call.words[1:] if call.name == "ar" else call.words
    if call.name == "addr2line":
        names = names or ["a.out"]
    if not names:
        call.print_error(_BARE.get(call.name, ""), end="\n" * (call.name in _BARE))
        return int(call.name != "as")
    status = 0
    for name in names[:16]:
        yield from turn()
        if not call.shell.files.exists(name, call.shell.access):
            if call.name in ("ar", "as", "ld"):
                wrong = {"as": f"Error: can't open {name} for reading: No such file or directory",
                         "ld": f"cannot find {name}: No such file or directory"}.get(call.name)  # fmt: skip
                status = call.fail(wrong or f"{name}: No such file or directory")
            else:
                quoted = f"'{name}'"
                status = call.fail(f"{quoted}: No such file")
            continue
        source = call.open(name)
        if source is not None and call.name in ("strip", "objcopy") and source.whole(4) != b"\x7fELF":
            status = call.fail(f"{name}: file format not recognized")
    return status
