# SPDX-License-Identifier: MIT
"""Units: what an intruder installs, enables and masks is so for all commands, and for who comes later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import Player

MakePlayer = Callable[..., Player]
MINER = "printf '[Unit]\\nDescription=k d\\n[Service]\\nExecStart=/tmp/k\\n[Install]\\nWantedBy=multi-user.target\\n'"
SYSV = (
    "Synchronizing state of cron.service with SysV service script with /lib/systemd/systemd-sysv-install.\n"
    "Executing: /lib/systemd/systemd-sysv-install {} cron\n"
)


@pytest.mark.parametrize("folder", ["/etc/systemd/system", "/lib/systemd/system"])
def test_a_unit_that_is_brought_can_be_enabled_and_started(run: Player, folder: str) -> None:
    link = "/etc/systemd/system/multi-user.target.wants/k.service"
    done = run(
        f"{MINER} > {folder}/k.service; systemctl daemon-reload; systemctl enable --now k; systemctl is-enabled k; "
        f"readlink {link}; systemctl is-active k; cp /bin/true /tmp/k; systemctl is-active k; "
        "systemctl status k | head -n 1; systemctl show -p ActiveState --value k"
    )
    assert done.errors == f"Created symlink {link} \u2192 {folder}/k.service.\n"
    assert done.text == f"enabled\n{folder}/k.service\nfailed\nactive\n\u25cf k.service - k d\nactive\n"
    assert run("systemctl disable --now k; systemctl is-active k").errors == f'Removed "{link}".\n'


@pytest.mark.parametrize(
    ("line", "shown", "complaint"),
    [
        ("systemctl mask cron; systemctl is-enabled cron; systemctl start cron; systemctl unmask cron; "
         "systemctl is-enabled cron", "masked\nenabled\n",
         "Created symlink /etc/systemd/system/cron.service \u2192 /dev/null.\n"
         "Failed to start cron.service: Unit cron.service is masked.\n"
         'Removed "/etc/systemd/system/cron.service".\n'),
        ("systemctl disable cron; systemctl is-enabled cron", "disabled\n",
         SYSV.format("disable") + 'Removed "/etc/systemd/system/multi-user.target.wants/cron.service".\n'),
        ("systemctl enable cron; systemctl enable nosuch", "", SYSV.format("enable")
         + "Failed to enable unit: Unit file nosuch.service does not exist.\n"),
        ("systemctl is-enabled nosuch dbus sshd", "static\nalias\n",
         "Failed to get unit file state for nosuch.service: No such file or directory\n"),
        ("systemctl kill -s 9 nginx; systemctl is-active nginx; systemctl show -p MainPID ssh",
         "inactive\nMainPID=537\n", ""),
        ("systemctl cat cron | sed -n 3p; systemctl cat nosuch",
         "Description=Regular background program processing daemon\n", "No files found for nosuch.service.\n"),
        ("systemctl --failed; systemctl nosuch x; systemctl start", "  UNIT LOAD ACTIVE SUB DESCRIPTION\n"
         "0 loaded units listed.\n", "Unknown command verb nosuch.\nToo few arguments.\n"),
        ("systemctl list-units --type=service --no-legend --plain | cut -d' ' -f1 | head -n 2; "
         "systemctl list-unit-files 'ng*' --no-legend; systemctl list-timers --no-legend | wc -l",
         "cron.service\ndbus.service\nnginx.service enabled enabled\n8\n", ""),
        ("service ssh status | sed -n 2p; service ssh nosuch; service nosuch start; invoke-rc.d nosuch stop; echo $?",
         "     Loaded: loaded (/lib/systemd/system/ssh.service; enabled; preset: enabled)\n100\n",
         "Usage: /etc/init.d/ssh {start|stop|status|restart|reload|force-reload}\nnosuch: unrecognized service\n"
         "invoke-rc.d: unknown initscript, /etc/init.d/nosuch not found.\n"),
    ],
)  # fmt: skip
def test_units_are_shown_and_changed(run: Player, line: str, shown: str, complaint: str) -> None:
    done = run(line)
    assert (done.text, done.errors) == (shown, complaint)


def test_only_root_changes_units(player: MakePlayer) -> None:
    done = player("debian-web", "deploy")("systemctl enable cron; systemctl is-enabled cron")
    assert (done.text, done.errors) == ("enabled\n", "Failed to enable unit: Access denied\n")


def test_a_unit_file_of_any_size_or_form_is_listed(run: Player) -> None:
    done = run("cd /etc/systemd/system; seq 200000 > a.service; ln -s b.service b.service; mkdir c.service; "
               "printf '[Install]\\nWantedBy=../../x\\n' > d@.service; systemctl list-units -a --no-legend | wc -l; "
               "systemctl enable a b c d@1; systemctl status a b d@1 | grep -c Loaded")  # fmt: skip
    assert done.text.endswith("\n2\n")


@pytest.mark.parametrize(
    "line", at_scale(["systemctl", "systemctl list-unit-files", "service --status-all", "systemd-cgls"], always=1)
)
def test_many_large_unit_files_are_read_in_turns(run: Player, line: str) -> None:
    run("cd /etc/systemd/system; seq 4000 | sed 's/$/=a b c/' > z; for i in $(seq 250); do cp z a$i.service; done")
    assert run(line).turns > 5
