# SPDX-License-Identifier: MIT
"""ipcs, ipcrm and lsipc: queues, shared memory and semaphores of System V, of which no program here has any."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import command

_KINDS = (("q", "Message Queues"), ("m", "Shared Memory Segments"), ("s", "Semaphore Arrays"))
_HEADS = {
    "q": "key        msqid      owner      perms      used-bytes   messages    ",
    "m": "key        shmid      owner      perms      bytes      nattch     status      ",
    "s": "key        semid      owner      perms      nsems     ",
}
_LIMITS = {
    "q": "------ Messages Limits --------\nmax queues system wide = 32000\nmax size of message (bytes) = 8192\n"
         "default max size of queue (bytes) = 16384",
    "m": "------ Shared Memory Limits --------\nmax number of segments = 4096\n"
         "max seg size (kbytes) = 18014398509465599\nmax total shared memory (kbytes) = 18446744073709551612\n"
         "min seg size (bytes) = 1",
    "s": "------ Semaphore Limits --------\nmax number of arrays = 32000\nmax semaphores per array = 32000\n"
         "max semaphores system wide = 1024000000\nmax ops per semop call = 500\nsemaphore max value = 32767",
}  # fmt: skip
_SUMMARIES = {
    "q": "------ Messages Status --------\nallocated queues = 0\nused headers = 0\nused space = 0 bytes",
    "m": "------ Shared Memory Status --------\nsegments allocated 0\npages allocated 0\npages resident  0\n"
         "pages swapped   0\nSwap performance: 0 attempts\t 0 successes",
    "s": "------ Semaphore Status --------\nused arrays = 0\nallocated semaphores = 0",
}  # fmt: skip
_LONG = {"shmems": "m", "queues": "q", "semaphores": "s", "all": "a", "limits": "l", "summary": "u", "id": "i:"}


@command("ipcs", families=("debian",))
def ipcs(call: Call) -> int:
    """List what there is of each kind, with -l the kernel's limits, with -u sums."""
    found = options(call, "mqsaltpcubi:", _LONG)
    chosen = [kind for kind, _title in _KINDS if kind in found] if not found.any("a") else []
    call.print()
    for kind, title in _KINDS:
        if not chosen or kind in chosen:
            texts = _LIMITS if "l" in found else _SUMMARIES
            call.print(texts[kind] if found.any("lu") else f"------ {title} --------\n{_HEADS[kind]}")
            call.print()
    return 0


MAX_NAMED = 100


@command("ipcrm", families=("debian",))
def ipcrm(call: Call) -> Effects:
    """Remove one by its number or key; there is none."""
    found = options(call, "m:M:q:Q:s:S:a::v", {"all": "a?", "shmem-id": "m:", "queue-id": "q:", "semaphore-id": "s:"})
    status = 0
    for letter in "mMqQsS":
        for text in found.values.get(letter, [])[:MAX_NAMED]:
            yield from turn()
            if not text.removeprefix("0x").isalnum() or (letter.islower() and not text.isdecimal()):
                return call.fail(f"failed to parse argument: '{text[:4096]}'")
            status = call.fail(f"invalid {'id' if letter.islower() else 'key'} ({text[:64]})")
    return status


_RESOURCES = """\
RESOURCE DESCRIPTION                                              LIMIT USED  USE%
MSGMNI   Number of message queues                                 32000    0 0.00%
MSGMAX   Max size of message (bytes)                                 8K    -     -
MSGMNB   Default max size of queue (bytes)                          16K    -     -
SHMMNI   Shared memory segments                                    4096    0 0.00%
SHMALL   Shared memory pages                       18446744073692774399    0 0.00%
SHMMAX   Max size of shared memory segment (bytes)                  16E    -     -
SHMMIN   Min size of shared memory segment (bytes)                   1B    -     -
SEMMNI   Number of semaphore identifiers                          32000    0 0.00%
SEMMNS   Total number of semaphores                          1024000000    0 0.00%
SEMMSL   Max semaphores per semaphore set.                        32000    -     -
SEMOPM   Max number of operations per semop(2)                      500    -     -
SEMVMX   Semaphore max value                                      32767    -     -"""


@command("lsipc", families=("debian",))
def lsipc(call: Call) -> int:
    """Show the limits of all kinds and what of them is used."""
    found = options(call, "gmqsi:", {"global": "g", "shmems": "m", "queues": "q", "semaphores": "s", "id": "i:"})
    if found.operands:
        raise tried(call, "bad usage")
    call.print(_RESOURCES if not found.any("mqs") else "KEY ID PERMS OWNER")
    return 0
