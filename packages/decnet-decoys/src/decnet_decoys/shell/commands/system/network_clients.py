# SPDX-License-Identifier: MIT
"""Commands that would reach another host: wget, curl, ping, ssh, nc, dig. Nothing is sent; the wish is recorded."""

import ipaddress
import posixpath

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import Exchange, rendered
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.site import Site
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.programs import command


@command("wget", "curl", "tftp", "ftpget", "ftp", "lwp-download", "aria2c", "fetch", "scp", "rsync")
def download(call: Call) -> Effects:
    """Record what was to be fetched, and fail as on a network without a way out."""
    _, operands = call.flags("OPoeTtUwQ" if call.name == "wget" else "oXHdAeubmTxPpli")
    targets = [arg for arg in operands if "." in arg or "/" in arg] or operands
    if not targets:
        return call.fail("missing URL" if call.name == "wget" else "try 'curl --help' for more information", 2)
    status = 0
    for target in targets[:20]:
        yield Requested("fetch", {"program": call.name, "url": target[:2048]})
        site = call.shell.machine.persona.profile(HttpProfile)
        if call.name in ("curl", "wget") and site is not None and _is_own(call, host_of(target)):
            status = yield from _of_own_site(call, site, target)
            continue
        status = yield from (_wget(call, target) if call.name == "wget" else _curl(call, target))
    return status


def _is_own(call: Call, host: str) -> bool:
    machine = call.shell.machine
    serves = any(socket.port == 80 for socket in machine.persona.listeners)
    return serves and host in ("localhost", "127.0.0.1", machine.hostname, machine.address)


def _of_own_site(call: Call, site: HttpProfile, target: str) -> Effects:
    """Answer from the machine's own web site; nothing is sent, for both are played here."""
    machine, options = call.shell.machine, call.flags(("o" if call.name == "curl" else "O") + "PeTtUwQXHdAubmxpl")[0]
    path = "/" + (target.partition("://")[2] or target).partition("/")[2]
    method = "HEAD" if "I" in options else "GET"
    answer = Site(site, machine.address, 80).answer(Head(method, path, "HTTP/1.1", (("Host", host_of(target)),)), b"")
    if call.name == "curl":
        whole = rendered(
            site, answer, now=call.shell.now, exchange=Exchange(keep_alive=True, head_only=method == "HEAD")
        )
        shown = whole if {"i", "I"} & options.keys() else answer.body
        if "o" in options or "O" in options:
            name = options.get("o") or posixpath.basename(path)
            yield from call.runner.save(name, shown, err=call.err)
        else:
            call.out.write(shown)
        return 0
    if answer.status != 200:
        return call.fail(f"server returned error: {answer.status}", 8)
    yield from call.runner.save(options.get("O") or posixpath.basename(path) or "index.html", answer.body, err=call.err)
    return 0


def host_of(url: str) -> str:
    """Return the host of a URL or of host:path."""
    rest = url.partition("://")[2] or url
    authority = rest.partition("/")[0].rpartition("@")[2]
    return authority.partition(":")[0][:253] or "localhost"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _wget(call: Call, target: str) -> Effects:
    host = host_of(target)
    if call.shell.machine.persona.family == "busybox":
        yield Pause(1.0)
        if _is_address(host):
            return call.fail(f"can't connect to remote host ({host}): Connection refused")
        return call.fail(f"bad address '{host}'")
    quiet = any(arg.startswith("-") and not arg.startswith("--") and "q" in arg for arg in call.args)
    if quiet:
        yield Pause(1.2)
        return 4
    when = call.shell.date("%Y-%m-%d %H:%M:%S")
    call.print_error(f"--{when}--  {target}")
    yield Pause(1.2)
    if _is_address(host):
        call.print_error(f"Connecting to {host}:80... failed: Connection refused.")
        return 4
    call.print_error(f"Resolving {host} ({host})... failed: Temporary failure in name resolution.")
    call.fail(f"unable to resolve host address {quoted(host)}")
    return 4


def _curl(call: Call, target: str) -> Effects:
    host = host_of(target)
    yield Pause(1.2)
    if call.name != "curl":
        return call.fail(f"{host}: Temporary failure in name resolution")
    if _is_address(host):
        call.print_error(f"curl: (7) Failed to connect to {host} port 80 after 3 ms: Couldn't connect to server")
        return 7
    call.print_error(f"curl: (6) Could not resolve host: {host}")
    return 6


@command("ping", "ping6")
def ping(call: Call) -> Effects:
    """Ask for an echo that never comes."""
    options, operands = call.flags("ciWIst")
    if not operands:
        return call.fail("usage error: Destination address required", 2)
    host = operands[0][:253]
    yield Requested("ping", {"host": host})
    if not _is_address(host):
        return call.fail(f"{host}: Temporary failure in name resolution", 2)
    count = min(int(options["c"]), 5) if options.get("c", "").isdigit() and len(options["c"]) < 4 else 5
    call.print(f"PING {host} ({host}) 56(84) bytes of data.")
    yield Pause(float(count) + 1)
    call.print(
        f"\n--- {host} ping statistics ---\n{count} packets transmitted, 0 received, 100% packet loss, "
        f"time {count * 1023}ms\n"
    )
    return 1


_USAGES = {
    "ssh": "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]\n           [-b bind_address] [-c cipher_spec] "
    "[-D [bind_address:]port]\n           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]\n"
    "           [-i identity_file] [-J [user@]host[:port]] [-L address]\n           [-l login_name] [-m mac_spec] "
    "[-O ctl_cmd] [-o option] [-p port]\n           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]\n"
    "           [-w local_tun[:remote_tun]] destination [command [argument ...]]\n",
    "nc": "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] "
    "[-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n"
    "\t  [-w timeout] "
    "[-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n",
}


def _ssh_version(call: Call) -> str:
    """Return what `ssh -V` says: the client is of the package that the server is of."""
    server = call.shell.machine.persona.services.get("ssh")
    version = server.version if server is not None else "OpenSSH_9.2p1"
    libraries = {"Debian": "OpenSSL 3.0.14 4 Jun 2024", "Ubuntu": "OpenSSL 3.0.2 15 Mar 2022"}
    library = next((text for name, text in libraries.items() if name in version), "")
    return f"{version}, {library}\n" if library else f"{version}\n"


@command("ssh", "telnet", "nc", "ncat", "netcat", "socat")
def connect(call: Call) -> Effects:
    """Record the destination, and fail to reach it."""
    options, operands = call.flags("pilobwRLDXxqs")
    if call.name == "ssh" and "V" in options:
        call.print_error(_ssh_version(call), end="")
        return 0
    if not operands:
        call.print_error(_USAGES.get(call.name, f"usage: {call.name} [-options] host [port]\n"), end="")
        return 255 if call.name == "ssh" else 1
    host = host_of(operands[0])
    yield Requested("connect", {"program": call.name, "target": " ".join(operands)[:2048]})
    yield Pause(2.0)
    if call.name == "ssh":
        call.print_error(f"ssh: connect to host {host} port 22: Connection timed out")
        return 255
    return call.fail(f"connect to {host}: Connection refused")


@command("nslookup", "dig", "host", "getent")
def resolve(call: Call) -> Effects:
    _, operands = call.flags("t")
    name = operands[-1] if operands else "."
    yield Requested("resolve", {"program": call.name, "name": name[:253]})
    yield Pause(2.0)
    if call.name == "getent":
        return 2
    call.print(";; communications error to 10.20.0.2#53: timed out\n;; no servers could be reached\n")
    return 9
