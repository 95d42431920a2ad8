# SPDX-License-Identifier: MIT
"""Personas and images: what deckies can be."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection, select

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.deckies.catalogues.images import known_images
from decnet.deckies.catalogues.personas import known_personas, listed
from decnet_core.deckies.images import Image
from decnet_core.text import for_terminal
from decnet_decoys.errors import DecoysError
from decnet_decoys.personas.catalog import PersonaFile, files, parsed
from decnet_models.fleet.tables import decky
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.routes.fleet.deckies.catalogue_shapes import (
    ImageList,
    ImageShown,
    PersonaChecked,
    PersonaDetail,
    PersonaList,
    PersonaShown,
    PersonaText,
)

router = APIRouter(tags=["deckies"])

Name = Annotated[str, Path(max_length=255)]


@router.get("/personas")
async def list_personas(fleet: InFleet, _viewer: Viewer) -> PersonaList:
    """List the machines that deckies can play: the shipped ones, and the operator's own."""

    def read() -> PersonaList:
        known, problem = _known(fleet)
        return PersonaList(items=[_persona(one) for one in known.values()], problem=problem)

    return await fleet.thread(read)


@router.get("/personas/{name}")
async def show_persona(name: Name, fleet: InFleet, _viewer: Viewer) -> PersonaDetail:
    """Show a persona as it is written, and the deckies that play it."""
    file = (await fleet.thread(lambda: _known(fleet)))[0].get(name)
    if file is None:
        raise NotFoundError(f"there is no persona {name!r}; decnet persona list shows them")

    def playing(connection: Connection) -> list[str]:
        query = select(decky.c.name).where(decky.c.persona == name, decky.c.wanted.is_(True)).order_by(decky.c.name)
        return list(connection.execute(query.limit(1000)).scalars())

    return await fleet.read(lambda connection: _detail(file, playing(connection)))


@router.post("/personas/check")
async def check_persona(asked: PersonaText, fleet: InFleet, _viewer: Viewer) -> PersonaChecked:
    """Check a persona of one's own before it is put into the folder [decoys] personas_dir."""

    def check() -> PersonaChecked:
        if asked.name in files():
            return _bad(f"there is a shipped persona {asked.name}; choose another name")
        try:
            who = parsed(asked.name, asked.text)
        except DecoysError as error:
            return _bad(str(error))
        return PersonaChecked(good=True, problem=None, services=sorted(who.services))

    return await fleet.thread(check)


@router.get("/images")
async def list_images(fleet: InFleet, _viewer: Viewer) -> ImageList:
    """List the honeypot images that deckies can run in containers."""
    known = await fleet.thread(lambda: known_images(fleet.deployment))
    return ImageList(items=[_image(name, one) for name, one in sorted(known.items())])


@router.get("/images/{name}")
async def show_image(name: Name, fleet: InFleet, _viewer: Viewer) -> ImageShown:
    """Show how an image is run: its ports, limits and capabilities, and where it may write."""
    one = (await fleet.thread(lambda: known_images(fleet.deployment))).get(name)
    if one is None:
        raise NotFoundError(f"there is no image {name!r}")
    return _image(name, one)


def _known(fleet: Fleet) -> tuple[dict[str, PersonaFile], str | None]:
    """Return the personas; where the operator's folder cannot be read the shipped ones, and why."""
    try:
        return known_personas(fleet.deployment), None
    except DecoysError as error:
        return files(), str(error)


def _persona(file: PersonaFile) -> PersonaShown:
    try:
        found = listed(file)
    except OperatorError as error:
        return PersonaShown(
            name=file.name, os="", summary="", services=[], shipped=file.shipped, file=str(file.path),
            problem=for_terminal(str(error), 2048),
        )  # fmt: skip
    return PersonaShown(
        name=found.name, os=found.os, summary=found.summary, services=list(found.services), shipped=found.shipped,
        file=found.file, problem=None,
    )  # fmt: skip


def _detail(file: PersonaFile, deckies: list[str]) -> PersonaDetail:
    shown = _persona(file)
    try:
        text = file.path.read_text(encoding="utf-8")
        document = {} if shown.problem else file.document()
    except (OSError, UnicodeDecodeError, DecoysError) as error:
        raise OperatorError(f"persona {file.name} cannot be read: {error}") from error
    return PersonaDetail(**dict(shown), text=text, document=document, deckies=deckies)


def _bad(problem: str) -> PersonaChecked:
    return PersonaChecked(good=False, problem=for_terminal(problem, 4096), services=[])


def _image(name: str, one: Image) -> ImageShown:
    fields = {field: getattr(one, field) for field in Image.__struct_fields__}
    return ImageShown.model_validate({"name": name, **fields}, from_attributes=True)
