# SPDX-License-Identifier: MIT
"""The unit files of a persona's services, and what enables them (systemd.unit(5), systemd.service(5))."""

from typing import NamedTuple

from decnet_decoys.personas.schema import Persona
from decnet_decoys.shell.machine.condition import runs, service_of

PACKAGED = "/lib/systemd/system"
MADE = "/etc/systemd/system"


class _Unit(NamedTuple):
    description: str
    manual: str
    command: str
    kind: str = "simple"
    static: bool = False
    """Whether it has no [Install] section: other units start it."""
    alias: str = ""


_KNOWN = {
    "cron": _Unit("Regular background program processing daemon", "man:cron(8)", "/usr/sbin/cron -f $EXTRA_OPTS"),
    "dbus": _Unit("D-Bus System Message Bus", "man:dbus-daemon(1)", "@/usr/bin/dbus-daemon @dbus-daemon --system "
                  "--address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", "notify", static=True),
    "ssh": _Unit("OpenBSD Secure Shell server", "man:sshd(8) man:sshd_config(5)", "/usr/sbin/sshd -D $SSHD_OPTS",
                 "notify", alias="sshd.service"),
    "nginx": _Unit("A high performance web server and a reverse proxy server", "man:nginx(8)",
                   "/usr/sbin/nginx -g 'daemon on; master_process on;'", "forking"),
    "apache2": _Unit("The Apache HTTP Server", "https://httpd.apache.org/docs/2.4/", "/usr/sbin/apachectl start",
                     "forking"),
    "mariadb": _Unit("MariaDB database server", "man:mariadbd(8)", "/usr/sbin/mariadbd $MYSQLD_OPTS", "notify",
                     alias="mysql.service"),
    "postgresql": _Unit("PostgreSQL RDBMS", "", "/bin/true", "oneshot"),
    "redis-server": _Unit("Advanced key-value store", "man:redis-server(1)", "/usr/bin/redis-server "
                          "/etc/redis/redis.conf --supervised systemd --daemonize no", "notify", alias="redis.service"),
    "postfix": _Unit("Postfix Mail Transport Agent", "man:postfix(1)", "/bin/true", "oneshot"),
    "dovecot": _Unit("Dovecot IMAP/POP3 email server", "man:dovecot(1)", "/usr/sbin/dovecot -F"),
    "jenkins": _Unit("Jenkins Continuous Integration Server", "", "/usr/bin/jenkins", "notify"),
    "rsyslog": _Unit("System Logging Service", "man:rsyslogd(8)", "/usr/sbin/rsyslogd -n -iNONE", "notify"),
    "networking": _Unit("Raise network interfaces", "man:interfaces(5)", "/sbin/ifup -a --read-environment", "oneshot"),
    "systemd-journald": _Unit("Journal Service", "man:systemd-journald.service(8)", "/lib/systemd/systemd-journald",
                              "notify", static=True),
    "systemd-logind": _Unit("User Login Management", "man:systemd-logind.service(8)", "/lib/systemd/systemd-logind",
                            "notify", static=True),
    "systemd-resolved": _Unit("Network Name Resolution", "man:systemd-resolved.service(8)",
                              "!!/lib/systemd/systemd-resolved", "notify"),
    "systemd-timesyncd": _Unit("Network Time Synchronization", "man:systemd-timesyncd.service(8)",
                               "!!/lib/systemd/systemd-timesyncd", "notify", alias="dbus-org.freedesktop.timesync1"
                               ".service"),
    "systemd-udevd": _Unit("Rule-based Manager for Device Events and Files", "man:systemd-udevd.service(8)",
                           "/lib/systemd/systemd-udevd", "notify", static=True),
}  # fmt: skip
_ALWAYS = ("cron", "dbus", "networking", "ssh", "systemd-journald", "systemd-logind", "systemd-timesyncd",
           "systemd-udevd")  # fmt: skip


def services(persona: Persona) -> list[str]:
    """Return the names of the services that a persona's machine came with."""
    if persona.family != "debian":
        return []
    own = {service_of(one.process) for one in persona.listeners if one.process}
    others = {name for name in _KNOWN if any(runs(one.command, name) for one in persona.processes)}
    return sorted({*own, *others, *_ALWAYS})


def has_service(persona: Persona, name: str) -> bool:
    """Return whether the machine came with this service, without a look at all of them."""
    return (
        name in _ALWAYS
        or any(service_of(one.process) == name for one in persona.listeners if one.process)
        or (name in _KNOWN and any(runs(one.command, name) for one in persona.processes))
    )


def unit_files(persona: Persona) -> dict[str, str]:
    """Return path and text of the unit files."""
    return {f"{PACKAGED}/{name}.service": _text(name) for name in services(persona)}


def enabling_links(persona: Persona) -> dict[str, str]:
    """Return path and target of the links by which the services are started at boot."""
    found = {}
    for name in services(persona):
        unit = _KNOWN.get(name)
        if unit is None or not unit.static:
            found[f"{MADE}/multi-user.target.wants/{name}.service"] = f"{PACKAGED}/{name}.service"
        if unit is not None and unit.alias:
            found[f"{MADE}/{unit.alias}"] = f"{PACKAGED}/{name}.service"
    return found


def _text(name: str) -> str:
    unit = _KNOWN.get(name) or _Unit(name, "", f"/usr/sbin/{name}")
    lines = ["[Unit]", f"Description={unit.description}", *([f"Documentation={unit.manual}"] if unit.manual else [])]
    lines += ["After=network.target", "", "[Service]", *([f"Type={unit.kind}"] if unit.kind != "simple" else [])]
    lines += [f"ExecStart={unit.command}", *(["Restart=on-failure"] if unit.kind != "oneshot" else [])]
    if not unit.static:
        lines += ["", "[Install]", "WantedBy=multi-user.target", *([f"Alias={unit.alias}"] if unit.alias else [])]
    return "\n".join(lines) + "\n"
