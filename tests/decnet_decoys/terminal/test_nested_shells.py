# SPDX-License-Identifier: MIT
"""Shells that are typed at within another: `exit` and ^D go back to the outer one, which is as it was."""

from __future__ import annotations

from time import thread_time

import pytest
from tests.decnet_decoys.terminal.test_session import READ, Client, at_terminal, run

from decnet_decoys.shell.interactive.nesting import MAX_NESTED
from decnet_decoys.shell.interactive.prompts import MAX_PROMPT, prompt_of
from decnet_decoys.shell.state import ShellState

ROOT = "\x1b[?2004hroot@web-01:~# "


@pytest.fixture
async def typed(shell: ShellState) -> Client:
    return await at_terminal(shell)


async def test_exit_of_sh_goes_back_to_bash(typed: Client) -> None:
    assert (await typed.types("x=1; alias l=ls; sh\r", f"{READ}# ")).endswith(f"{READ}# ")
    assert "sh: 1: nosuch: not found\r\n" in await typed.types("nosuch; echo [$x] $0\r", "[] sh\r\n# ")
    assert "sh: 2: [[: not found" in await typed.types("[[ a ]]\r", "not found\r\n# ")
    assert "\r\nexit" not in await typed.types("cd /tmp; exit 3\r", ROOT)
    assert "3 1 -bash /root" in await typed.types("echo $? $x $0 $PWD\r", ROOT)
    await typed.close()


async def test_the_end_of_input_leaves_one_shell_after_the_other(typed: Client) -> None:
    await typed.types("bash\r", READ + ROOT)
    assert "2 bash\r\n" in await typed.types("echo $SHLVL $0\r", ROOT)
    await typed.types("su -s /bin/bash nobody\r", "$ ")
    assert (await typed.types("\x04", ROOT)).count("exit") == 1
    assert "exit\r\n" in await typed.types("\x04", ROOT)
    await typed.types("\x04", "logout\r\n")
    assert await typed.left() == 0
    await typed.close()


async def test_exec_of_a_shell_replaces_this_one(typed: Client) -> None:
    await typed.types("exec sh\r", f"{READ}# ")
    await typed.types("exit 7\r", "exit 7\r\n")
    assert await typed.left() == 7
    await typed.close()


async def test_what_one_command_has_set_ends_with_it_though_a_shell_began(typed: Client) -> None:
    await typed.types("X=1 bash\r", READ + ROOT)
    assert "\r[1]\r\n" in await typed.types("echo [$X]\r", ROOT)
    await typed.types("exit\r", ROOT)
    assert "\r[]\r\n" in await typed.types("echo [$X]\r", ROOT)
    await typed.close()


@pytest.mark.parametrize("begins", ["bash", "sh", "exec bash"])
async def test_a_function_that_begins_a_shell_has_ended_in_the_outer_one(typed: Client, begins: str) -> None:
    await typed.types("bash\r", READ + ROOT)
    await typed.types(f"f() {{ local x=1; {begins}; }}; f a b\r", "# ")
    await typed.types("exit\r", ROOT)
    assert "\r[][][0]\r\n" in await typed.types("echo [$x][$1][$#]\r", ROOT)
    assert "can only be used in a function" in await typed.types("local y\r", ROOT)
    await typed.close()


async def test_su_in_dash_begins_the_shell_of_the_account(typed: Client) -> None:
    await typed.types("sh\r", f"{READ}# ")
    await typed.types("su\r", ROOT)
    assert "\ryes bash\r\n" in await typed.types("[[ a ]] && echo yes $0\r", ROOT)
    await typed.close()


async def test_sudo_runs_the_files_that_an_intruder_has_planted(typed: Client) -> None:
    await typed.types("echo 'echo in profile' >> ~/.profile; echo 'echo in bashrc' >> ~/.bashrc\r", ROOT)
    assert "\rin bashrc\r\nin profile\r\n" in await typed.types("sudo -i\r", ROOT)
    shown = await typed.types("sudo su\r", ROOT)
    assert ("in bashrc" in shown, "in profile" in shown) == (True, False)
    await typed.close()


async def test_a_log_in_runs_what_was_planted(shell: ShellState) -> None:
    changed = b"A=planted\necho nothing > /nosuch/x\n"
    shell.files.write("/root/.bashrc", changed, shell.access)
    client = await at_terminal(shell)
    assert "\r[planted][0]\r\n" in await client.types("echo [$A][$?]\r", ROOT)
    assert client.notes.commands == [("echo [$A][$?]", True)]
    await client.close()


async def test_a_command_of_ssh_runs_what_was_planted_and_that_of_another_service_does_not(shell: ShellState) -> None:
    shell.files.write("/root/.bashrc", b"A=planted\n", shell.access)
    for daemon, shown in (("sshd", b"[planted]\n"), ("in.telnetd", b"[]\n")):
        shell.variables.pop("A", None)
        shell.command, shell.origin = "x", shell.origin._replace(daemon=daemon)
        _, channel, _ = await run(shell, "echo [$A]")
        assert channel.shown == shown


async def test_shells_within_each_other_are_bounded(typed: Client, shell: ShellState) -> None:
    for _ in range(MAX_NESTED + 4):
        await typed.types("bash\r", READ + ROOT)
    assert len(shell.outer) == MAX_NESTED
    await typed.close()


async def test_a_prompt_is_what_is_asked_for(typed: Client) -> None:
    await typed.types("PS1='[\\W] $HOSTNAME> '\r", "\x1b[?2004h[~] web-01> ")
    await typed.types("bash --norc\r", "\x1b[?2004hbash-5.2# ")
    await typed.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\\u\\$ ", "eve# "),
        ("\\033[1m\\[x\\]", "\x1b[1mx"),
        ("${debian_chroot:+($x)}a", "a"),
        ("\\q\\", "\\q\\"),
        ("$V-${V}", "v-v"),
        ("$W\\u", "\\ueve"),
    ],
)
def test_escapes_of_a_prompt(text: str, shown: str) -> None:
    assert prompt_of(text, {"u": "eve", "$": "#"}, {"V": "v", "W": "\\u"}, lambda layout: layout) == shown


def test_a_prompt_is_bounded_and_made_at_once() -> None:
    began = thread_time()
    shown = prompt_of("$V" * MAX_PROMPT, {"w": "d" * 4096}, {"V": "\\w" * 40_000}, lambda layout: layout)
    assert thread_time() - began < 0.02
    assert len(shown) <= MAX_PROMPT


@pytest.mark.parametrize("end", ["exit\r", "\x04"])
async def test_the_rest_of_a_line_waits_for_the_end_of_the_shell_that_it_begins(typed: Client, end: str) -> None:
    assert "left 1" not in await typed.types("x=1; { bash; echo left $x; }; echo last $?\r", READ + ROOT)
    assert "\r[]\r\n" in await typed.types("echo [$x]\r", ROOT)
    assert "left 1\r\nlast 0\r\n" in await typed.types(end, ROOT)
    assert "again" not in await typed.types("echo x\r", ROOT)
    await typed.close()


async def test_what_follows_a_shell_depends_on_its_status(typed: Client) -> None:
    await typed.types("bash && echo good || echo bad\r", READ + ROOT)
    assert "exit\r\nbad\r\n" in await typed.types("exit 3\r", ROOT)
    await typed.types("sh; bash; echo done\r", f"{READ}# ")
    await typed.types("exit\r", ROOT)
    assert "exit\r\ndone\r\n" in await typed.types("exit\r", ROOT)
    await typed.types("exit 4\r", "exit 4\r\n")
    assert await typed.left() == 4
    await typed.close()
