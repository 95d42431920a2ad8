# SPDX-License-Identifier: MIT
"""The requests of one connection as they are recorded and answered, whatever version of HTTP they came in."""

import hashlib

from decnet_core.deckies.messages import PlacedFile
from decnet_core.events.catalogue import BaitRead, ClientIdentified, HttpRequest
from decnet_core.net.http_head import Head
from decnet_decoys.assigned.placed_files import SITE
from decnet_decoys.changes.saved import SavedEntry
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder, text
from decnet_decoys.http.flavour import Response
from decnet_decoys.http.request import BadRequest
from decnet_decoys.http.site import Site
from decnet_decoys.http.targets import path_of
from decnet_decoys.processor import turn

BODY_TEXT = 8192
"""Bytes of a body that its event keeps as text; the whole is kept as an artifact when it is longer."""


class Exchanges:
    """Records each request of a connection before its answer is known to the client."""

    def __init__(self, site: Site, context: DeckyContext, recorder: ConnectionRecorder) -> None:
        self._site = site
        self._context = context
        self._recorder = recorder
        self._agent: str | None = None

    def rejected(self, bad: BadRequest) -> Response:
        """Record what is no request, and return the answer."""
        method, _, rest = bad.line.partition(" ")
        target, _, version = rest.rpartition(" ")
        answer = self._site.refused(bad)
        self._recorder.emit(
            HttpRequest(
                method=text(method[:64]), target=text(target or rest), version=text(version[:16]), status=answer.status
            )
        )
        return answer

    async def answered(self, head: Head, data: bytes, refused: int = 0) -> Response:
        """Record a whole request and return the answer; `refused`: the status by which its body is refused, or 0."""
        digest = await self._kept(data)
        await turn.give_way()
        found = self._on_machine(head)
        placed = found if isinstance(found, PlacedFile) else None
        answer = self._site.refused_body(refused, head) if refused else self._site.answer(head, data, found)
        self._record_client(head)
        self._record(head, data, digest, answer)
        if placed is not None and placed.token and answer.status in (200, 206) and head.method == "GET":
            self._recorder.emit(BaitRead(service=self._recorder.service, path=placed.path, token=placed.token))
        self._record_login(head, data)
        return answer

    def _on_machine(self, head: Head) -> PlacedFile | SavedEntry | None:
        """Return what was placed on the machine at the path of a request, or what an intruder has made of that."""
        path = path_of(head.target)
        if path is None:
            return None
        name = path + "index.html" if path.endswith("/") else path
        changed = self._context.changes.entry(SITE + name)
        if changed is not None and (changed.kind == "" or _is_public(changed)):
            return changed
        return self._context.fleet.placed.on_site(self._context.decky.name, path)

    def _record_client(self, head: Head) -> None:
        agent = head.get("user-agent")
        if agent and agent != self._agent:
            self._agent = agent
            self._recorder.emit(ClientIdentified(service=self._recorder.service, software=text(agent)))

    async def _kept(self, data: bytes) -> str | None:
        """Return the hash of a body, None if it is empty; one that an event has no room for is kept as an artifact."""
        if len(data) > BODY_TEXT:
            return await turn.in_turns(self._context.fleet.artifacts.storing(data))
        return hashlib.sha256(data).hexdigest() if data else None

    def _record(self, head: Head, data: bytes, digest: str | None, answer: Response) -> None:
        self._recorder.emit(
            HttpRequest(
                method=text(head.method),
                target=text(head.target),
                version=head.version,
                host=_text(head.get("host")),
                user_agent=_text(head.get("user-agent")),
                headers=tuple((name, text(value)) for name, value in head.headers),
                status=answer.status,
                body=text(data[:BODY_TEXT]) if data else None,
                body_bytes=len(data),
                body_sha256=digest,
            )
        )

    def _record_login(self, head: Head, data: bytes) -> None:
        credentials = self._site.credentials(head, data)
        if credentials is None:
            return
        self._recorder.login(credentials.username, success=False, password=credentials.password)


def _is_public(one: SavedEntry) -> bool:
    """Whether the web server may read it, and can: what `content` is only the head of is a copied program."""
    return one.kind == "file" and bool(one.mode & 0o004) and one.program is None


def _text(value: str | None) -> str | None:
    return None if value is None else text(value)
