# SPDX-License-Identifier: MIT
"""The catalogue: every event kind with its typed payload, declared once.

The tag of a class is its kind. Text fields hold what the attacker sent, decoded by `decnet_core.text`; they are data.
Adding a kind: declare it here, add it to `Payload`, name it in `produces` of one worker and in `consumes` of another.
"""

from __future__ import annotations

import msgspec


class _Kind(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """What all payloads share: the tag field and that unknown fields are refused."""


class ConnectionOpened(_Kind, frozen=True, tag="connection.opened"):
    """Somebody connected to `service` (ssh, http, telnet, ...)."""

    service: str


class LoginAttempt(_Kind, frozen=True, tag="auth.attempt"):
    """A log-in was tried; `method` is none, password, publickey or keyboard-interactive (RFC 4252)."""

    service: str
    username: str
    success: bool
    """Whether the decoy let them in."""
    method: str = "password"
    password: str | None = None
    public_key: str | None = None
    """SHA256:... fingerprint of the offered key, as OpenSSH prints it."""


class ClientIdentified(_Kind, frozen=True, tag="client.identified"):
    """The client named its software, e.g. `SSH-2.0-OpenSSH_9.2p1` or a user agent."""

    service: str
    software: str


class SessionOpened(_Kind, frozen=True, tag="session.opened"):
    """An interactive session began; the envelope's `session` names it."""

    service: str
    username: str | None = None
    terminal: str | None = None
    """The terminal that was asked for (TERM); absent without one."""


class CommandRun(_Kind, frozen=True, tag="session.command"):
    """The attacker entered a command line in a decoy shell; nothing was executed."""

    service: str
    command: str
    known: bool = True
    """Whether the decoy had an answer for it."""


class SessionClosed(_Kind, frozen=True, tag="session.closed"):
    """A session ended; `recording` is the SHA-256 of its asciicast v2 file in the artifact store."""

    service: str
    duration_ms: int
    commands: int = 0
    recording: str | None = None


class HttpRequest(_Kind, frozen=True, tag="http.request"):
    """One HTTP request as it was sent; header order and case are kept."""

    method: str
    target: str
    """As in the request line: path and query, or a whole URL."""
    version: str = "HTTP/1.1"
    host: str | None = None
    user_agent: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Name and value of each."""
    status: int | None = None
    """What was answered."""
    body: str | None = None
    """Its beginning, as text."""
    body_bytes: int = 0
    """The whole of it."""
    body_sha256: str | None = None
    """64 hexadecimal digits; a body longer than `body` is in the artifact store."""


class FileCaptured(_Kind, frozen=True, tag="file.captured"):
    """A file was dropped on a decoy (uploaded or fetched by it); kept by its SHA-256 in the artifact store."""

    service: str
    sha256: str
    size: int
    """Bytes; 0 also when another honeypot reported the file without its size."""
    name: str | None = None
    """As the attacker called it."""
    url: str | None = None
    """Where the decoy was told to fetch it."""


class CanaryHit(_Kind, frozen=True, tag="canary.hit"):
    """A canary token was used; `channel` is http or dns."""

    token: str
    channel: str
    target: str | None = None
    """The request target or the queried name, whole."""
    user_agent: str | None = None
    method: str | None = None
    """Of HTTP."""
    query_type: str | None = None
    """Of DNS: A, AAAA, TXT, ..."""


class ServiceRequest(_Kind, frozen=True, tag="service.request"):
    """A request to a service without a kind of its own, as another honeypot reported it."""

    service: str
    action: str
    detail: dict[str, str] = {}


class PortScan(_Kind, frozen=True, tag="scan.detected"):
    """Somebody scanned ports or hosts; `technique` names it (syn, fin, null, xmas, os, connect, ...)."""

    technique: str
    ports: tuple[int, ...] = ()
    """Those that were seen; of many, some."""
    distinct_ports: int = 0
    """How many there were; 0: as many as `ports` names."""
    hosts: int = 1
    """How many addresses were probed."""
    duration_ms: int = 0
    """From the first probe to the last."""
    count: int = 1
    """Probes."""


class SshKex(_Kind, frozen=True, tag="ssh.kex"):
    """The event's `src_ip` introduced itself on the wire as an SSH client or server; `count` times in the window."""

    role: str
    """client or server."""
    software: str
    """The identification line (RFC 4253 §4.2)."""
    hassh: str
    """HASSH of a client, HASSHServer of a server: MD5 of `algorithms`, 32 hexadecimal digits."""
    algorithms: str
    """Key exchange, encryption, MAC and compression lists of its own direction, joined with `;`."""
    host_keys: str = ""
    """The list of host key algorithms, joined with `,`."""
    count: int = 1


class HttpClient(_Kind, frozen=True, tag="http.client"):
    """How the first HTTP/1 request of a connection was written; `count` times like this in the window."""

    method: str
    version: str
    agent_class: str
    """What the user agent claims to be: absent, empty, tool, bot, library, browser or other."""
    headers_hash: str
    """Of `headers`: SHA-256 of `name,name,...`, the first 32 hexadecimal digits."""
    headers: tuple[str, ...] = ()
    """Field names in their order and spelling."""
    user_agent: str | None = None
    count: int = 1


class TcpStack(_Kind, frozen=True, tag="tcp.stack"):
    """What the SYN or SYN+ACK of the event's `src_ip` says about its TCP/IP stack; `count` times in the window."""

    role: str
    """syn or syn+ack."""
    signature: str
    """In p0f v3's notation: `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass`."""
    muonfp: str
    """Window, option kinds, MSS and scale in MuonFP's notation (github.com/sundruid/muonfp)."""
    os: str | None = None
    """The system that sends such packets by itself."""
    tool: str | None = None
    """The program that writes such packets on whatever system."""
    distance: int | None = None
    """Hops; absent when the initial TTL cannot be known."""
    count: int = 1


class FlowClosed(_Kind, frozen=True, tag="flow.closed"):
    """Flows from the event's `src_ip` to one port ended in the window, `count` of them; the rest is their sum."""

    transport: str
    """tcp or udp."""
    ended: str
    """fin, rst, or idle when nothing more came."""
    packets_sent: int
    """By the one who opened them."""
    packets_received: int
    bytes_sent: int
    """Payload, without headers."""
    bytes_received: int
    duration_ms: int
    gap_mean_us: int | None = None
    """Mean time between one packet and the next of the same flow; absent when no flow had two."""
    gap_deviation_us: int | None = None
    """Standard deviation of these times."""
    count: int = 1


class SyslogMessage(_Kind, frozen=True, tag="syslog.message"):
    """A syslog message (RFC 5424, RFC 3164) of a host that forwards its logs; all texts are as sent."""

    facility: int
    """0 to 23."""
    severity: int
    """0 (emergency) to 7 (debug)."""
    message: str
    host: str | None = None
    app: str | None = None
    process: str | None = None
    message_id: str | None = None
    structured: dict[str, dict[str, str]] = {}
    """By the id of each element, its parameters."""


class TlsClient(_Kind, frozen=True, tag="tls.client"):
    """A TLS ClientHello was seen on the wire; `count` times this one in the sensor's window.

    Numbers are those on the wire (RFC 8446, RFC 9147). `version` is the hello's own field, `versions` what the
    extension supported_versions offers, in its order, GREASE (RFC 8701) left out.
    """

    transport: str
    """tcp, quic or dtls."""
    ja3: str
    """MD5 of the JA3 text, 32 hexadecimal digits."""
    ja4: str
    """JA4 (github.com/FoxIO-LLC/ja4)."""
    version: int
    versions: tuple[int, ...] = ()
    sni: str | None = None
    alpn: tuple[str, ...] = ()
    """The protocols that it offers (RFC 7301)."""
    ja3_text: str | None = None
    """What `ja3` is the digest of; left out when it is longer than the sensor keeps."""
    count: int = 1


class TlsServer(_Kind, frozen=True, tag="tls.server"):
    """A TLS ServerHello was seen on the wire, sent by the event's `src_ip`; `count` times in the sensor's window."""

    transport: str
    """tcp, quic or dtls."""
    ja3s: str
    """MD5 of the JA3S text, 32 hexadecimal digits."""
    version: int
    """The version that was chosen, as on the wire: 0x0304 is TLS 1.3."""
    cipher: int
    """The suite that was chosen, as on the wire."""
    alpn: str | None = None
    """The protocol that was chosen; TLS 1.3 hides it."""
    retry: bool = False
    """Whether it is a HelloRetryRequest (RFC 8446, 4.1.4)."""
    ja3s_text: str | None = None
    """What `ja3s` is the digest of."""
    count: int = 1


class _Probed(_Kind, frozen=True):
    """What all findings of the prober share: it asked the event's `src_ip` at `src_port`."""

    contact: int
    """When that host had last come to us, ns since the Unix epoch; the event's `ts` is when it was asked."""


class TlsProbed(_Probed, frozen=True, tag="probe.tls"):
    """The prober asked a host that had come to us for TLS."""

    jarm: str
    """62 characters (github.com/salesforce/jarm)."""


class CertificateProbed(_Probed, frozen=True, tag="probe.certificate"):
    """The certificate that such a host shows; all texts are as written in it, and nobody vouches for them."""

    sha256: str
    """Of the DER, 64 hexadecimal digits."""
    subject: str = ""
    """Distinguished names as in RFC 4514, in the order of the certificate."""
    issuer: str = ""
    serial: str = ""
    """Hexadecimal."""
    not_before: int | None = None
    """Seconds since the Unix epoch."""
    not_after: int | None = None
    names: tuple[str, ...] = ()
    """Subject alternative names."""
    problem: str | None = None
    """Why all but `sha256` could not be read."""


class SshProbed(_Probed, frozen=True, tag="probe.ssh"):
    """The SSH server of such a host; the fields are those of `ssh.kex`."""

    software: str
    hassh: str
    """HASSHServer."""
    algorithms: str
    host_keys: str = ""


class StackProbed(_Probed, frozen=True, tag="probe.stack"):
    """What the SYN+ACK of such a host says about its TCP/IP stack; the fields are those of `tcp.stack`."""

    signature: str
    muonfp: str
    os: str | None = None
    distance: int | None = None


class ProbeChanged(_Probed, frozen=True, tag="probe.changed"):
    """A fingerprint of such a host is not what it was: it was rebuilt, or the address changed hands."""

    what: str
    """jarm, certificate, hassh_server or tcp_stack."""
    before: str
    after: str


Payload = (
    ConnectionOpened
    | LoginAttempt
    | ClientIdentified
    | SessionOpened
    | CommandRun
    | SessionClosed
    | HttpRequest
    | FileCaptured
    | CanaryHit
    | ServiceRequest
    | PortScan
    | SyslogMessage
    | TlsClient
    | TlsServer
    | SshKex
    | HttpClient
    | TcpStack
    | FlowClosed
    | TlsProbed
    | CertificateProbed
    | SshProbed
    | StackProbed
    | ProbeChanged
)

PAYLOADS: tuple[type[Payload], ...] = Payload.__args__


def kind_of(payload: Payload | type[Payload]) -> str:
    """Return the kind: the tag of a payload or of its class."""
    return str(payload.__struct_config__.tag)


KINDS: dict[str, type[Payload]] = {kind_of(payload): payload for payload in PAYLOADS}
