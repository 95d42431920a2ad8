# SPDX-License-Identifier: MIT
"""The catalogue: every event kind with its typed payload, declared once.

The tag of a class is its kind. Text fields hold what the attacker sent, decoded by `decnet_core.text`; they are data.
To add a kind, declare a subclass of `Payload` here with its properties, and name it in `produces` of a worker.
Nothing else lists kinds: display, counting and recording use the class.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self, Union

import msgspec

from decnet_core.events.phases import (
    COLLECTION,
    CREDENTIAL_ACCESS,
    EXECUTION,
    INITIAL_ACCESS,
    RECONNAISSANCE,
    TOOL_TRANSFER,
)
from decnet_core.events.repeats import Repeats
from decnet_core.events.typing_digest import TypingDigest


class Payload(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """The content of an event; a class without subclasses is a kind. Class variables say how to treat it."""

    from_attacker: ClassVar[bool] = True
    """Whether the event's `src_ip` is an attacker's."""
    arrival: ClassVar[bool] = False
    """Whether a contact begins with it; the gaps between arrivals are the attacker's rhythm."""
    counter: ClassVar[str] = ""
    """The column of the table `attacker` that counts such events; empty: no column of their own."""
    phases: ClassVar[tuple[str, ...]] = ()
    """The phases of the kill chain that such an event shows to be reached."""

    evidence: ClassVar[bool] = False
    """Whether such events are kept longest when the log must shrink."""

    @property
    def occurrences(self) -> int:
        """How many events this one stands for."""
        return 1

    def variants(self) -> Iterator[tuple[Self, int]]:
        """Yield each different payload that this event stands for, with how often; of very many, some."""
        yield self, 1

    def reached(self) -> tuple[str, ...]:
        """Return the phases of the kill chain that this event proves."""
        return self.phases

    def counts(self) -> dict[str, int]:
        """Return the increments of columns of the table `attacker`."""
        return {self.counter: self.occurrences} if self.counter else {}

    def summary(self) -> str:
        """Return a short description; it contains attacker input, so escape it before display."""
        return " ".join(f"{name}={getattr(self, name)}" for name in self.__struct_fields__)


class Repeatable(Payload, frozen=True, kw_only=True):
    """What one source may do a thousand times a second; beyond a rate such events are folded into one.

    Folded are events of one source, decky and kind whose `alike` fields are equal. An attacker must not choose the
    values of those freely, or nothing would ever be alike.
    """

    alike: ClassVar[tuple[str, ...]] = ()
    """The fields in which folded events are equal."""
    sampled: ClassVar[tuple[str, ...]] = ()
    """The fields whose different values are kept; of the others, those of the first event are."""
    within_session: ClassVar[bool] = False
    """Whether only events of the same session are folded."""

    repeats: Repeats | None = None
    """Present when the event stands for several."""

    @property
    def occurrences(self) -> int:
        return 1 if self.repeats is None else self.repeats.count

    def variants(self) -> Iterator[tuple[Self, int]]:
        if self.repeats is None or not self.repeats.samples:
            yield self, self.occurrences
            return
        common = msgspec.to_builtins(msgspec.structs.replace(self, repeats=None))
        for sample in self.repeats.samples:
            values = {name: value for name, value in sample.values.items() if name in self.sampled}
            try:
                yield msgspec.convert(common | values, type(self)), sample.count
            except msgspec.ValidationError:  # another host wrote it
                yield self, sample.count


class ConnectionOpened(Repeatable, frozen=True, tag="connection.opened"):
    """A client connected to `service` (ssh, http, telnet, ...)."""

    alike: ClassVar[tuple[str, ...]] = ("service",)
    arrival: ClassVar[bool] = True
    counter: ClassVar[str] = "connections"
    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    service: str

    def summary(self) -> str:
        return f"{self.service} connection"


class LoginAttempt(Repeatable, frozen=True, tag="auth.attempt"):
    """A login was tried; `method` is none, password, publickey or keyboard-interactive (RFC 4252)."""

    alike: ClassVar[tuple[str, ...]] = ("service", "success", "method")
    sampled: ClassVar[tuple[str, ...]] = ("username", "password", "public_key", "planted_by")
    phases: ClassVar[tuple[str, ...]] = (CREDENTIAL_ACCESS,)

    service: str
    username: str
    success: bool
    """Whether the decoy accepted it."""
    method: str = "password"
    password: str | None = None
    public_key: str | None = None
    """SHA256:... fingerprint of the offered key, as OpenSSH prints it."""
    planted_by: str = ""
    """The session that set the password or planted the key by which this login was let in; empty: none did."""

    def reached(self) -> tuple[str, ...]:
        return (CREDENTIAL_ACCESS, INITIAL_ACCESS) if self.success else self.phases

    def counts(self) -> dict[str, int]:
        return {"logins": self.occurrences, "logins_accepted": self.occurrences * self.success}

    def summary(self) -> str:
        secret = self.password if self.password is not None else self.public_key
        with_secret = f" / {secret}" if secret is not None else ""
        outcome = "accepted" if self.success else "rejected"
        return f"{self.service} login {self.username}{with_secret} ({self.method}) {outcome}"


class ClientIdentified(Repeatable, frozen=True, tag="client.identified"):
    """The client named its software, e.g. `SSH-2.0-OpenSSH_9.2p1` or a user agent."""

    alike: ClassVar[tuple[str, ...]] = ("service",)
    sampled: ClassVar[tuple[str, ...]] = ("software",)
    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    service: str
    software: str

    def summary(self) -> str:
        return f"{self.service} client {self.software}"


class SessionOpened(Payload, frozen=True, tag="session.opened"):
    """An interactive session began; the envelope's `session` names it."""

    evidence: ClassVar[bool] = True
    counter: ClassVar[str] = "sessions"
    phases: ClassVar[tuple[str, ...]] = (INITIAL_ACCESS,)

    service: str
    username: str | None = None
    terminal: str | None = None
    """The terminal that was asked for (TERM); absent without one."""

    def summary(self) -> str:
        return f"{self.service} session opened" + (f" as {self.username}" if self.username else "")


class CommandRun(Repeatable, frozen=True, tag="session.command"):
    """The attacker entered a command line in a decoy shell; nothing was executed."""

    evidence: ClassVar[bool] = True
    alike: ClassVar[tuple[str, ...]] = ("service", "known")
    sampled: ClassVar[tuple[str, ...]] = ("command",)
    within_session: ClassVar[bool] = True
    counter: ClassVar[str] = "commands"
    phases: ClassVar[tuple[str, ...]] = (EXECUTION,)

    service: str
    command: str
    known: bool = True
    """Whether the decoy's shell knows the command."""

    def summary(self) -> str:
        return f"$ {self.command}"


class SessionClosed(Payload, frozen=True, tag="session.closed"):
    """A session ended; `recording` is the SHA-256 of its asciicast v2 file in the artifact store."""

    evidence: ClassVar[bool] = True
    phases: ClassVar[tuple[str, ...]] = ()

    service: str
    duration_ms: int
    commands: int = 0
    recording: str | None = None
    typing: TypingDigest | None = None
    """The rhythm of its input; absent when there was none."""

    def summary(self) -> str:
        commands = f"{self.commands} command{'' if self.commands == 1 else 's'}"
        return f"{self.service} session closed after {self.duration_ms / 1000:.1f} s, {commands}"


class HttpRequest(Repeatable, frozen=True, tag="http.request"):
    """One HTTP request; header order and case are preserved."""

    alike: ClassVar[tuple[str, ...]] = ("status",)
    sampled: ClassVar[tuple[str, ...]] = ("method", "target", "user_agent", "body")
    service: ClassVar[str] = "http"
    counter: ClassVar[str] = "requests"
    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    method: str
    target: str
    """As in the request line: path and query, or a whole URL."""
    version: str = "HTTP/1.1"
    host: str | None = None
    user_agent: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Name and value of each."""
    status: int | None = None
    """The status of the response."""
    body: str | None = None
    """Its beginning, as text."""
    body_bytes: int = 0
    """The whole of it."""
    body_sha256: str | None = None
    """64 hexadecimal digits; a body longer than `body` is in the artifact store."""

    def summary(self) -> str:
        agent = f" ({self.user_agent})" if self.user_agent else ""
        return f"{self.method} {self.target} -> {self.status or '-'}{agent}"


class FileCaptured(Payload, frozen=True, tag="file.captured"):
    """A file was dropped on a decoy (uploaded or fetched by it); kept by its SHA-256 in the artifact store."""

    evidence: ClassVar[bool] = True
    counter: ClassVar[str] = "files"
    phases: ClassVar[tuple[str, ...]] = (TOOL_TRANSFER,)

    service: str
    sha256: str
    size: int
    """Bytes; 0 also when another honeypot reported the file without its size."""
    name: str | None = None
    """The attacker's name for it."""
    url: str | None = None
    """The URL from which the decoy was told to fetch it."""

    def summary(self) -> str:
        return f"{self.service} file {self.name or '-'}, {self.size} bytes, sha256 {self.sha256[:16]}"


class CanaryHit(Repeatable, frozen=True, tag="canary.hit"):
    """A canary token was used; `channel` is http, dns or wireguard."""

    evidence: ClassVar[bool] = True
    alike: ClassVar[tuple[str, ...]] = ("token", "channel", "scanner")
    sampled: ClassVar[tuple[str, ...]] = ("target", "user_agent", "query_type")
    arrival: ClassVar[bool] = True
    counter: ClassVar[str] = "canary_hits"
    phases: ClassVar[tuple[str, ...]] = (COLLECTION,)  # the token was only accessible from inside

    token: str
    channel: str
    target: str | None = None
    """The request target or the queried name, whole."""
    user_agent: str | None = None
    method: str | None = None
    """Of HTTP."""
    query_type: str | None = None
    """Of DNS: A, AAAA, TXT, ..."""
    scanner: str | None = None
    """Why a link scanner, as of a mail gateway, is taken to have used it, not a person."""

    def reached(self) -> tuple[str, ...]:
        return () if self.scanner else self.phases

    def counts(self) -> dict[str, int]:
        return {} if self.scanner else {self.counter: self.occurrences}

    def summary(self) -> str:
        who = f" (link scanner: {self.scanner})" if self.scanner else ""
        return f"{self.channel} canary {self.token} {self.target or ''}".rstrip() + who


class BaitRead(Repeatable, frozen=True, tag="bait.read"):
    """A file with a canary token was read on a decky."""

    evidence: ClassVar[bool] = True
    alike: ClassVar[tuple[str, ...]] = ("service", "token", "path")
    phases: ClassVar[tuple[str, ...]] = (COLLECTION,)

    service: str
    path: str
    token: str

    def summary(self) -> str:
        return f"{self.service} bait {self.path} with canary {self.token} read"


NOT_UNDERSTOOD = frozenset(("no request", "no TLS", "no HTTP/2", "other protocol"))
"""Actions of decoys for what a client sent and the service does not speak."""
SUMMARY_DATA = 80
"""Characters of what was no request in the sentence about it."""


class ServiceRequest(Repeatable, frozen=True, tag="service.request"):
    """A request to a service without a kind of its own, or what was sent to a service and is no request."""

    alike: ClassVar[tuple[str, ...]] = ("service", "action")
    sampled: ClassVar[tuple[str, ...]] = ("detail",)
    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    service: str
    action: str
    """The command, `unknown command`, `no request`, `other protocol`, or as another honeypot calls it."""
    detail: dict[str, str] = {}
    """What the command was given is ARGS; of what is no request `data` is the beginning, `bytes` the size of it all."""

    def summary(self) -> str:
        given = self.detail.get("ARGS") or self.detail.get("data", "")[:SUMMARY_DATA]
        return f"{self.service} {self.action}" + (f" {given}" if given else "")


class PortScan(Payload, frozen=True, tag="scan.detected"):
    """Ports or hosts were scanned; `technique` names it (syn, fin, null, xmas, os, connect, ...)."""

    arrival: ClassVar[bool] = True
    counter: ClassVar[str] = "scans"
    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    technique: str
    ports: tuple[int, ...] = ()
    """The observed ports; if many, a selection."""
    distinct_ports: int = 0
    """How many there were; 0: as many as `ports` names."""
    hosts: int = 1
    """How many addresses were probed."""
    duration_ms: int = 0
    """From the first probe to the last."""
    count: int = 1
    """Probes."""

    def summary(self) -> str:
        ports = f"{self.technique} scan of {self.distinct_ports or len(self.ports)} ports"
        return ports + (f" on {self.hosts} hosts" if self.hosts > 1 else "")


class SshKex(Payload, frozen=True, tag="ssh.kex"):
    """The SSH greeting of the event's `src_ip` on the wire, as client or server; `count` times in the window."""

    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

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

    def reached(self) -> tuple[str, ...]:
        return () if self.role == "server" else self.phases  # a machine that answers did not contact us

    def summary(self) -> str:
        return f"SSH {self.role} {self.software}, HASSH {self.hassh}"


class SshIdentification(Payload, frozen=True, tag="ssh.identification"):
    """The event's `src_ip` identified itself as SSH and sent no algorithms, as banner grabbers do; see `ssh.kex`."""

    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    role: str
    software: str
    count: int = 1

    def reached(self) -> tuple[str, ...]:
        return () if self.role == "server" else self.phases  # a machine that answers did not contact us

    def summary(self) -> str:
        return f"SSH {self.role} {self.software}, without a key exchange"


class HttpClient(Payload, frozen=True, tag="http.client"):
    """The form of the first HTTP/1 request of a connection; `count` times in the window."""

    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    method: str
    version: str
    agent_class: str
    """The claimed kind of user agent: absent, empty, tool, bot, library, browser or other."""
    headers_hash: str
    """Of `headers`: SHA-256 of `name,name,...`, the first 32 hexadecimal digits."""
    headers: tuple[str, ...] = ()
    """Field names in their order and spelling."""
    user_agent: str | None = None
    count: int = 1

    def summary(self) -> str:
        claimed = f", {self.agent_class} {self.user_agent}" if self.user_agent else ""
        return f"HTTP client, {self.method} with headers {self.headers_hash}{claimed}"


def _system(name: str | None, match: str | None) -> str:
    """Return a system as an event's sentence names it: events of before `os_match` do not say how sure it is."""
    return "an unknown system" if name is None else name if match == "exact" else f"probably {name}"


class TcpStack(Payload, frozen=True, tag="tcp.stack"):
    """The TCP/IP stack of the event's `src_ip` by its SYN or SYN+ACK; `count` times in the window."""

    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    role: str
    """syn or syn+ack."""
    signature: str
    """In p0f v3's notation: `ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass`."""
    muonfp: str
    """Window, option kinds, MSS and scale in MuonFP's notation (github.com/sundruid/muonfp)."""
    os: str | None = None
    """The operating system that sends such packets."""
    os_match: str | None = None
    """How `os` was found: `exact`, or `guess` for a general signature, or one that was changed on the way."""
    tool: str | None = None
    """The program that builds such packets itself, on any system."""
    distance: int | None = None
    """Hops; absent when the initial TTL cannot be known."""
    count: int = 1

    def reached(self) -> tuple[str, ...]:
        return () if self.role == "syn+ack" else self.phases  # a machine that answers did not contact us

    def summary(self) -> str:
        return f"TCP {self.role} of {self.tool or _system(self.os, self.os_match)}, {self.signature}"


class FlowClosed(Payload, frozen=True, tag="flow.closed"):
    """Flows from the event's `src_ip` to one port ended in the window, `count` of them; the rest is their sum."""

    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

    transport: str
    """tcp or udp."""
    ended: str
    """fin, rst, or idle when nothing more came."""
    packets_sent: int
    """By the end that opened them."""
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

    def summary(self) -> str:
        sizes = f"{self.bytes_sent} bytes sent, {self.bytes_received} received"
        return f"{self.transport} flow closed, {sizes}" + (f" in {self.count} flows" if self.count > 1 else "")


class SyslogMessage(Payload, frozen=True, tag="syslog.message"):
    """A syslog message (RFC 5424, RFC 3164) of a host that forwards its logs; all texts are as sent."""

    from_attacker: ClassVar[bool] = False  # the source is the forwarding host

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

    def summary(self) -> str:
        return f"{self.app or 'syslog'}: {self.message}"


class TlsClient(Payload, frozen=True, tag="tls.client"):
    """A TLS ClientHello was seen on the wire; `count` times this one in the sensor's window.

    Numbers are those on the wire (RFC 8446, RFC 9147). `version` is the hello's own field, `versions` what the
    extension supported_versions offers, in its order, GREASE (RFC 8701) omitted.
    """

    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE,)

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
    """What `ja3` is the digest of; omitted when it is longer than the sensor keeps."""
    count: int = 1

    def summary(self) -> str:
        return f"TLS client over {self.transport}, {self.ja4}" + (f", asks for {self.sni}" if self.sni else "")


class TlsServer(Payload, frozen=True, tag="tls.server"):
    """A TLS ServerHello was seen on the wire, sent by the event's `src_ip`; `count` times in the sensor's window."""

    phases: ClassVar[tuple[str, ...]] = ()  # a machine that answers did not contact us

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

    def summary(self) -> str:
        return f"TLS server over {self.transport}, JA3S {self.ja3s}"


class Probed(Payload, frozen=True):
    """The base of the prober's findings: it probed the event's `src_ip` at `src_port`; that host took no action."""

    phases: ClassVar[tuple[str, ...]] = ()  # what we probed says nothing about what the host did

    contact: int
    """The host's last contact with us, ns since the Unix epoch; the event's `ts` is the time of the probe."""


class TlsProbed(Probed, frozen=True, tag="probe.tls"):
    """JARM of a host that contacted us."""

    jarm: str
    """62 characters (github.com/salesforce/jarm)."""

    def summary(self) -> str:
        return f"its TLS server has JARM {self.jarm}"


class CertificateProbed(Probed, frozen=True, tag="probe.certificate"):
    """The certificate of such a host; all texts are unverified, as written in it."""

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
    """Why the rest could not be parsed."""

    def summary(self) -> str:
        return f"its certificate is for {self.problem or self.subject or 'nobody'}, SHA-256 {self.sha256}"


class SshProbed(Probed, frozen=True, tag="probe.ssh"):
    """The SSH server of such a host; the fields are those of `ssh.kex`."""

    software: str
    hassh: str
    """HASSHServer."""
    algorithms: str
    host_keys: str = ""

    def summary(self) -> str:
        return f"its SSH server is {self.software}, HASSH {self.hassh}"


class StackProbed(Probed, frozen=True, tag="probe.stack"):
    """The TCP/IP stack of such a host by its SYN+ACK; the fields are those of `tcp.stack`."""

    signature: str
    muonfp: str
    os: str | None = None
    os_match: str | None = None
    distance: int | None = None

    def summary(self) -> str:
        return f"its TCP/IP stack is {_system(self.os, self.os_match)}, {self.signature}"


class ProbeChanged(Probed, frozen=True, tag="probe.changed"):
    """A fingerprint of such a host changed: it was rebuilt, or the address was reassigned."""

    what: str
    """jarm, certificate, hassh_server or tcp_stack."""
    before: str
    after: str

    def summary(self) -> str:
        return f"its {self.what} changed from {self.before} to {self.after}"


def _leaves(shape: type[Payload]) -> Iterator[type[Payload]]:
    below = shape.__subclasses__()
    if not below:
        yield shape
    for each in below:
        yield from _leaves(each)


PAYLOADS: tuple[type[Payload], ...] = tuple(_leaves(Payload))

if TYPE_CHECKING:
    AnyPayload = Payload
else:
    AnyPayload = Union[PAYLOADS]  # noqa: UP007  # what msgspec decodes by the tag
"""A payload of any kind, as a field of a Struct that is read."""


def kind_of(payload: Payload | type[Payload]) -> str:
    """Return the kind: the tag of a payload or of its class."""
    return str(payload.__struct_config__.tag)


KINDS: dict[str, type[Payload]] = {kind_of(payload): payload for payload in PAYLOADS}
