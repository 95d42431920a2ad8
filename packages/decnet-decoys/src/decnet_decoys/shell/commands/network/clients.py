# SPDX-License-Identifier: MIT
"""Commands that would reach another host: scp, ping, ssh, nc, dig. Nothing is sent; the wish is recorded."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.downloads import host_of, is_address
from decnet_decoys.shell.commands.network.failures import ssh_failure
from decnet_decoys.shell.commands.network.scp_remote import sink, source
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.machine.files.installed_files import TCP_SERVICES
from decnet_decoys.shell.programs import command


@command("tftp", "ftpget", "ftp", "lwp-download", "aria2c", "fetch", families=("busybox",))
def download_otherwise(call: Call) -> Effects:
    """Record what was to be fetched by what BusyBox brings, and fail."""
    if not call.args:
        return call.fail("missing operand")
    yield Requested("fetch", {"program": call.name, "url": " ".join(call.args)[:2048]})
    yield Pause(1.0)
    if call.name == "tftp" and call.shell.machine.persona.family == "debian":
        return call.fail("timeout")
    return call.fail(f"can't connect to remote host ({call.words[0][:253] if call.words else ''}): Connection refused")


_SCP_USAGE = """\
usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]
           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]
           [-P port] [-S program] [-X sftp_option] source ... target"""


@command("scp")
def scp(call: Call) -> Effects:
    flags, operands = call.flags("cDFiJloPSX")
    remote = [one for one in operands if ":" in one]
    if {"t", "f"} & flags.keys() and operands:
        return (yield from (sink if "t" in flags else source)(call, operands[0]))
    if len(operands) < 2:
        call.print_error(_SCP_USAGE)
        return 1
    yield Requested("fetch", {"program": "scp", "url": " ".join(operands)[:2048]})
    yield Pause(1.0)
    if not remote:
        return (yield from call.runner.execute(["cp", *operands], call.streams))
    call.print_error(ssh_failure(host_of(remote[0].rpartition("@")[2].partition(":")[0]), flags.get("P", "22")[:5]))
    call.print_error("scp: Connection closed\r")
    return 255


_SFTP_USAGE = """\
usage: sftp [-46AaCfNpqrv] [-B buffer_size] [-b batchfile] [-c cipher]
          [-D sftp_server_command] [-F ssh_config] [-i identity_file]
          [-J destination] [-l limit] [-o ssh_option] [-P port]
          [-R num_requests] [-S program] [-s subsystem | sftp_server]
          [-X sftp_option] destination"""


@command("sftp", families=("debian",))
def sftp(call: Call) -> Effects:
    """Record where files were to come from, and fail to reach it."""
    options, operands = call.flags("BbcDFiJloPRSsX")
    if not operands:
        call.print_error(_SFTP_USAGE)
        return 1
    yield Requested("connect", {"program": "sftp", "target": operands[0][:2048]})
    yield Pause(1.0)
    host = operands[0].removeprefix("sftp://").rpartition("@")[2].partition(":")[0]
    call.print_error(ssh_failure(host[:253], options.get("P", "22")[:5]))
    call.print_error("Connection closed\r" if "P" in options else _SFTP_CLOSED)
    return 255


_SFTP_CLOSED = "\rConnection closed.  \nConnection closed\r"


@command("ping", "ping6")
def ping(call: Call) -> Effects:
    """Ask for an echo, which comes from the machine itself only."""
    options, operands = call.flags("ciWIstwQ")
    if not (options.get("c", "1").isdecimal()):
        return call.fail(f"invalid argument: '{options['c']}'")
    if not operands:
        return call.fail("usage error: Destination address required", 1)
    host = operands[0][:253]
    yield Requested("ping", {"host": host})
    sixth = call.name == "ping6" or "6" in options or ":" in host
    own = host in ("localhost", call.shell.machine.hostname, call.shell.machine.address, "::1")
    own = own or host.startswith("127.")
    if not is_address(host) and not own:
        return call.fail(f"{host}: Temporary failure in name resolution", 2)
    count = min(int(options["c"]), 5) if options.get("c", "").isdecimal() and len(options["c"]) < 4 else 5
    address = host if is_address(host) else "::1" if sixth else "127.0.0.1"
    call.print(f"PING {host}({address}) 56 data bytes" if sixth else f"PING {host} ({address}) 56(84) bytes of data.")
    for number in range(1, count + 1) if own else ():
        yield Pause(1.0 if number > 1 else 0.0)
        call.print(f"64 bytes from {address}: icmp_seq={number} ttl=64 time=0.0{31 + 7 * number % 20} ms")
    if not own:
        yield Pause(float(count) + 1)
    loss, received = (0, count) if own else (100, 0)
    waited = (count - 1) * 1023 if own else count * 1023
    call.print(
        f"\n--- {host} ping statistics ---\n{count} packets transmitted, {received} received, {loss}% packet loss, "
        f"time {waited}ms"
    )
    call.print("rtt min/avg/max/mdev = 0.034/0.038/0.045/0.004 ms" if own else "")
    return int(not own)


@command("traceroute", families=("debian",))
def traceroute(call: Call) -> Effects:
    host = next(iter(call.words), "")[:253]
    if not host:
        call.print_error("Usage:\n  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] host [ packetlen ]")
        return 2
    yield Requested("ping", {"host": host})
    if not is_address(host):
        call.print_error(
            f'{host}: Temporary failure in name resolution\nCannot handle "host" cmdline arg `{host}\' on position 1'
        )
        return 2
    call.print(f"traceroute to {host} ({host}), 30 hops max, 60 byte packets")
    if host.startswith("127."):
        here = host if "-n" in call.args else f"localhost ({host})"
        call.print(f" 1  {here}  0.223 ms  0.193 ms  0.182 ms")
        return 0
    for hop in range(1, 31):
        yield Pause(1.0)
        call.print(f"{hop:2}  * * *")
    return 0


_USAGES = {
    "ssh": "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]\n           [-b bind_address] [-c cipher_spec] "
    "[-D [bind_address:]port]\n           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]\n"
    "           [-i identity_file] [-J [user@]host[:port]] [-L address]\n           [-l login_name] [-m mac_spec] "
    "[-O ctl_cmd] [-o option] [-p port]\n           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]\n"
    "           [-w local_tun[:remote_tun]] destination [command [argument ...]]\n",
    "nc": "Cmd line: wrong\n",
}


_SSH_LETTERS = frozenset("46AaBbCcDEeFfGgIiJKkLlMmNnOoPpQqRSsTtVvWwXxYy")
_NC_HELP = """\
[v1.10-47]
connect to somewhere:\tnc [-options] hostname port[s] [ports] ...\x20
listen for inbound:\tnc -l -p port [-options] [hostname] [port]
"""


def _ssh_version(call: Call) -> str:
    """Return what `ssh -V` says: the client is of the package that the server is of."""
    server = call.shell.machine.persona.services.get("ssh")
    version = server.version if server is not None else "OpenSSH_9.2p1"
    libraries = {"Debian": "OpenSSL 3.0.14 4 Jun 2024", "Ubuntu": "OpenSSL 3.0.2 15 Mar 2022"}
    library = next((text for name, text in libraries.items() if name in version), "")
    return f"{version}, {library}\n" if library else f"{version}\n"


@command("ssh", "telnet", "nc", "netcat")
def connect(call: Call) -> Effects:
    """Record the destination, and fail to reach it."""
    options, operands = call.flags("pilobwRLDXxqs" if call.name == "ssh" else _NC_VALUED + "p")
    if call.name == "ssh" and "V" in options:
        call.print_error(_ssh_version(call), end="")
        return 0
    letters = "".join(arg[1:2] for arg in call.args if arg.startswith("-") and arg != "--")
    unknown = next((one for one in letters if one not in _SSH_LETTERS), "")
    if unknown and call.name == "ssh":
        call.print_error(
            f"unknown option -- {unknown}\r\n{_USAGES['ssh']}".replace("\n", "\r\n").replace("\r\r", "\r"), end=""
        )
        return 255
    if call.name in ("nc", "netcat") and call.args == ["-h"]:
        call.print_error(_NC_HELP, end="")
        return 1
    wrong = _wrong_port(options, operands) if call.name == "ssh" and operands else ""
    if wrong or not operands:
        usage = _USAGES.get(call.name, f"usage: {call.name} [-options] host [port]\n")
        call.print_error(wrong or usage, end="\n" if wrong else "")
        return 255 if call.name == "ssh" else 1
    host = host_of(operands[0])
    yield Requested("connect", {"program": call.name, "target": " ".join(operands)[:2048]})
    yield Pause(0.1 if host.startswith("127.") or not is_address(host) else 2.0)
    if call.name == "ssh":
        if call.shell.terminal is None and len(operands) == 1:
            call.print_error("Pseudo-terminal will not be allocated because stdin is not a terminal.\r")
        call.print_error(ssh_failure(host, options.get("p", "22")[:5]))
        return 255
    return _refused(call, host, operands[1] if len(operands) > 1 else "23")


def _wrong_port(options: dict[str, str], operands: list[str]) -> str:
    """Return what ssh says of a port that is none, and of no host; empty: all is well."""
    port = options.get("p", "22")
    if not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        return f"Bad port '{port[:64]}'"
    return "" if not operands[0].endswith("@") else "ssh: Could not resolve hostname : Name or service not known\r"


_LOOKUP = "Server lookup failure:  {host}:{service}, Temporary failure in name resolution"
_NO_NAME = "forward host lookup failed: Host name lookup failure : Resource temporarily unavailable"


def _refused(call: Call, host: str, port: str) -> int:
    """Fail to connect as telnet or netcat say it."""
    unknown = call.shell.machine.persona.family == "debian" and not is_address(host) and host != "localhost"
    if unknown and (call.name == "telnet" or "nc" in call.name):
        service = "telnet" if port == "23" else port
        lost = _LOOKUP.format(host=host, service=service) if call.name == "telnet" else f"{host}: {_NO_NAME}"
        call.print_error(lost)
        return 1
    if call.name == "telnet":
        lines = [
            (call.print, f"Trying {host}..."),
            (call.print_error, "telnet: Unable to connect to remote host: Connection refused"),
        ]
        for show, line in lines if call.tty else lines[::-1]:  # what goes into a pipe is written at the end
            show(line)
        return 1
    if call.shell.machine.persona.family == "busybox" or "nc" not in call.name:
        return call.fail(f"connect to {host}: Connection refused")
    named = TCP_SERVICES.get(port, "?")
    flags = call.flags(_NC_VALUED)[0]  # it looks for a name if it is to talk about what it does
    if "z" in flags and "v" not in flags:
        return 1
    shown = "localhost" if host == "127.0.0.1" and "v" in flags and "n" not in flags else "(UNKNOWN)"
    call.print_error(f"{shown} [{host}] {port} ({named}) : Connection refused")
    return 1


_NC_VALUED = "cegGiopqswT"


_DATABASES = {
    name: f"/etc/{name}"
    for name in ("passwd", "group", "shadow", "gshadow", "services", "protocols", "networks", "rpc")
}


@command("getent")
def getent(call: Call) -> Effects:
    """Look names up in the machine's files; hosts besides those in the network, which does not answer."""
    words = call.words
    if not words:
        call.print("Try `getent --help' or `getent --usage' for more information.")
        return call.fail("wrong number of arguments")
    path = _DATABASES.get(words[0])
    if path is not None:
        return _rows(call, path, words[1:])
    if words[0] not in ("hosts", "ahosts", "ahostsv4"):
        call.print_error(f"Unknown database: {words[0][:64]}")
        call.print("Try `getent --help' or `getent --usage' for more information.")
        return 1
    status = 0
    for name in words[1:5]:
        listed = _in_hosts(call, name)
        if listed:
            call.print(listed)
            continue
        if name in ("localhost", call.shell.machine.hostname):
            if name == "localhost" and words[0] == "hosts" and (local := _in_hosts(call, name, "::1")):
                call.print(local)
                continue
            call.print(f"{'127.0.0.1' if name == 'localhost' else call.shell.machine.address:<15} {name}")
            continue
        yield Requested("resolve", {"program": call.name, "name": name[:253]})
        yield Pause(2.0)
        status = 2
    return status


def _in_hosts(call: Call, name: str, wanted: str = "") -> str:
    """Return the line of /etc/hosts that names a host, or of an address one that does, as getent shows it."""
    for line in _lines(call, "/etc/hosts"):
        address, *names = line.partition("#")[0].split() or [""]
        if name in names and (address == wanted if wanted else name not in ("localhost", call.shell.machine.hostname)):
            return f"{address:<15} {' '.join(names)}"
    return ""


def _lines(call: Call, path: str) -> list[str]:
    """Return the lines of one of the machine's databases; complains when it cannot be read."""
    source = call.open(path)
    return [] if source is None else source.whole(1 << 16).decode("utf-8", "replace").splitlines()


def _rows(call: Call, path: str, names: list[str]) -> int:
    lines, status = _lines(call, path), 0
    for name in names[:32]:
        fits = [line for line in lines if name in (line.split(":")[0], *line.split()[:1])]
        fits = fits or [line for line in lines if line.split(":")[2:3] == [name]]
        status = status if fits else 2
        for line in fits[:1]:
            call.print(_as_getent(line) if ":" not in line else line)
    for line in lines if not names else ():
        if line and not line.startswith("#"):
            call.print(_as_getent(line) if ":" not in line else line)
    return status


def _as_getent(line: str) -> str:
    """Return a row of /etc/services and the like as getent shows it, without its comment."""
    words = line.partition("#")[0].split()
    return f"{words[0]:<21} {' '.join(words[1:])}" if len(words) > 1 else line
