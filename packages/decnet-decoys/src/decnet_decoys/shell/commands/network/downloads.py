# SPDX-License-Identifier: MIT
"""Commands that fetch files: wget, curl. Nothing is sent; the wish is recorded."""

import ipaddress
import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import Exchange, rendered
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.site import Site
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.download_options import (
    CURL_HINT,
    CURL_VALUED,
    HELP,
    VERSIONS,
    WGET_USAGE,
    curl_refuses,
)
from decnet_decoys.shell.effects import Effects, Pause, Requested, Steps, turn
from decnet_decoys.shell.encoding import decode, encode, quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape

MAX_LIST = 64 << 10
"""Bytes of a file of URLs that are read."""


@command("wget", "curl")
def download(call: Call) -> Effects:
    """Record what was to be fetched, and fail as on a network without a way out."""
    if {"--help", "-h"} & set(call.args) and not (call.name == "curl" and "-h" in call.args[1:]):
        call.print(HELP[call.name], end="")
        return 0
    if {"--version", "-V"} & set(call.args):
        call.print(VERSIONS[call.name], end="")
        return 0
    wrong = curl_refuses(call) if call.name == "curl" else None
    if wrong is not None:
        call.print_error(f"curl: {wrong}\n{CURL_HINT}")
        return 2
    options, operands = call.flags("OPoeTtUwQi" if call.name == "wget" else "oXHdAeubmTxPpliFrw")
    targets = [arg for arg in operands if "." in arg or "/" in arg] or operands
    if call.name == "wget" and options.get("i"):
        targets = operands + (yield from _listed(call, options["i"]))
    elif not targets:
        return _no_target(call)
    status = int(not targets)
    for target in targets[:20]:
        status = yield from _fetched(call, target)
    return status


def _fetched(call: Call, target: str) -> Effects:
    """Fetch one URL: from the machine itself, or in vain."""
    if call.name == "curl" and target.startswith("file://"):
        return (yield from _from_file(call, target.removeprefix("file://")))
    if call.name == "wget" and re.match(r"(?:https?|ftp):///?(?:/|$)", target):
        call.print_error(f"{target}: Invalid host name.")
        return 1
    yield Requested("fetch", {"program": call.name, "url": target[:2048]})
    site = call.shell.machine.persona.profile(HttpProfile)
    if site is not None and _is_own(call, host_of(target)) and port_of(target) == 80:
        return (yield from _of_own_site(call, site, target))
    return (yield from (_wget(call, target) if call.name == "wget" else _curl(call, target)))


def _listed(call: Call, path: str) -> Steps[list[str]]:
    """Return the URLs of a file that `wget -i` reads; complains when there are none."""
    try:
        lines = decode(whole_of(call.shell.files.read(path, call.shell.access))[:MAX_LIST]).split("\n")
    except FileSystemError as error:
        lines = []
        call.print_error(f"{path}: {error}")
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not found:
        call.print_error(f"No URLs found in {path}.")
    yield from turn()
    return found


def _from_file(call: Call, path: str) -> Effects:
    """Copy a file of the machine, as curl's file:// does."""
    options, _ = call.flags(CURL_VALUED)
    try:
        data = whole_of(call.shell.files.read(path, call.shell.access))
    except FileSystemError:
        if "s" not in options or "S" in options:
            call.print_error(f"curl: (37) Couldn't open file {path}")
        return 37
    if "o" in options:
        folder = posixpath.dirname(options["o"])
        if folder and not call.shell.files.exists(folder, call.shell.access):
            return 23
        yield from call.runner.save(options["o"], data, err=call.err)
        return 0
    if "s" not in options and call.shell.terminal is None:
        size = len(data)
        call.print_error(
            f"{_METER}\r100 {size:5}  100 {size:5}    0     0   113k      0 --:--:-- --:--:-- --:--:--  113k"
        )
    call.out.write(data)
    return 0


def _no_target(call: Call) -> int:
    if call.shell.machine.persona.family == "busybox":
        return call.fail("missing URL", 1)
    if call.name == "wget":
        call.print_error(f"wget: missing URL\n{WGET_USAGE}")
        return 1
    call.print_error(f"curl: no URL specified!\n{CURL_HINT}" if call.args else CURL_HINT)
    return 2


def port_of(url: str) -> int:
    """Return the port of a URL."""
    scheme, _, rest = url.rpartition("://")
    port = (rest.partition("/")[0].rpartition("@")[2]).partition(":")[2]
    return int(port) if port.isdecimal() and len(port) < 6 else {"https": 443, "ftp": 21}.get(scheme, 80)


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
        if answer.status >= 400 and _has(call, "f", "fail", CURL_VALUED):
            if not _has(call, "s", "silent", CURL_VALUED) or _has(call, "S", "show-error", CURL_VALUED):
                call.print_error(f"curl: (22) The requested URL returned error: {answer.status}")
            return 22
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
        return _wget_refused(call, target, answer.status)
    yield from call.runner.save(options.get("O") or posixpath.basename(path) or "index.html", answer.body, err=call.err)
    return 0


def _wget_refused(call: Call, target: str, status: int) -> int:
    if call.shell.machine.persona.family == "busybox":
        return call.fail(f"server returned error: {status}", 8)
    if not _has(call, "q", "quiet", _WGET_VALUED):
        now, reason = call.shell.date("%Y-%m-%d %H:%M:%S"), HTTPStatus(status).phrase
        call.print_error(
            f"--{now}--  {target if '://' in target else f'http://{target}'}\n"
            f"Connecting to {host_of(target)}:80... connected.\n"
            f"HTTP request sent, awaiting response... {status} {reason}\n"
            f"{now} ERROR {status}: {reason}.\n"
        )
    return 8


def _has(call: Call, letter: str, name: str, valued: str) -> bool:
    """Return whether an option is given that takes no value."""
    return letter in call.flags(valued)[0] or f"--{name}" in call.args


def host_of(url: str) -> str:
    """Return the host of a URL or of host:path."""
    rest = url.partition("://")[2] or url
    authority = rest.partition("/")[0].rpartition("@")[2]
    return authority.partition(":")[0][:253] or "localhost"


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_WGET_VALUED = "aDeiIloOPQtTUwXY"


def _wget(call: Call, target: str) -> Effects:
    host = host_of(target)
    if call.shell.machine.persona.family == "busybox":
        yield Pause(1.0)
        if is_address(host):
            return call.fail(f"can't connect to remote host ({host}): Connection refused")
        return call.fail(f"bad address '{host}'")
    quiet = any(arg.startswith("-") and not arg.startswith("--") and "q" in arg for arg in call.args)
    quiet = quiet or "--quiet" in call.args
    yield Pause(0.1 if host.startswith("127.") else 1.2)
    document = call.flags(_WGET_VALUED)[0].get("O", "-")
    if document not in ("-", ""):
        with suppress(FileSystemError):  # wget opens it before it connects
            call.shell.files.write(document, b"", call.shell.access)
    if quiet:
        return 4
    options = call.flags(_WGET_VALUED)[0]
    log = "\n".join(_wget_log(call, target)) + "\n"
    path = options.get("o") or options.get("a") or ("wget-log" if "b" in options else "")
    if path:
        yield from call.runner.save(path, encode(log), append="a" in options, err=call.err)
    else:
        call.print_error(log, end="")
    if "b" not in options:
        return 4
    call.print(f"Continuing in background, pid {call.shell.pid + 5}.")
    if not options.get("o") and not options.get("a"):
        call.print(f"Output will be written to {quoted('wget-log')}.")
    return 0


def _wget_log(call: Call, target: str) -> Iterator[str]:
    """Yield what wget logs of a URL whose host it does not reach."""
    host, lost = host_of(target), "failed: Connection refused."
    if {"-nv", "--no-verbose"} & set(call.args):
        yield lost if is_address(host) else f"wget: unable to resolve host address {quoted(host)}"
        return
    if "--spider" in call.args:
        yield "Spider mode enabled. Check if remote file exists."
    yield f"--{call.shell.date('%Y-%m-%d %H:%M:%S')}--  {target if '://' in target else f'http://{target}/'}"
    if target.startswith("ftp://"):
        yield f"           => {quoted(posixpath.basename(target.partition('://')[2]) or '.listing')}"
    if is_address(host):
        yield f"Connecting to {host}:{port_of(target)}... {lost}"
        return
    yield f"Resolving {host} ({host})... failed: Temporary failure in name resolution."
    yield f"wget: unable to resolve host address {quoted(host)}"


_METER = """\
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"""


_SCHEMES = """
dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtsp scp sftp smb smbs smtp
smtps telnet tftp
"""
_CURL_SCHEMES = frozenset(_SCHEMES.split())


def _through(call: Call, target: str) -> str:
    """Return what is connected to for a URL: itself, or the proxy that an option or the environment names."""
    scheme = target.partition("://")[0].lower() if "://" in target[:32] else "http"
    given = call.flags(CURL_VALUED)[0].get("x", "") if call.name == "curl" else ""
    if call.name == "curl" and "--proxy" in call.args[:-1]:
        given = call.args[call.args.index("--proxy") + 1]
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY" if scheme != "http" else "", "all_proxy"):
        if not given and name in call.shell.exported:
            given = call.shell.variables.get(name, "")
    return given[:2048] or target


def _curl(call: Call, target: str) -> Effects:
    target = _through(call, target) if "://" not in target or target.startswith("http") else target
    host = host_of(target)
    if call.name != "curl":
        yield Pause(1.2)
        return call.fail(f"{host}: Temporary failure in name resolution")
    letters = "".join(arg[1:] for arg in call.args if arg.startswith("-") and not arg.startswith("--"))
    silent = "s" in letters or "--silent" in call.args
    loud = not silent or "S" in letters or "--show-error" in call.args
    scheme = target.partition("://")[0].lower() if "://" in target[:32] else "http"
    if scheme not in _CURL_SCHEMES and not target.endswith("://"):
        if loud:
            call.print_error(f'curl: (1) Protocol "{scheme}" not supported or disabled in libcurl')
        return 1
    if target.endswith("://"):
        call.print_error("curl: (3) URL using bad/illegal format or missing URL", end="\n" if loud else "")
        return 3
    yield Pause(0.1 if host.startswith("127.") else 1.2)
    into_file = not {"o", "O", "output", "remote-name"}.isdisjoint(call.flags(CURL_VALUED)[0])
    shows = not silent and (into_file or not call.tty)
    if shows:
        call.print_error(_METER, end="")
    if is_address(host):
        message, status = (
            f"(7) Failed to connect to {host} port {port_of(target)} after 0 ms: Couldn't connect to server",
            7,
        )
    else:
        message, status = f"(6) Could not resolve host: {host}", 6
    layout = call.flags(CURL_VALUED)[0].get("w", "")
    if layout:
        codes = re.sub(r"%\{(http_code|response_code)\}", "000", unescape(layout)[0][:1024])
        call.print(re.sub(r"%\{[a-z_]{1,32}\}", "0", codes), end="")
    if _has(call, "v", "verbose", CURL_VALUED):
        call.print_error(_verbose(host, port_of(target), message, shows=shows))
        shows = False
    if loud:
        call.print_error(f"\r{_METER.splitlines()[-1]}\ncurl: {message}" if shows else f"curl: {message}")
    return status


def _verbose(host: str, port: int, message: str, *, shows: bool) -> str:
    """Return what curl -v tells of a host that it does not reach."""
    told = [f"* {message.partition(') ')[2]}"]
    if is_address(host):
        tried = [f"*   Trying {host}:{port}...", f"* connect to {host} port {port} failed: Connection refused"]
        told = [*tried, *told, *([f"\r{_METER.splitlines()[-1]}"] if shows else [])]
    return "\n".join([*told, "* Closing connection 0"])
