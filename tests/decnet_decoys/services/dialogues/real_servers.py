# SPDX-License-Identifier: MIT
"""The servers of Debian 12 that the decoys claim to be, with its configuration, in a mount namespace; needs root.

In it one account has a password of its own and the machine another name, so the host's files stay as they are.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.decnet_decoys.services.dialogues.asking import not_installed, takes_connections

USER, PASSWORD, HOST = "deploy", "deploy", "mail.example.org"
DATABASE_PASSWORD = "root"
PROGRAMS = {
    "ftp": ("vsftpd", "openssl"), "smtp": ("postfix", "openssl", "dovecot"), "redis": ("redis-server",),
    "mysql": ("mariadbd", "mariadb-install-db"), "telnet": ("busybox",),
    "inetutils": ("telnetd", "login"),
}  # fmt: skip

_VSFTPD = """
listen=YES
listen_ipv6=NO
background=NO
listen_address={address}
listen_port={port}
anonymous_enable=NO
local_enable=YES
write_enable=YES
dirmessage_enable=YES
use_localtime=YES
xferlog_enable=NO
connect_from_port_20=NO
secure_chroot_dir={directory}/empty
pam_service_name=vsftpd
rsa_cert_file={directory}/pem
rsa_private_key_file={directory}/pem
delay_failed_login=0
seccomp_sandbox=NO
isolate_network=NO
ssl_enable=YES
force_local_data_ssl=NO
force_local_logins_ssl=NO
"""
_POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/spool
data_directory = {directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
smtpd_tls_cert_file = {directory}/pem
smtpd_tls_key_file = {directory}/pem
smtpd_tls_security_level = may
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
mynetworks = 0.0.0.0/0
myhostname = {name}
mydestination = {name}, localhost
inet_interfaces = all
inet_protocols = ipv4
default_transport = discard
relay_transport = discard
local_transport = discard
local_recipient_maps =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = unix:{directory}/auth
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
"""
_POSTFIX_MASTER = """
{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""
_DOVECOT = """
protocols =
base_dir = {directory}/dovecot
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {directory}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {directory}/auth {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
_MARIADB = """
[mariadbd]
datadir={directory}/data
socket={directory}/data/socket
pid-file={directory}/data/pid
bind-address={address}
port={port}
user=nobody
skip-name-resolve
skip-ssl
character-set-server=utf8mb4
collation-server=utf8mb4_general_ci
"""
_PAM_OF_LOGIN = """
auth [success=1 default=ignore] pam_unix.so nullok nodelay
auth requisite pam_deny.so
auth required pam_permit.so
account required pam_unix.so
session required pam_permit.so
"""
_INETD = """
import socket, subprocess
with socket.create_server(("{address}", {port})) as listening:
    while True:
        client, _ = listening.accept()
        with client:
            subprocess.Popen(["/usr/sbin/telnetd"], stdin=client, stdout=client, stderr=client)
"""


def missing(name: str) -> str:
    """Return why that server cannot be started here; empty: it can."""
    if os.geteuid() != 0:
        return "only root can start it"
    return not_installed(*PROGRAMS[name], "unshare")


def _ran(*command: str, given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def _certificate(directory: Path) -> None:
    _ran("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "9",
         "-keyout", str(directory / "pem"), "-out", str(directory / "crt"))  # fmt: skip
    with (directory / "pem").open("a") as file:
        file.write((directory / "crt").read_text())


def _accounts(directory: Path) -> str:
    """Write files of accounts with one more, and return the commands that put them in place."""
    home = directory / "home"
    home.mkdir()
    os.chown(home, 4242, 4242)
    made = _ran("openssl", "passwd", "-6", PASSWORD).strip()
    for name, line in (
        ("passwd", f"{USER}:x:4242:4242::{home}:/bin/bash"),
        ("shadow", f"{USER}:{made}:19000:0:99999:7:::"),
    ):
        file = directory / name
        file.touch(0o600 if name == "shadow" else 0o644)
        file.write_text(Path(f"/etc/{name}").read_text() + line + "\n")
    (directory / "issue").write_text("Debian GNU/Linux 12\n")
    pam = directory / "pam"  # of Debian, but for the pause after a wrong password
    pam.write_text("auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n")
    (directory / "hosts").write_text("127.0.0.1 localhost\n127.0.1.1 web-01\n")
    for name in ("utmp", "wtmp", "btmp", "lastlog"):
        (directory / name).touch()
    (directory / "pam-login").write_text(_PAM_OF_LOGIN)
    binds = {"passwd": "/etc/passwd", "shadow": "/etc/shadow", "issue": "/etc/issue.net", "hosts": "/etc/hosts"}
    binds |= {"utmp": "/run/utmp", "wtmp": "/var/log/wtmp", "btmp": "/var/log/btmp", "lastlog": "/var/log/lastlog"}
    binds["pam-login"] = "/etc/pam.d/login"
    commands = [f"mount --bind {directory}/{name} {place}" for name, place in binds.items() if Path(place).exists()]
    commands += [f"mount --bind {pam} {place}" for place in ("/etc/pam.d/vsftpd",) if Path(place).exists()]
    return " && ".join(["hostname web-01", *commands])


def _postfix(directory: Path, address: str, port: int) -> str:
    for name in ("etc", "spool", "data"):
        (directory / name).mkdir()
    _certificate(directory)
    shutil.chown(directory / "data", "postfix")
    fill = {"directory": directory, "address": address, "port": port, "name": HOST}
    (directory / "etc" / "main.cf").write_text(_POSTFIX_MAIN.format(**fill))
    (directory / "etc" / "master.cf").write_text(_POSTFIX_MASTER.format(**fill))
    (directory / "dovecot.conf").write_text(_DOVECOT.format(**fill))
    (directory / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
    (directory / "users").chmod(0o644)
    return f"dovecot -F -c {directory}/dovecot.conf & exec /usr/sbin/postfix -c {directory}/etc start-fg"


def _mariadb(directory: Path, address: str, port: int) -> str:
    fill = {"directory": directory, "address": address, "port": port}
    (directory / "cnf").write_text(_MARIADB.format(**fill))
    (directory / "cnf").chmod(0o644)
    # What .ci/run installs makes no account named mysql.
    options = ("--user=nobody", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
    _ran("mariadb-install-db", f"--datadir={directory}/data", *options)
    statements = (
        "DROP USER root@'127.0.0.1'",
        f"CREATE USER root@'%' IDENTIFIED BY '{DATABASE_PASSWORD}'",
        "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION",
    )
    (directory / "init").write_text("".join(f"{statement};\n" for statement in statements))
    (directory / "init").chmod(0o644)
    return f"exec mariadbd --defaults-file={directory}/cnf --init-file={directory}/init"


def _command(name: str, directory: Path, address: str, port: int) -> str:
    """Return the shell's command that runs a server, after making what it needs."""
    if name == "ftp":
        _certificate(directory)
        (directory / "empty").mkdir(mode=0o755)
        (directory / "conf").write_text(_VSFTPD.format(directory=directory, address=address, port=port))
        return f"{_accounts(directory)} && exec vsftpd {directory}/conf"
    if name == "smtp":
        return _postfix(directory, address, port)
    if name == "redis":
        options = f"--bind {address} --port {port} --dir {directory} --protected-mode no --daemonize no"
        return f"exec redis-server {options} --enable-protected-configs yes --enable-module-command yes"
    if name == "mysql":
        return _mariadb(directory, address, port)
    if name == "inetutils":
        (directory / "inetd").write_text(_INETD.format(address=address, port=port))
        return f"{_accounts(directory)} && exec {sys.executable} {directory}/inetd"
    (directory / "login").write_text("#!/bin/sh\nexec busybox login\n")
    (directory / "login").chmod(0o755)
    return f"{_accounts(directory)} && exec busybox telnetd -F -b {address} -p {port} -l {directory}/login"


@asynccontextmanager
async def real_server(name: str, address: str, port: int) -> AsyncIterator[None]:
    """Run a server until the block ends, in a directory that its users may enter: pytest's are root's alone."""
    with tempfile.TemporaryDirectory(prefix="decnet-real-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        directory.chmod(0o755)
        async with _running(name, directory, address, port):
            yield


@asynccontextmanager
async def _running(name: str, directory: Path, address: str, port: int) -> AsyncIterator[None]:
    command = await asyncio.to_thread(_command, name, directory, address, port)
    with (directory / "log").open("wb") as log:
        own_processes = () if name == "ftp" else ("--pid", "--mount-proc")  # vsftpd ends after one client as process 1
        process = await asyncio.create_subprocess_exec(
            # A shell's background jobs ignore both, and so would login, which telnetd's commands end by them.
            "env", "--default-signal=INT,QUIT",
            "unshare", "--mount", "--uts", *own_processes, "--fork", "--kill-child", "sh", "-c", command,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            async with asyncio.timeout(60):
                while not await takes_connections(address, port):
                    if process.returncode is not None:
                        raise RuntimeError((directory / "log").read_text(errors="replace"))
                    await asyncio.sleep(0.05)
            yield
        finally:
            with suppress(OSError):  # which takes its whole namespace along; one that changed its user outlives unshare
                for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                    os.kill(int(child), signal.SIGKILL)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
