# SPDX-License-Identifier: MIT
"""OpenCanary's JSON log (`PyLogger`, OpenCanary 0.9): each logtype becomes events of the catalogue."""

from collections.abc import Callable

from decnet_core.events.catalogue import (
    ClientIdentified,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ServiceRequest,
)
from decnet_core.timing.timestamps import parse_iso8601
from decnet_sniff.collect.formats.json_fields import Fields, count, details, endpoint, json_object, port, text
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected

Payloads = tuple[Payload, ...]
Maker = Callable[[Fields, Fields], Payloads]
"""From `logdata` and the whole record to a payload."""


def parse(line: bytes) -> Outcome:
    """Parse one line of the log; never raises."""
    record = json_object(line)
    if isinstance(record, str):
        return Rejected(record)
    logtype = count(record, "logtype")
    if logtype is None:
        return Rejected("no logtype")
    if 1000 <= logtype < 2000:
        return Ignored("the canary's own messages")
    make = _LOGTYPES.get(logtype)
    if make is None:
        return Rejected("unknown logtype")
    return _event(record, make)


def _event(record: Fields, make: Maker) -> Outcome:
    ts = parse_iso8601(record.get("utc_time")) or parse_iso8601(record.get("local_time"))
    src = endpoint(record, "src_host", "src_port")
    data = record.get("logdata")
    if ts is None:
        return Rejected("no valid utc_time")
    if src is None:
        return Rejected("src_host is not an IP address")
    if not isinstance(data, dict):
        return Rejected("logdata is not an object")
    payloads = make(data, record)
    if not payloads:
        return Ignored("the end of a connection")
    return Parsed(ts, payloads, src, endpoint(record, "dst_host", "dst_port"), host=text(record, "node_id", 255))


def _connection(service: str) -> Maker:
    return lambda _data, _record: (ConnectionOpened(service),)


def _login(service: str, *, method: str = "password") -> Maker:
    def make(data: Fields, _record: Fields) -> Payloads:
        username = text(data, "USERNAME") or text(data, "UserName") or ""
        password = text(data, "PASSWORD") or text(data, "Password")
        return (LoginAttempt(service, username, success=False, method=method, password=password),)

    return make


def _request(service: str, action: str) -> Maker:
    return lambda data, _record: (ServiceRequest(service, action, details(data)),)


def _named_request(service: str, key: str, otherwise: str) -> Maker:
    """Return a request whose action stands under `key`."""

    def make(data: Fields, _record: Fields) -> Payloads:
        return (ServiceRequest(service, text(data, key, 255) or otherwise, details(data, key)),)

    return make


def _http(method: str | None, status: int | None = None) -> Maker:
    def make(data: Fields, _record: Fields) -> Payloads:
        return (
            HttpRequest(
                method or text(data, "REQUEST_TYPE", 64) or "",
                text(data, "PATH") or "/",
                version="",  # not logged by OpenCanary
                host=text(data, "HOSTNAME", 255),
                user_agent=text(data, "USERAGENT"),
                status=status,
            ),
        )

    return make


def _http_login(data: Fields, record: Fields) -> Payloads:
    return _http("POST")(data, record) + _login("http")(data, record)


def _ssh_version(data: Fields, _record: Fields) -> Payloads:
    return (ClientIdentified("ssh", text(data, "REMOTEVERSION", 512) or ""),)


def _mysql_login(data: Fields, _record: Fields) -> Payloads:
    """Ignore what OpenCanary calls the password: it is the client's answer to a challenge."""
    login = LoginAttempt("mysql", text(data, "USERNAME") or "", success=False, method="mysql_native_password")
    return (login, ServiceRequest("mysql", "auth-response", {"response": text(data, "PASSWORD", 1024) or ""}))


def _vnc_login(data: Fields, _record: Fields) -> Payloads:
    """Return the login; OpenCanary tries common passwords, and notes in angle brackets when none matches."""
    password = text(data, "VNC Password", 255)
    known = None if password is None or password.startswith("<Password was not") else password
    login = LoginAttempt("vnc", "", success=False, method="vnc", password=known)
    return (login, ServiceRequest("vnc", "auth-response", details(data, "VNC Password")))


def _redis(data: Fields, _record: Fields) -> Payloads:
    command, arguments = text(data, "CMD", 255) or "", text(data, "ARGS") or ""
    request = ServiceRequest("redis", command, details(data, "CMD"))
    if command.upper() != "AUTH":
        return (request,)
    username, _, password = arguments.rpartition(" ")
    return (request, LoginAttempt("redis", username, success=False, password=password))


def _mongodb(data: Fields, _record: Fields) -> Payloads:
    action = (text(data, "action", 255) or "").removeprefix("mongodb.")
    match action:
        case "connection":
            return (ConnectionOpened("mongodb"),)
        case "disconnect":
            return ()
        case "auth_attempt":
            method = text(data, "mechanism", 64) or "password"
            return (LoginAttempt("mongodb", text(data, "username") or "", success=False, method=method),)
        case _:
            return (ServiceRequest("mongodb", action or "request", details(data, "action")),)


def _scan(technique: str) -> Maker:
    def make(_data: Fields, record: Fields) -> Payloads:
        target = port(record.get("dst_port"))
        return (PortScan(technique, () if target is None else (target,)),)

    return make


_LOGTYPES: dict[int, Maker] = {
    2000: _login("ftp"),
    2001: _request("ftp", "login-begun"),
    3000: _http("GET"),
    3001: _http_login,
    3002: _http(None),
    3003: _http("GET", 302),
    4000: _connection("ssh"),
    4001: _ssh_version,
    4002: _login("ssh"),
    5000: _named_request("smb", "AUDITACTION", "file"),
    5001: _scan("syn"),
    5002: _scan("os"),
    5003: _scan("null"),
    5004: _scan("xmas"),
    5005: _scan("fin"),
    6001: _login("telnet"),
    6002: _connection("telnet"),
    7001: _login("httpproxy"),
    8001: _mysql_login,
    9001: _login("mssql"),
    9002: _login("mssql", method="ntlm"),
    9003: _connection("mysql"),
    10001: _named_request("tftp", "OPCODE", "request"),
    11001: _request("ntp", "monlist"),
    12001: _vnc_login,
    13001: _request("snmp", "request"),
    14001: _login("rdp", method="none"),
    15001: _request("sip", "request"),
    16001: _request("git", "clone"),
    17001: _redis,
    18001: _connection("tcp"),
    18002: _connection("tcp"),
    18003: _request("tcp", "keep-alive-secret"),
    18004: _request("tcp", "data"),
    18005: _request("tcp", "data"),
    19001: _request("llmnr", "response"),
    20001: _mongodb,
    **{99000 + number: _request("custom", f"user-{number}") for number in range(10)},
}
