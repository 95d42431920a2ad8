# SPDX-License-Identifier: MIT
"""Documents of the operator's that were instrumented are tripped by the programs that show them."""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from pathlib import Path

import pytest
from tests.fleet.canary_programs.conftest import Receiver, needs, run
from tests.fleet.canary_programs.test_canary_programs import BROWSER

from decnet.canary.instrument.formats import FORMATS
from decnet.canary.instrument.run import instrument
from decnet_core.canary import SlugKind, mint

pytestmark = pytest.mark.oracle

PAGE = b"<html><body><p>Plan of the vault</p></body></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"


def png() -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head, line = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0), zlib.compress(b"\0\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", line) + chunk(b"IEND", b"")


async def written(receiver: Receiver, home: Path, ending: str, document: bytes) -> tuple[str, Path]:
    """Instrument a document; return the token's text and the file."""
    slug = mint(receiver.key, FORMATS[ending].slug)
    url = f"http://{receiver.http}/{slug.text}" + (".gif" if slug.kind is SlugKind.WEBBUG else "")
    file = home / f"plan{FORMATS[ending].ending}"
    file.write_bytes(await asyncio.to_thread(instrument, document, ending, url))
    return slug.text, file


@needs("chromium")
@pytest.mark.parametrize("ending", [".html", ".svg", ".png"])
async def test_a_browser_shows_it(receiver: Receiver, tmp_path: Path, ending: str) -> None:
    document = {".html": PAGE, ".svg": SVG, ".png": png()}[ending]
    token, file = await written(receiver, tmp_path, ending, document)
    await run(*BROWSER, "--dump-dom", f"file://{file}", home=tmp_path)
    assert "Chrome" in ((await receiver.hit_of(token)).user_agent or "")


@needs("soffice")
@pytest.mark.parametrize(("source", "ending"), [("own.txt", ".docx"), ("own.csv", ".xlsx")])
async def test_libreoffice_opens_it(receiver: Receiver, tmp_path: Path, source: str, ending: str) -> None:
    """A document that LibreOffice itself has written."""
    (tmp_path / source).write_text("Plan of the vault\n")
    await run("soffice", "--headless", "--convert-to", ending[1:], source, home=tmp_path)
    token, file = await written(receiver, tmp_path, ending, (tmp_path / f"own{ending}").read_bytes())
    await run("soffice", "--headless", "--convert-to", "pdf", file.name, home=tmp_path)
    assert "LibreOffice" in ((await receiver.hit_of(token)).user_agent or "")


@needs("pdfinfo", "curl", "chromium")
async def test_poppler_finds_the_link_in_a_pdf(receiver: Receiver, tmp_path: Path) -> None:
    """A document that Chromium has printed."""
    pytest.importorskip("pikepdf")
    (tmp_path / "page.html").write_bytes(PAGE)
    await run(*BROWSER, "--print-to-pdf=own.pdf", f"file://{tmp_path}/page.html", home=tmp_path)
    token, file = await written(receiver, tmp_path, ".pdf", (tmp_path / "own.pdf").read_bytes())
    printed = await run("pdfinfo", "-url", file.name, home=tmp_path)
    assert "Syntax Error" not in printed
    (url,) = set(re.findall(r"http://\S+", printed))
    await run("curl", "-s", url, home=tmp_path)
    assert (await receiver.hit_of(token)).target == f"/{token}"
