# SPDX-License-Identifier: MIT
"""Drops privileges for good: another user, exactly the capabilities that are wanted, no way back.

Calls prctl(2) and capset(2) of the C library, which Python does not offer. A program like setpriv(1) would have to be
executed, which discards the memory that a forked child shares with its parent.
"""

import ctypes
import os
import pwd
from collections.abc import Iterable

NAMES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
    "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
)  # fmt: skip
"""Linux's capabilities, each at its number (linux/capability.h)."""

_PR_SET_KEEPCAPS, _PR_CAPBSET_READ, _PR_CAPBSET_DROP = 8, 23, 24
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_VERSION_3 = 0x20080522  # _LINUX_CAPABILITY_VERSION_3: two words of 32 bits each

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Words(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def numbers(names: Iterable[str]) -> frozenset[int]:
    """Return the numbers of capabilities; raises ValueError for an unknown name."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise ValueError(f"there is no capability {unknown[0]!r}")
    return frozenset(NAMES.index(name) for name in names)


def become_user(name: str, capabilities: Iterable[str]) -> None:
    """Become user `name` with its groups and `capabilities`, with no way to regain more.

    Needs CAP_SETUID, CAP_SETGID and CAP_SETPCAP. Raises KeyError if there is no such user, OSError if not permitted.
    """
    account, held = pwd.getpwnam(name), numbers(capabilities)
    for number in range(len(NAMES)):
        if number not in held and _prctl(_PR_CAPBSET_READ, number) == 1:
            _prctl(_PR_CAPBSET_DROP, number)
    _prctl(_PR_SET_KEEPCAPS, 1)  # otherwise leaving root drops the wanted ones too
    os.setgroups(os.getgrouplist(name, account.pw_gid))
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    hold_only(held)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def hold_only(held: frozenset[int]) -> None:
    """Keep exactly these capabilities, in this process but not in programs that it executes. Raises OSError."""
    words = (_Words * 2)()
    for word in range(2):
        bits = sum(1 << (number - 32 * word) for number in held if number // 32 == word)
        words[word] = _Words(bits, bits, 0)
    if _libc.capset(ctypes.byref(_Header(_VERSION_3, 0)), words) != 0:
        raise _last_error("capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)


def _prctl(option: int, argument: int) -> int:
    result: int = _libc.prctl(option, argument, 0, 0, 0)
    if result < 0 and option != _PR_CAPBSET_READ:  # a capability unknown to this kernel is no error
        raise _last_error("prctl")
    return result


def _last_error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
