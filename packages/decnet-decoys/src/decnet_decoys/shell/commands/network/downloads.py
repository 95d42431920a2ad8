# SPDX-License-Identifier: MIT
"""Commands that fetch files: wget, curl, rsync. Nothing is sent; the wish is recorded."""

import ipaddress
import posixpath
import re
from contextlib import suppress

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import Exchange, rendered
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.site import Site
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import NOT_FOUND, FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape

_WGET_USAGE = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options."
_VERSIONS = {
    "wget": "GNU Wget 1.21.3 built on linux-gnu.\n",
    "curl": "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.14 zlib/1.2.13\nRelease-Date: 2023-02-20\n",
    "rsync": "rsync  version 3.2.7  protocol version 31\n",
}
_HELP = {
    "wget": "GNU Wget 1.21.3, a non-interactive network retriever.\nUsage: wget [OPTION]... [URL]...\n",
    "curl": "Usage: curl [options...] <url>\n -d, --data <data>          HTTP POST data\n",
    "rsync": "rsync  version 3.2.7  protocol version 31\n",
}


@command("wget", "curl", "rsync")
def download(call: Call) -> Effects:
    """Record what was to be fetched, and fail as on a network without a way out."""
    if {"--help", "-h"} & set(call.args) and not (call.name == "curl" and "-h" in call.args[1:]):
        call.print(_HELP[call.name], end="")
        return 0
    if {"--version", "-V"} & set(call.args):
        call.print(_VERSIONS[call.name], end="")
        return 0
    wrong = _curl_refuses(call) if call.name == "curl" else None
    if wrong is not None:
        call.print_error(f"curl: {wrong}\n{_CURL_HINT}")
        return 2
    _, operands = call.flags("OPoeTtUwQ" if call.name == "wget" else "oXHdAeubmTxPpliFrw")
    targets = [arg for arg in operands if "." in arg or "/" in arg] or operands
    if not targets:
        return _no_target(call)
    status = 0
    site = None if call.name == "rsync" else call.shell.machine.persona.profile(HttpProfile)
    if call.name == "rsync" and len(targets) > 1 and not any(":" in one for one in targets):
        return (yield from _copied(call, targets))
    for target in targets[:20]:
        if call.name == "curl" and target.startswith("file://"):
            status = yield from _from_file(call, target.removeprefix("file://"))
            continue
        yield Requested("fetch", {"program": call.name, "url": target[:2048]})
        if site is not None and _is_own(call, host_of(target)) and port_of(target) == 80:
            status = yield from _of_own_site(call, site, target)
        else:
            status = yield from (_wget(call, target) if call.name == "wget" else _curl(call, target))
    return status


def _copied(call: Call, targets: list[str]) -> Effects:
    """Copy within the machine, as rsync does without a host."""
    files, access = call.shell.files, call.shell.access
    missing = [one for one in targets[:-1][:100] if not files.exists(one, access)]
    for one in missing:
        path = posixpath.normpath(posixpath.join(call.shell.cwd, one))
        call.print_error(f'rsync: [sender] link_stat "{path}" failed: {NOT_FOUND} (2)')
    found = [one for one in targets[:-1] if one not in missing]
    if found:
        if targets[-1].endswith("/"):
            yield from call.runner.execute(["mkdir", "-p", "--", targets[-1]], call.streams)
        yield from call.runner.execute(["cp", "-r", "--", *found, targets[-1]], call.streams)
    if missing:
        why = "some files/attrs were not transferred (see previous errors) (code 23) at main.c(1347) [sender=3.2.7]"
        call.print_error(f"rsync error: {why}")
    return 23 if missing else 0


def _from_file(call: Call, path: str) -> Effects:
    """Copy a file of the machine, as curl's file:// does."""
    options, _ = call.flags(_CURL_VALUED)
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
    if call.shell.machine.persona.family == "busybox" or call.name == "rsync":
        return call.fail("missing URL" if call.name != "rsync" else "syntax or usage error (code 1)", 1)
    if call.name == "wget":
        call.print_error(f"wget: missing URL\n{_WGET_USAGE}")
        return 1
    call.print_error(f"curl: no URL specified!\n{_CURL_HINT}" if call.args else _CURL_HINT)
    return 2


_CURL_HINT = "curl: try 'curl --help' or 'curl --manual' for more information"
_CURL_VALUED = "AbcCdDeEFhHKmoPQrtTuUwxXyYz"
_CURL_LETTERS = "#0123456:aABbcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwxXyYzZ"
_CURL_NAMES = """
anyauth append basic cacert cert compressed config connect-timeout cookie cookie-jar create-dirs data data-binary
data-raw data-urlencode digest dump-header fail fail-with-body form get head header help http1.0 http1.1 http2 include
insecure interface ipv4 ipv6 json key limit-rate list-only location manual max-redirs max-time method netrc no-buffer
no-progress-meter noproxy ntlm output parallel path-as-is port post301 progress-bar proto proxy quote range raw referer
remote-header-name remote-name remote-time request resolve retry retry-delay show-error silent socks4 socks5
socks5-hostname speed-limit speed-time ssl stderr tcp-nodelay tftp-blksize tls-max tlsv1.2 tlsv1.3 trace unix-socket
upload-file url user user-agent verbose version write-out
"""


def _curl_refuses(call: Call) -> str | None:
    """Return what curl says to an option that it does not have, or whose value is missing."""
    names, rest = _CURL_NAMES.split(), iter(call.args)
    for arg in rest:
        name = arg[2:].removeprefix("no-")
        if arg.startswith("--") and not any(one.startswith(name) for one in names):
            return f"option {arg}: is unknown"
        letters = arg[1:64] if arg.startswith("-") and not arg.startswith("--") else ""
        for index, letter in enumerate(letters, 1):
            if letter not in _CURL_LETTERS or (letter.isdecimal() and letter not in "012346"):
                return f"option {arg}: is unknown"
            if letter in _CURL_VALUED:
                if index == len(letters) and letter != "h" and next(rest, None) is None:
                    return f"option {arg}: requires parameter"
                break
    return None


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
    brief = {"-nv", "--no-verbose"} & set(call.args)
    if brief:
        if is_address(host):
            call.print_error("failed: Connection refused.")
        else:
            call.fail(f"unable to resolve host address {quoted(host)}")
        return 4
    call.print_error(
        f"--{call.shell.date('%Y-%m-%d %H:%M:%S')}--  {target if '://' in target else f'http://{target}/'}"
    )
    if is_address(host):
        call.print_error(f"Connecting to {host}:{port_of(target)}... failed: Connection refused.")
        return 4
    call.print_error(f"Resolving {host} ({host})... failed: Temporary failure in name resolution.")
    call.fail(f"unable to resolve host address {quoted(host)}")
    return 4


_METER = """\
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"""


_SCHEMES = """
dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtsp scp sftp smb smbs smtp
smtps telnet tftp
"""
_CURL_SCHEMES = frozenset(_SCHEMES.split())


def _curl(call: Call, target: str) -> Effects:
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
    into_file = not {"o", "O", "output", "remote-name"}.isdisjoint(call.flags(_CURL_VALUED)[0])
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
    layout = call.flags(_CURL_VALUED)[0].get("w", "")
    if layout:
        codes = re.sub(r"%\{(http_code|response_code)\}", "000", unescape(layout)[0][:1024])
        call.print(re.sub(r"%\{[a-z_]{1,32}\}", "0", codes), end="")
    if loud:
        call.print_error(f"\r{_METER.splitlines()[-1]}\ncurl: {message}" if shows else f"curl: {message}")
    return status
