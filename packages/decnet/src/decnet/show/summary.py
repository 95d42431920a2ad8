# SPDX-License-Identifier: MIT
"""One line that says what an event was about; what attackers sent is escaped by the one who prints it, here."""

from __future__ import annotations

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    FlowClosed,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ProbeChanged,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SshKex,
    SshProbed,
    StackProbed,
    SyslogMessage,
    TcpStack,
    TlsClient,
    TlsProbed,
    TlsServer,
)
from decnet_core.text import for_terminal

_LIMIT = 200


def summary(payload: Payload) -> str:
    """Return what happened on one printable line of at most about 200 characters."""
    return for_terminal(_sentence(payload), _LIMIT)


def _sentence(payload: Payload) -> str:  # noqa: C901, PLR0911, PLR0912  # one arm per kind: a table in the form of a match
    match payload:
        case ConnectionOpened(service=service):
            return f"{service} connection"
        case ClientIdentified(service=service, software=software):
            return f"{service} client {software}"
        case LoginAttempt():
            return _login(payload)
        case SessionOpened(service=service, username=username):
            return f"{service} session opened" + (f" as {username}" if username else "")
        case CommandRun(command=command):
            return f"$ {command}"
        case SessionClosed(service=service, duration_ms=duration, commands=commands):
            return f"{service} session closed after {duration / 1000:.1f} s, {commands} commands"
        case HttpRequest(method=method, target=target, status=status, user_agent=agent):
            return f"{method} {target} -> {status or '-'}" + (f" ({agent})" if agent else "")
        case FileCaptured(service=service, size=size, sha256=sha256, name=name):
            return f"{service} file {name or '-'}, {size} bytes, sha256 {sha256[:16]}"
        case CanaryHit(channel=channel, token=token, target=target):
            return f"{channel} canary {token} {target or ''}".rstrip()
        case ServiceRequest(service=service, action=action):
            return f"{service} {action}"
        case PortScan(technique=technique, ports=ports, distinct_ports=distinct, hosts=hosts):
            return f"{technique} scan of {distinct or len(ports)} ports" + (f" on {hosts} hosts" if hosts > 1 else "")
        case SyslogMessage(app=app, message=message):
            return f"{app or 'syslog'}: {message}"
        case TlsClient(transport=transport, ja4=ja4, sni=sni):
            return f"TLS client over {transport}, {ja4}" + (f", asks for {sni}" if sni else "")
        case TlsServer(transport=transport, ja3s=ja3s):
            return f"TLS server over {transport}, JA3S {ja3s}"
        case SshKex(role=role, software=software, hassh=hassh):
            return f"SSH {role} {software}, HASSH {hassh}"
        case HttpClient(method=method, agent_class=agent_class, headers_hash=digest, user_agent=agent):
            return f"HTTP client, {method} with headers {digest}" + (f", {agent_class} {agent}" if agent else "")
        case TcpStack(role=role, signature=signature, os=system, tool=tool):
            return f"TCP {role} of {tool or system or 'an unknown system'}, {signature}"
        case FlowClosed(transport=transport, count=count, bytes_sent=sent, bytes_received=received):
            return f"{transport} flow closed, {sent} bytes sent, {received} received" + (
                f" in {count} flows" if count > 1 else ""
            )
        case TlsProbed(jarm=jarm):
            return f"asked for TLS it answers as JARM {jarm}"
        case CertificateProbed(sha256=sha256, subject=subject, problem=problem):
            return f"it shows a certificate of {problem or subject or 'nobody'}, SHA-256 {sha256}"
        case SshProbed(software=software, hassh=hassh):
            return f"it serves SSH by {software}, HASSH {hassh}"
        case StackProbed(os=system, signature=signature):
            return f"it answers as {system or 'an unknown system'}, {signature}"
        case ProbeChanged(what=what, before=before, after=after):
            return f"its {what} changed from {before} to {after}"


def _login(attempt: LoginAttempt) -> str:
    secret = attempt.password if attempt.password is not None else attempt.public_key
    outcome = "let in" if attempt.success else "refused"
    with_what = f" / {secret}" if secret is not None else ""
    return f"{attempt.service} log-in {attempt.username}{with_what} ({attempt.method}) {outcome}"
