# SPDX-License-Identifier: MIT
"""What lines of public honeypot logs need: as Debian 12 answers them (lists 25 and later of the benchmark)."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player

from decnet_decoys.shell.state import ShellState

ABORTED = (
    "Password change has been aborted.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n"
)


@pytest.fixture
def run(shell: ShellState) -> Player:
    """A shell that runs one line without a terminal, as sshd starts it for a command."""
    shell.terminal, shell.command = None, "line"
    return Player(shell)


@pytest.mark.parametrize(
    ("line", "text", "status"),
    [
        (
            "dd bs=52 count=1 if=/bin/ls 2>/dev/null | od -A n -t x1 -j 16 | head -1 | cut -c1-36",
            " 03 00 3e 00 01 00 00 00 d0 61 00 00\n",
            0,
        ),
        (
            "ls -ld /proc /sys | cut -c1-10; echo x > /dev/pts/x",
            "dr-xr-xr-x\ndr-xr-xr-x\nbash: line 1: /dev/pts/x: Permission denied\n",
            1,
        ),
        ("passwd < /dev/null", f"New password: {ABORTED}", 10),
        ("echo a | passwd", f"New password: Retype new password: {ABORTED}", 10),
        (
            "/bin/bash -c nosuch; sh -c nosuch",
            "/bin/bash: line 1: nosuch: command not found\nsh: 1: nosuch: not found\n",
            127,
        ),
        (
            "cp /bin/bash x; ./x -c 'echo $0 $BASH'; cp /bin/sh y; ./y -c nosuch",
            "./x /root/x\n./y: 1: nosuch: not found\n",
            127,
        ),
        (
            "echo 'echo hi' > g; bash -n g; echo if > f; bash -n f",
            "f: line 2: syntax error: unexpected end of file\n",
            2,
        ),
        ("set -- a b; echo 'echo $1 $#' > f; . ./f c d e; echo $1 $#", "c 3\na 2\n", 0),
        ("mkdir d; cd d; rmdir ../d; cd /; cd -", "bash: line 1: cd: /root/d: No such file or directory\n", 1),
        (
            "gpasswd -a root sudo; id -nG; groups; groups root",
            "Adding user root to group sudo\nroot\nroot\nroot : root sudo\n",
            0,
        ),
        (
            "chown daemon.daemon /tmp; stat -c %U:%G /tmp; chown root.nosuch /tmp",
            "chown: warning: '.' should be ':': \u2018daemon.daemon\u2019\n"
            "daemon:daemon\nchown: invalid user: \u2018root.nosuch\u2019\n",
            1,
        ),
        (
            "useradd nn; userdel -r nn",
            "userdel: nn mail spool (/var/mail/nn) not found\nuserdel: nn home directory (/home/nn) not found\n",
            0,
        ),
        ("newgrp nosuch", "newgrp: group 'nosuch' does not exist\n", 1),
        (
            "su nobody -s /bin/sh -c 'cd /root; echo $0'; su daemon -c id",
            "sh: 1: cd: can't cd to /root\nsh\nThis account is currently not available.\n",
            1,
        ),
        (
            "sudo -u nobody env | grep ^SUDO | sort",
            "SUDO_COMMAND=/usr/bin/env\nSUDO_GID=0\nSUDO_UID=0\nSUDO_USER=root\n",
            0,
        ),
        (
            "which ls; ls /nope 2>/dev/null; hash; hash -r; hash",
            "/usr/bin/ls\nhits\tcommand\n   1\t/usr/bin/which\n   1\t/usr/bin/ls\nhash: hash table empty\n",
            0,
        ),
        (
            "wget -q; mv /usr/bin/wget /usr/bin/wg; wget",
            "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
            "bash: line 1: /usr/bin/wget: No such file or directory\n",
            127,
        ),
        ("PATH=/tmp:$PATH; hash", "hash: hash table empty\n", 0),
        ("(sleep 50 &); pgrep -c sleep; pkill sleep; echo $?; pgrep sleep", "1\n0\n", 1),
        (
            "sleep 9 & kill -9 $!; wait $! 2> w; echo $?; cut -d' ' -f1-3,5- w | tr -s ' '",
            "137\nbash: line 1: Killed sleep 9\n",
            0,
        ),
        ("sleep 9 & kill $!; wait; echo $?", "0\n", 0),
        (
            "echo x > y; shred -vu -n 1 y",
            "shred: y: pass 1/1 (random)...\nshred: y: removing\nshred: y: renamed to 0\nshred: y: removed\n",
            0,
        ),
        ("openssl version -d", 'OPENSSLDIR: "/usr/lib/ssl"\n', 0),
        (
            "wget http://; wget -i /nope",
            "http://: Invalid host name.\n/nope: No such file or directory\nNo URLs found in /nope.\n",
            1,
        ),
        ("nc -e /bin/sh 127.0.0.1 1", "(UNKNOWN) [127.0.0.1] 1 (tcpmux) : Connection refused\n", 1),
        (
            "rsync nosuch.invalid::m .",
            "rsync: getaddrinfo: nosuch.invalid 873: Temporary failure in name resolution\n"
            "rsync error: error in socket IO (code 10) at clientserver.c(141) [Receiver=3.2.7]\n",
            10,
        ),
        (
            "echo a > f; xz f; xz -l f.xz | wc -l; bzip2 f.xz; xz -l f.xz.bz2",
            "2\nxz: f.xz.bz2: File format not recognized\n",
            1,
        ),
        ("tar xz < /dev/null 2>&1 | sed -n 2p", "gzip: stdin: unexpected end of file\n", 0),
        ("who -q; rm /var/log/lastlog; lastlog", "\n# users=0\n/var/log/lastlog: No such file or directory\n", 1),
        (
            "set | grep ^BASH_VERSINFO",
            'BASH_VERSINFO=([0]="5" [1]="2" [2]="15" [3]="1" [4]="release" [5]="x86_64-pc-linux-gnu")\n',
            0,
        ),
        ("mkdir q; cd q; rmdir ../q; ls; ls -l", "total 0\n", 0),
        ("echo $[1+2] \"$[2*3]\"; sh -c 'echo $[1+2]'", "3 6\n$[1+2]\n", 0),
        (
            "set -x; for i in a b; do :; done; case x in x) ;; esac",
            "+ for i in a b\n+ :\n+ for i in a b\n+ :\n+ case x in\n",
            0,
        ),
        (
            "trap -l | head -1; kill -99 1",
            " 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 4) SIGILL\t 5) SIGTRAP\n"
            "bash: line 1: kill: 99: invalid signal specification\n",
            1,
        ),
        (
            "seq -f '<%03g>' 2; seq -f x 1 2>&1 | head -1",
            "<001>\n<002>\nseq: format \u2018x\u2019 has no % directive\n",
            0,
        ),
        (
            "tar cvf a.tar /etc/hostname 2>/dev/null; tar xjf /etc/hostname",
            "/etc/hostname\nbzip2: (stdin) is not a bzip2 file.\ntar: Child returned status 2\n"
            "tar: Error is not recoverable: exiting now\n",
            2,
        ),
        ("tar cjf a.tbz /etc/hostname 2>/dev/null; head -c 3 a.tbz; tar tjf a.tbz", "BZhetc/hostname\n", 0),
        ("zcat /nope", "gzip: /nope.gz: No such file or directory\n", 1),
        (
            "wget http://127.0.0.1:1/x -o log; tail -1 log; wget -b 127.0.0.1:1 | cut -d, -f1",
            "Connecting to 127.0.0.1:1... failed: Connection refused.\nContinuing in background\n"
            "Output will be written to \u2018wget-log\u2019.\n",
            0,
        ),
        (
            "wget --spider http://127.0.0.1:1/ 2>&1 | head -1; wget ftp://127.0.0.1:1/x 2>&1 | sed -n 2p",
            "Spider mode enabled. Check if remote file exists.\n           => \u2018x\u2019\n",
            0,
        ),
        (
            "LC_ALL=C rm; export LANG=C; mkdir /tmp",
            "rm: missing operand\nTry 'rm --help' for more information.\n"
            "mkdir: cannot create directory '/tmp': File exists\n",
            1,
        ),
        (
            "env -i sh -c 'echo $PATH; env'",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/root\n",
            0,
        ),
        (
            "uname --help | head -1; cp --help | head -3; id --help | head -1",
            "Usage: uname [OPTION]...\nUsage: cp [OPTION]... [-T] SOURCE DEST\n"
            "  or:  cp [OPTION]... SOURCE... DIRECTORY\n  or:  cp [OPTION]... -t DIRECTORY SOURCE...\n"
            "Usage: id [OPTION]... [USER]...\n",
            0,
        ),
        (
            "help cd; help | sed -n '9p;12p'; help nosuch",
            "cd: cd [-L|[-P [-e]] [-@]] [dir]\n"
            " job_spec [&]                            history [-c] [-d offset] [n] or hist>\n"
            " :                                       kill [-s sigspec | -n signum | -sigs>\n"
            "bash: line 1: help: no help topics match `nosuch'.  "
            "Try `help help' or `man -k nosuch' or `info nosuch'.\n",
            1,
        ),
        ("su - daemon -s /bin/bash -c nosuch", "-bash: line 1: nosuch: command not found\n", 127),
        ("sudo -k; sudo -v; echo $?", "0\n", 0),
        ("timeout x ls 2>&1 | head -1", "timeout: invalid time interval \u2018x\u2019\n", 0),
        ("history -d 1", "bash: line 1: history: 1: history position out of range\n", 1),
        ("ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id; ls ~/.ssh; stat -c %a ~/.ssh", "id\nid.pub\n700\n", 0),
        (
            "ip route add default via 192.0.2.1; route add default gw 192.0.2.1",
            "Error: Nexthop has invalid gateway.\nSIOCADDRT: Network is unreachable\n",
            7,
        ),
        (
            "userdel --bogus 2>&1 | sed -n '2,5p'",
            "Usage: userdel [options] LOGIN\n\nOptions:\n"
            "  -f, --force                   force some actions that would fail otherwise\n",
            0,
        ),
        ("killall 2>&1 | head -5 | tail -1", "  -e,--exact          require exact match for very long names\n", 0),
        (
            "ls -d /etc/ld.so.conf.d/* /run/user/0",
            "/etc/ld.so.conf.d/libc.conf\n/etc/ld.so.conf.d/x86_64-linux-gnu.conf\n/run/user/0\n",
            0,
        ),
    ],
)
def test_as_debian_answers(run: Player, line: str, text: str, status: int) -> None:
    played = run(f"{{ {line}\n}} 2>&1")
    assert (played.text, played.status) == (text, status)


@pytest.mark.parametrize(
    ("line", "text", "status"),
    [
        ("busybox dd if=/bin/ls of=/dev/null bs=4 count=1", "1+0 records in\n1+0 records out\n", 0),
        (
            "busybox wget http://127.0.0.1:1/x",
            "Connecting to 127.0.0.1:1 (127.0.0.1:1)\n"
            "wget: can't connect to remote host (127.0.0.1): Connection refused\n",
            1,
        ),
        ("busybox wget -q nosuch.invalid", "wget: bad address 'nosuch.invalid'\n", 1),
        ("busybox killall a b", "killall: a: no process killed\nkillall: b: no process killed\n", 2),
        ("busybox kill abc", "kill: invalid number 'abc'\n", 1),
        (
            "busybox | sed -n '/^Currently/{n;p;n;p}'",
            "\t[, [[, acpid, adjtimex, ar, arch, arp, arping, ascii, ash, awk, base64,\n"
            "\tbasename, bc, blkdiscard, blkid, blockdev, brctl, bunzip2, bzcat,\n",
            0,
        ),
    ],
)
def test_busybox_has_its_own_words(run: Player, line: str, text: str, status: int) -> None:
    played = run(f"{{ {line}\n}} 2>&1")
    assert (played.text, played.status) == (text, status)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("scp -t /tmp/x < /dev/null | xxd -p", "00\n"),
        (r"printf 'C0600 3 a\nabc\0' | scp -t /tmp/x | xxd -p; cat /tmp/x; stat -c %a /tmp/x", "000000\nabc600\n"),
        (r"printf '\0\0\0' | scp -f /etc/hostname", "C0644 7 hostname\nweb-01\n\0"),
        ("scp -f /nope < /dev/null", ""),
        (r"printf 'C9999 junk' | scp -t /tmp/x | xxd -p; printf 'C0644 9 a\nabc' | scp -t /tmp/y | wc -c", "00\n2\n"),
    ],
)
def test_scp_is_the_far_side_of_a_copy(run: Player, line: str, text: str) -> None:
    assert run(line).text == text


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (
            r"\x7fELF\x01\x02\x01\0\0\0\0\0\0\0\0\0\0\2\0\x08\0\0\0\1",
            "ELF 32-bit MSB executable, MIPS, version 1 (SYSV)",
        ),
        (
            r"\x7fELF\x01\x01\x01\x61\0\0\0\0\0\0\0\0\2\0\x28\0\1\0\0\0",
            "ELF 32-bit LSB executable, ARM, version 1 (ARM)",
        ),
        (
            r"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1\0\0\0",
            "ELF 64-bit LSB executable, x86-64, version 1 (SYSV)",
        ),
        (r"\x7fELF\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "ELF"),
    ],
)
def test_file_tells_what_header_was_brought(run: Player, header: str, told: str) -> None:
    assert run(f"printf '{header}' > a; file -b a").text.startswith(told)
