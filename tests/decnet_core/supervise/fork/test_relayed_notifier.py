# SPDX-License-Identifier: MIT
"""What a supervisor has to say reaches systemd from the main process, the only one that it listens to."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from decnet_core.supervise.fork import zygote
from decnet_core.supervise.fork.relayed_notifier import RelayedNotifier

def supervise(channel):
    channel.recv(4096)  # that the zygote is ready
    RelayedNotifier(channel).send("READY=1")
    return 0

sys.exit(zygote.run_with_supervisor([], supervise))
"""


def test_readiness_of_a_forked_supervisor_is_reported_by_the_main_process(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        systemd.settimeout(60)
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "DECNET_STATE_DIR": str(tmp_path)}
        main = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)
        data, ancillary, _, _ = systemd.recvmsg(4096, socket.CMSG_SPACE(12))
        assert main.wait(60) == 0
    ((_, _, credentials),) = ancillary
    assert data == b"READY=1"
    assert struct.unpack("3i", credentials)[0] == main.pid
