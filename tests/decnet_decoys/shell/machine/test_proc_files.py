# SPDX-License-Identifier: MIT
"""What /proc and /sys show: the shell itself as a process, namespaces, settings of the kernel, the interfaces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import Player

MakePlayer = Callable[..., Player]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("cat /proc/$$/comm; readlink /proc/$$/cwd /proc/$$/exe; cd /tmp; readlink /proc/$$/cwd", "bash\n/root\n"
         "/usr/bin/bash\n/tmp\n"),
        ("grep -E '^(Name|State|Pid)' /proc/$$/status | sed s/$$/PID/", "Name:\tbash\n"
         "State:\tS (sleeping)\nPid:\tPID\n"),
        ("export A=1; tr '\\0' '\\n' < /proc/$$/environ | grep -c ^A=; cat /proc/self/environ | grep -c HOME",
         "1\n1\n"),
        ("ls /proc/self/ns | head -2; readlink /proc/self/ns/net; ls /proc/self | head -2; ls /proc/1 | head -1",
         "cgroup\nipc\nnet:[4026531840]\narch_status\nattr\narch_status\n"),
        ("for p in 1 self $$; do wc -w < /proc/$p/stat; done; cut -d' ' -f2,3 /proc/self/stat /proc/1/stat",
         "52\n52\n52\n(cut) R\n(systemd) S\n"),
        ("ls -d /proc/$$ | grep -c $$; ls /proc | grep -cx $$; cat /proc/99999/comm 2>&1", "1\n1\n"
         "cat: /proc/99999/comm: No such file or directory\n"),
        ("cat /proc/sys/vm/max_map_count; sysctl -n fs.protected_hardlinks kernel.domainname", "65530\n1\n(none)\n"),
        ("cat /sys/class/net/lo/type /sys/class/net/lo/ifindex; ls /sys/class/net/lo | head -1", "772\n1\n"
         "addr_assign_type\n"),
        ("head -1 /proc/cgroups | cut -c1-12; echo x > /proc/mtrr; touch /proc/$$/x; cat /proc/loadavg | wc -w",
         "#subsys_name\n5\n"),
        ("test -d /proc/$$/fd && ls /proc/$$/fd | wc -l; stat -c %a /proc/$$/environ; find /proc/$$ -name comm | wc -l",
         "4\n400\n1\n"),
    ],
)  # fmt: skip
def test_the_kernel_shows_what_is_asked_for(player: MakePlayer, line: str, text: str) -> None:
    run = player("debian-web", "root")
    shown = run(line).text
    assert shown == text


def test_a_nas_has_no_files_of_debian(player: MakePlayer) -> None:
    assert player("nas", "root")("cat /proc/$$/comm").text == ""
