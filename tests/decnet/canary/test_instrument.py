# SPDX-License-Identifier: MIT
"""Documents of the operator's are instrumented, and what is dangerous or broken is refused with a clear sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from tests.decnet.command_result import Run

from decnet.canary.instrument import markup, ooxml
from decnet.canary.instrument.errors import DocumentError
from decnet.canary.instrument.package import read_package, write_package
from decnet.canary.instrument.pdf import instrumented_pdf
from decnet.canary.instrument.run import instrument
from decnet.canary.kinds.documents.templates import template
from decnet.fleet.deployment import Deployment

pikepdf = pytest.importorskip("pikepdf")

URL = "http://127.0.0.1:1/aaaaaaaaaaaaaaaaaaaaaaaa.gif"


def pdf(**save: object) -> bytes:
    written = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(written, **save)
    return written.getvalue()


@pytest.mark.parametrize("name", ["docx", "xlsx", "pptx"])
def test_an_office_document_is_linked_once_more_each_time(name: str) -> None:
    once = ooxml.instrumented(template(name), URL)  # type: ignore[arg-type]
    twice = read_package(ooxml.instrumented(once, URL.replace("aaa", "bbb")))
    links = b"".join(content for path, content in twice.items() if path.endswith(".rels"))
    assert links.count(b'TargetMode="External"') == 2
    assert links.count(URL.encode()) == 1
    shown = b"".join(content for path, content in twice.items() if path.endswith(".xml"))
    assert shown.count(b"r:link=") == 2


def test_a_sheet_keeps_its_own_drawing() -> None:
    parts = read_package(ooxml.instrumented(template("xlsx"), URL))
    assert [path for path in parts if "drawings/drawing" in path] == ["xl/drawings/drawing1.xml"]
    again = read_package(ooxml.instrumented(write_package(parts), URL))
    assert [path for path in again if "drawings/drawing" in path] == ["xl/drawings/drawing1.xml"]


def test_a_pdf_opens_the_url_and_keeps_its_own_action() -> None:
    with pikepdf.open(io.BytesIO(instrumented_pdf(pdf(), URL))) as found:
        assert str(found.Root.OpenAction.URI) == URL
        assert [str(each.A.URI) for each in found.pages[0].Annots] == [URL]
    again = instrumented_pdf(instrumented_pdf(pdf(), URL), URL.replace("aaa", "bbb"))
    with pikepdf.open(io.BytesIO(again)) as found:
        assert str(found.Root.OpenAction.URI) == URL
        assert "bbb" in str(found.pages[0].AA.O.URI)


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(8 << 20))
    return packed.getvalue()


def lying_bomb() -> bytes:
    """A part that unpacks to more than it says: both headers of the bomb claim 100 bytes."""
    whole = bytearray(bomb())
    at = whole.index(b"PK\x01\x02")
    struct.pack_into("<I", whole, 22, 100)
    struct.pack_into("<I", whole, at + 24, 100)
    return bytes(whole)


def with_entity() -> bytes:
    parts = read_package(template("docx"))
    parts["word/document.xml"] = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + parts["word/document.xml"]
    return write_package(parts)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (bomb(), "a ZIP bomb"),
        (lying_bomb(), "no intact ZIP archive"),
        (with_entity(), "XXE"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "encrypted, or in the format before 2007"),
        (b"%PDF-1.7", "no intact ZIP archive"),
        (write_package({"[Content_Types].xml": b"<Types/>"}), "no docx, xlsx or pptx"),
        (write_package({"a": b""}), "no office document"),
        (b"", "no intact ZIP archive"),
    ],
    ids=["bomb", "lying bomb", "XXE", "encrypted", "other format", "other package", "other archive", "empty"],
)
def test_a_bad_office_document_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(DocumentError, match=why):
        ooxml.instrumented(document, URL)


def test_a_bad_pdf_is_refused() -> None:
    locked = pdf(encryption=pikepdf.Encryption(owner="x", user="y"))
    with pytest.raises(DocumentError, match="encrypted: save it without a password"):
        instrument(locked, ".pdf", URL)
    with pytest.raises(DocumentError, match="no intact PDF"):
        instrumented_pdf(b"%PDF-1.7 nothing", URL)


def test_markup_is_instrumented_where_it_is_shown() -> None:
    assert markup.instrumented_html(b"<p>x</p></BODY></html>", URL).index(b"<img") < 20
    assert markup.instrumented_html(b"x", 'http://h/"><script>').count(b"<script>") == 0
    assert URL.encode() in markup.instrumented_svg(b"<svg></svg>", URL)
    assert b"data:image/png;base64,eA==" in markup.instrumented_image(b"x", "image/png", URL)
    with pytest.raises(DocumentError, match="XXE"):
        markup.instrumented_svg(b'<!DOCTYPE s [<!ENTITY x "y">]><svg></svg>', URL)
    with pytest.raises(DocumentError, match="no SVG"):
        markup.instrumented_svg(b"<svg/>", URL)


def test_the_command_writes_beside_the_document(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "plan.png").write_bytes(b"x")
    written = run("canary", "instrument", str(tmp_path / "plan.png"))
    assert written.out.strip() == str(tmp_path / "plan-canary.svg")
    listed = run("canary", "list", "--json").document
    assert [(one["planted"]["kind"], one["planted"]["label"]) for one in listed] == [("svg", "plan.png")]
    (tmp_path / "bomb.docx").write_bytes(bomb())
    refused = run("canary", "instrument", str(tmp_path / "bomb.docx"))
    assert refused.code == 1
    assert "bomb.docx was not instrumented: its part 'word/document.xml' unpacks to 200 times its size" in refused.err
    assert len(run("canary", "list", "--json").document) == 1
    (tmp_path / "bomb.exe").write_bytes(b"MZ")
    assert run("canary", "instrument", str(tmp_path / "bomb.exe")).code == 2
    missing = run("canary", "instrument", str(tmp_path / "missing"))
    assert (missing.code, "cannot read" in missing.err) == (1, True)
