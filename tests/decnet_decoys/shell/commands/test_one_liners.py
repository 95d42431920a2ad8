# SPDX-License-Identifier: MIT
"""What scripts do with openssl, perl and python in one line, and with programs that they copied."""

from __future__ import annotations

import hashlib

import pytest
from tests.decnet_decoys.decky_host import Player

APR1 = "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n"
SHA256 = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5\n"
SHA512 = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1\n"
"""As OpenSSL 3 prints them."""
FOUND = "/etc/hostname\n/dev/stdin: gzip compressed data\n"
LSBLK = "lsblk from util-linux 2.38.1\n"
GSHADOW = "640:shadow\nroot:*::\nCapEff:\t000001ffffffffff\n"
SHA = hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("line", "text", "status"),
    [
        ("echo -n abc | openssl dgst -sha256", f"SHA2-256(stdin)= {SHA}\n", 0),
        ("echo -n hello | openssl base64 | openssl base64 -d", "hello", 0),
        ("openssl rand -hex 8 | wc -c", "17\n", 0),
        ("openssl enc -aes-256-cbc -k p -pbkdf2 -nosalt -a <<< a", "sUgFY7/BXZenLGuZNslfVw==\n", 0),
        ("echo s | openssl aes-128-cbc -k x -nosalt -md md5 -a 2>/dev/null", "enyx4EJsQh6tHLq2+ubuUg==\n", 0),
        ("openssl enc -aes-256-cbc -K 00 -iv 00 -a <<< hi 2>/dev/null", "zk7b9JDpwsLKWzgk6oOwPA==\n", 0),
        (
            "echo x | openssl enc -aes-256-ctr -a -salt -pass pass:x | openssl enc -d -aes-256-ctr -a -pass pass:x",
            "x\n",
            0,
        ),
        ("echo aaaa | openssl enc -d -aes-256-cbc -k y -pbkdf2", "", 1),
        ("perl -pe 's/(\\w+)$/uc $1/e' /etc/hostname", "web-01\n", 0),
        ("perl -e '$SIG{TERM} = sub { print qq(t\\n); exit 2 }; kill TERM => $$; print 1'", "t\n", 2),
        ("python3 -m pip --version", "", 1),
        ("echo 'print(__file__)' > /tmp/m.py; cd /tmp; python3 m.py -V", "/tmp/m.py\n", 0),
        ('python3 -c \'import re; print(re.sub(r"(?P<a>x)", r"<\\g<a>\\1>", "axb"))\'', "a<xx>b\n", 0),
        (
            "python3 -c 'import grp, pwd; print(grp.getgrgid(0).gr_name, pwd.getpwuid(0).pw_shell)'",
            "root /bin/bash\n",
            0,
        ),
        ('python3 -c \'import crypt; print(crypt.crypt("Hello world!", "$6$saltstring"))\'', SHA512, 0),
        ("python3 -c 'print(1); 1/0' 2>&1 | head -1", "Traceback (most recent call last):\n", 0),
        ("ulimit -c -n | cut -c1-15", "core file size \nopen files     \n", 0),
        (
            "mkdir /tmp/e; touch /opt/f; mount --bind /opt /tmp/e; ls /tmp/e/f; rm -rf /tmp/e 2>&-; echo $?; "
            "umount /tmp/e; "
            "ls /tmp/e; P=$(pgrep -x cron); mount --bind /tmp/e /proc/$P; ls /proc/$P; pgrep -x cron",
            "/tmp/e/f\n1\n",
            1,
        ),
        (
            "useradd -m t1; su t1 -c pwd; su - t1 -c pwd; useradd -g nosuch y 2>&1",
            "/root\n/home/t1\nuseradd: group 'nosuch' does not exist\n",
            6,
        ),
        (
            "printf '\\177ELF\\2\\1\\1\\0' > /tmp/b; file -b /tmp/b; printf '\\177ELF' > /tmp/b; file -b /tmp/b",
            "ELF 64-bit LSB (SYSV)\nELF\n",
            0,
        ),
        (
            "echo vm.swappiness=5 >> /etc/sysctl.conf; sysctl -p; sysctl -p /nope 2>&1",
            'vm.swappiness = 5\nsysctl: cannot open "/nope": No such file or directory\n',
            1,
        ),
        (
            "busybox ps | head -1; busybox free | head -1; busybox df | head -1; busybox ping -c1 127.0.0.1 | head -1",
            "PID   USER     COMMAND\n              total        used        free      shared  buff/cache   available\n"
            "Filesystem           1K-blocks      Used Available Use% Mounted on\n"
            "PING 127.0.0.1 (127.0.0.1): 56 data bytes\n",
            0,
        ),
        (
            "dig +short +time=1 +tries=1 @127.0.0.1 x; host x 127.0.0.1",
            ";; communications error to 127.0.0.1#53: connection refused\n;; no servers could be reached\n"
            ";; communications error to 127.0.0.1#53: connection refused\n"
            ";; communications error to 127.0.0.1#53: connection refused\n;; no servers could be reached\n",
            1,
        ),
        (
            "find / -xdev -perm -4000 -type f | sort | tail -2; head -1 /root/.profile; ls -A /etc/sudoers.d",
            "/usr/lib/dbus-1.0/dbus-daemon-launch-helper\n/usr/lib/openssh/ssh-keysign\n"
            "# ~/.profile: executed by Bourne-compatible login shells.\nREADME\n",
            0,
        ),
        ("openssl nosuch", "", 1),
        ('perl -e \'print "x" x 3, "\\n"; die "oops\\n"\'', "xxx\n", 255),
        ("printf 'root\\nuser\\n' | perl -pe 's/o+/0/g'", "r0t\nuser\n", 0),
        ("printf 'root\\nuser\\n' | perl -ne 'print unless /^ro/'", "user\n", 0),
        ('perl -e \'exec "/bin/echo","hey"; print 1\'', "hey\n", 0),
        ("python3 -c 'import os; os.system(\"id -un\")'", "root\n", 0),
        ("python3 -c 'print(open(\"/etc/hostname\").read().strip())'", "web-01\n", 0),
        ("python3 -c 'import base64; print(base64.b64decode(\"aGk=\").decode())'", "hi\n", 0),
        ("echo 'import sys; sys.exit(3)' > /tmp/p.py; python3 /tmp/p.py", "", 3),
        ("python3 -c 'import os; x=os.popen(\"echo hi\").read().strip(); print(x, len(x))'", "hi 2\n", 0),
        ('python3 -c \'import os; print(os.popen("exit 3; nosuch").read(), end="")\'', "", 0),
        ('perl -e \'print "a".("b" x 2)."\\n"\'', "abb\n", 0),
        ("cat /proc/sys/kernel/random/uuid | tr -d '0-9a-f\\n'; ls /proc/sys/kernel/random | tail -1", "----uuid\n", 0),
        ("cp /bin/busybox /tmp/busybox2; /tmp/busybox2 echo a; ln -s /tmp/busybox2 /tmp/id; /tmp/id -u", "a\n0\n", 0),
        ("cp /bin/busybox /tmp/b; /tmp/b echo a 2>&1; cp /tmp/b /tmp/id; /tmp/id -u", "b: applet not found\n0\n", 0),
        ("echo '#!/bin/nosuch' > /tmp/q; chmod +x /tmp/q; /tmp/q", "", 127),
        (":() { echo named; }; :", "named\n", 0),
        ('python3 -c \'d={"a": 1}; d["k"]=2; print(d.get("z", 0) + d["k"], d, len(d))\'', "2 {'a': 1, 'k': 2} 2\n", 0),
        (
            'python3 -c \'print("%d-%s %5.1f%%" % (3, "x", 2.25), f"{7:03d}|{1.5:.2f}|{2!r:>3}")\'',
            "3-x   2.2% 007|1.50|  2\n",
            0,
        ),
        (
            "python3 -c 'x=[3,1]; x.append(2); x.sort(); a, b = 1, 2; b += a;"
            ' print(x, a if b > 2 else 0, b or 9, "ab".replace("a", "c"))\'',
            "[1, 2, 3] 1 3 cb\n",
            0,
        ),
        ("python3 -c 'print(round(2.567, 1), round(7.5))'; python3 -c 'print(round(5, -99999999))'", "2.6 8\n", 0),
        (
            "python3 -c 'print(\"%99999d\" % 1)'; python3 -c 'print(f\"{1:99999}\")';"
            'python3 -c \'print(("a"*4000).replace("a", "b"*4000))\'',
            "",
            1,
        ),
        (
            'python3 -c \'import collections as c, sys; n = c.Counter("aab");'
            'print(sorted(n), n["a"], len(n), "a" in n);'
            "print(sys.version_info >= (3,), sys.version_info < (3, 8))'",
            "['a', 'b'] 2 2 True\nTrue False\n",
            0,
        ),
        (
            'python3 -c \'import codecs, urllib.parse as p; print(codecs.decode("uryyb", "rot13"));'
            'print(p.urlparse("http://h:80/p?q").netloc); codecs.decode(b"zz", "hex")\'',
            "hello\nh:80\n",
            1,
        ),
        ("lastlog -u root | tail -n 1 | cut -c1-5", "root \n", 0),
        ("fdisk -l | head -n 1 | cut -d: -f1", "Disk /dev/vda\n", 0),
        ("sudo -u nobody id -un; sudo -u nosuch id", "nobody\n", 1),
        (
            "sudo --user=nobody id -un; sudo -nu deploy id -un; sudo -lU nobody",
            "nobody\ndeploy\nUser nobody is not allowed to run sudo on web-01.\n",
            0,
        ),
        ("echo '61 * * * * x' | sed 's/61/m1/' | crontab -; crontab -l", "", 1),
        ("trap 'echo int' INT; trap -p INT; trap - INT", "trap -- 'echo int' SIGINT\n", 0),
        ("kill -s NOSUCH 1", "", 1),
        ("crontab -u nosuch -l; chage -l nosuch", "", 1),
        ("touch /tmp/m; chown daemon:daemon /tmp/m; stat -c %U:%G /tmp/m", "daemon:daemon\n", 0),
        ("curl -s file:///etc/hostname; curl -s file:///nosuch", "web-01\n", 37),
        ("echo '192.0.2.1 pool' >> /etc/hosts; getent hosts pool", "192.0.2.1       pool\n", 0),
        ("openssl passwd -1 -salt xyz secret", "$1$xyz$Qia9Wq6FxQkYcwNWMk/RM0\n", 0),
        ("openssl passwd -apr1 -salt abcdefgh secret", APR1, 0),
        ("openssl passwd -5 -salt saltstring 'Hello world!'", SHA256, 0),
        ("echo 'Hello world!' | openssl passwd -6 -stdin -salt saltstring", SHA512, 0),
        ("perl -ne 'print \"$1-\\n\" if /^root:(.*?):/' /etc/passwd", "x-\n", 0),
        ("python3 -c \"import os,sys;print(sys.argv[1:],os.path.exists('/etc/passwd'))\" a b", "['a', 'b'] True\n", 0),
        ("mkdir -p /tmp/a/b && cd $_ && pwd; echo x y >/dev/null; echo $_", "/tmp/a/b\ny\n", 0),
        ("(shopt -s nullglob); shopt -q nullglob; echo $?", "1\n", 0),
        ("echo user=a pass=secret | grep -oP '(?<=pass=)\\S+'; echo a=1, | grep -oP 'a=\\K\\d(?=,)'", "secret\n1\n", 0),
        ("echo ab | grep -P 'a(?!c)'", "", 2),
        ("tar cf /tmp/t.tar -C /etc hostname; tar xOf /tmp/t.tar hostname", "web-01\n", 0),
        ("dpkg -S /bin/ls /usr/bin/curl; lsblk --version", "coreutils: /bin/ls\ncurl: /usr/bin/curl\n" + LSBLK, 0),
        ("command -v docker wget; type -p gcc", "/usr/bin/wget\n", 1),
        ("stat -c %a:%G /etc/gshadow; head -n 1 /etc/gshadow; grep CapEff /proc/self/status", GSHADOW, 0),
        (
            "echo x > /tmp/f; bzip2 /tmp/f && bzcat /tmp/f.bz2; xz -c /tmp/f.bz2 | xz -d | bunzip2; xz -d < /etc/hosts",
            "x\nx\n",
            1,
        ),
        ("install -m 640 /etc/hostname /tmp/i; stat -c %a /tmp/i; cp <(echo in) /tmp/o; cat /tmp/o", "640\nin\n", 0),
        (
            "printf 'a\\0b\\0' | while IFS= read -r -d '' f; do echo $f; done; read -d : z <<< q:w; echo $z",
            "a\nb\nq\n",
            0,
        ),
        (
            "IFS=,; set -- a b; echo \"$*\"; trap 'echo err $?' ERR; false; false || true; trap - ERR; false",
            "a,b\nerr 1\n",
            1,
        ),
        ("find /etc/hostname -newermt 2001-01-01; gzip -c /etc/hostname | file - | cut -d, -f1", FOUND, 0),
        ("mount -t tmpfs x /mnt; mount -t tmpfs x /nosuch; echo $((08))", "", 1),
    ],
)
def test_a_line_does_what_it_does_on_a_debian(run: Player, line: str, text: str, status: int) -> None:
    played = run(line)
    assert (played.text, played.status) == (text, status)


def test_a_fork_bomb_ends_with_its_budget(run: Player) -> None:
    assert run(":(){ :|:& };:").status == 137


def test_where_openssl_would_connect_is_recorded(run: Player) -> None:
    played = run("openssl s_client -connect 192.0.2.1:443 < /dev/null")
    assert [one.detail["target"] for one in played.requested] == ["192.0.2.1 443"]
