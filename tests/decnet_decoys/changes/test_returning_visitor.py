# SPDX-License-Identifier: MIT
"""An intruder changes the machine, comes back from another address after a restart, and is let in by what he planted.

With OpenSSH's client; the second visit comes from another address of the loopback.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, events_in, fleet_settings
from tests.ports import own_address

from decnet_core.events.catalogue import LoginAttempt, SessionOpened

PLANTING = (
    "echo root:Zq8NewPass | chpasswd; useradd -m -s /bin/bash -G sudo support; echo support:Sup1 | chpasswd; "
    "mkdir -p /root/.ssh; echo '{key}' >> /root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys; "
    "(crontab -l 2>/dev/null; echo '* * * * * /tmp/.x') | crontab -; echo left > /tmp/note; rm /etc/motd; id support"
)


async def visit(
    host: DeckyHost, line: str, user: str, password: str, *, last: int, options: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Run a line from an address of one's own; returns exit status and output."""
    status, out, _ = await host.ssh(
        line, user=user, password=password, options=(f"BindAddress={own_address(last)}", *options)
    )
    return status, out.decode()


def logins(host: DeckyHost) -> list[LoginAttempt]:
    return [one for event in events_in(host.state) if isinstance(one := event.payload, LoginAttempt)]


def made_key(directory: Path) -> Path:
    key = directory / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen on this machine")
async def test_what_was_planted_lets_in_after_a_restart_and_joins_the_visits(tmp_path: Path) -> None:
    key = made_key(tmp_path)
    settings = fleet_settings(offers=("ssh",))
    first = DeckyHost(tmp_path, settings)
    await first.open()
    planting = PLANTING.format(key=key.with_suffix(".pub").read_text().strip())
    status, shown = await visit(first, planting, "root", "admin123", last=21)
    await first.close()
    assert (status, shown) == (0, "uid=1001(support) gid=1001(support) groups=1001(support),27(sudo)\n")
    [planter] = [event.session for event in events_in(first.state, SessionOpened)]

    second = DeckyHost(tmp_path, settings)
    await second.open()
    by_key = ("PubkeyAuthentication=yes", f"IdentityFile={key}", "PasswordAuthentication=no", "IdentitiesOnly=yes")
    look = "crontab -l; cat /tmp/note; ls /etc/motd 2>/dev/null; whoami"
    answers = [
        await visit(second, "id -u", "root", "admin123", last=22),
        await visit(second, look, "root", "Zq8NewPass", last=22),
        await visit(second, "id -un; pwd", "support", "Sup1", last=23),
        await visit(second, "id -un", "root", "", last=24, options=by_key),
    ]
    await second.close()
    assert answers[0][0] == 255
    assert answers[1:] == [(0, "* * * * * /tmp/.x\nleft\nroot\n"), (0, "support\n/home/support\n"), (0, "root\n")]
    accepted = [(one.username, one.method, one.planted_by) for one in logins(second) if one.success]
    assert accepted == [
        ("root", "password", ""),
        ("root", "password", planter),
        ("support", "password", planter),
        ("root", "publickey", planter),
    ]


async def test_a_key_that_was_not_planted_is_refused_and_recorded_once(tmp_path: Path) -> None:
    key = made_key(tmp_path)
    host = DeckyHost(tmp_path, fleet_settings(offers=("ssh",)))
    await host.open()
    options = ("PubkeyAuthentication=yes", f"IdentityFile={key}", "PasswordAuthentication=no", "IdentitiesOnly=yes")
    status, _ = await visit(host, "id", "root", "", last=21, options=options)
    await host.close()
    assert status == 255
    assert [(one.method, one.success) for one in logins(host) if one.method != "none"] == [("publickey", False)]
