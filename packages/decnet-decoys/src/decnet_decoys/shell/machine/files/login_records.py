# SPDX-License-Identifier: MIT
"""Records of log-ins as /var/log/wtmp keeps them (utmp(5)): a file without any tells that somebody emptied it."""

import struct

_RECORD = struct.Struct("<hxxi32s4s32s256shhiii16s20x")
_BOOT_TIME, _RUN_LEVEL = 2, 1


def since_boot(kernel: str, booted: int) -> bytes:
    """Return what systemd writes when the machine starts: of the boot, and of the run level a little later."""
    host = kernel.encode()
    return b"".join(
        _RECORD.pack(kind, pid, b"~", b"~~", user, host, 0, 0, 0, when, 0, b"")
        for kind, pid, user, when in (
            (_BOOT_TIME, 0, b"reboot", booted),
            (_RUN_LEVEL, 53, b"runlevel", booted + 11),
        )
    )
