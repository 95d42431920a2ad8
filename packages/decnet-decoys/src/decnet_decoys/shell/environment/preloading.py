# SPDX-License-Identifier: MIT
"""What ld.so says of libraries that cannot be preloaded (ld.so(8)): each program complains, before it does anything."""

from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.state import ShellState

MAX_LIBRARIES = 8
MAX_LIST = 2048
"""Characters read of a list of libraries."""
LIST = "/etc/ld.so.preload"


def preload_errors(shell: ShellState) -> str:
    """Return the complaints about $LD_PRELOAD and /etc/ld.so.preload, empty if there are none."""
    given = shell.variables.get("LD_PRELOAD", "") if "LD_PRELOAD" in shell.exported else ""
    entry = shell.files.entry(LIST)
    if not given and entry is None:
        return ""
    listed = "" if entry is None else decode(piece_of(entry.content, 0, MAX_LIST))
    named = [("LD_PRELOAD", one) for one in given[:MAX_LIST].replace(":", " ").split()[:MAX_LIBRARIES]]
    named += [(LIST, one) for one in listed.replace(":", " ").split()[:MAX_LIBRARIES]]
    found = ((source, path, _fault(shell, path)) for source, path in named)
    return "".join(
        f"ERROR: ld.so: object '{path}' from {source} cannot be preloaded ({why}): ignored.\n"
        for source, path, why in found
        if why
    )


def _fault(shell: ShellState, path: str) -> str:
    """Return why a library cannot be loaded, empty if it can."""
    where = path if "/" in path else f"/usr/lib/{path}"
    try:
        content = shell.files.read(where, shell.access)
    except FileSystemError:
        return "cannot open shared object file"
    head = piece_of(content, 0, 4)
    return "" if head == b"\x7fELF" else "file too short" if len(head) < 4 else "invalid ELF header"
