# SPDX-License-Identifier: MIT
"""Adds a picture that is fetched from a URL to a docx, xlsx or pptx (ECMA-376).

The XML is searched, not parsed: what is added declares its own namespaces, so nothing depends on the document's. A
document type declaration, which the format forbids and XXE needs, is refused.
"""

import posixpath
import re
from xml.sax.saxutils import quoteattr

from decnet.canary.instrument.errors import DocumentError
from decnet.canary.instrument.package import Parts, read_package, write_package

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWINGML = "http://schemas.openxmlformats.org/drawingml/2006"
_SPREADSHEET_DRAWING = "application/vnd.openxmlformats-officedocument.drawing+xml"
_SHAPE_ID = 60001
"""Of the picture; unlike any that an office program has numbered."""
_AFTER_DRAWING = (
    r"legacyDrawing|legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst"
)
"""The elements that may follow <drawing> in a worksheet (CT_Worksheet, §18.3.1.99)."""


def instrumented(document: bytes, url: str) -> bytes:
    """Return the document with a picture from `url` on its first page, sheet or slide; raises DocumentError."""
    parts = read_package(document)
    for path, content in parts.items():
        if path.endswith((".xml", ".rels")) and b"<!DOCTYPE" in content:
            raise DocumentError(f"its part {path!r} declares a document type, which the format forbids (XXE?)")
    if "word/document.xml" in parts:
        _add_to_text(parts, url)
    elif "ppt/presentation.xml" in parts:
        _add_to_slide(parts, url)
    elif "xl/workbook.xml" in parts:
        _add_to_sheet(parts, url)
    else:
        raise DocumentError("it is no docx, xlsx or pptx")
    return write_package(parts)


def _add_to_text(parts: Parts, url: str) -> None:
    part = "word/document.xml"
    link = _relate(parts, part, "image", url, external=True)
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    inline = (
        f'<wp:inline xmlns:wp="{_DRAWINGML}/wordprocessingDrawing"><wp:extent cx="9525" cy="9525"/>'
        f'<wp:docPr id="{_SHAPE_ID}" name=""/>{_graphic(link)}</wp:inline>'
    )
    _insert(
        parts,
        part,
        r"<(?:\w+:)?sectPr[ />](?!.*<(?:\w+:)?sectPr[ />])|</(?:\w+:)?body>",
        (f'<w:p xmlns:w="{word}"><w:r><w:drawing>{inline}</w:drawing></w:r></w:p>'),
    )


def _add_to_slide(parts: Parts, url: str) -> None:
    part = next((path for path in sorted(parts) if re.fullmatch(r"ppt/slides/slide\d+\.xml", path)), None)
    if part is None:
        raise DocumentError("the presentation has no slide")
    link = _relate(parts, part, "image", url, external=True)
    name = f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="{_DRAWINGML}/main"'
    ids = f'<p:nvPicPr><p:cNvPr id="{_SHAPE_ID}" name=""/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>'
    _insert(parts, part, r"</(?:\w+:)?spTree>", f"<p:pic {name}>{ids}{_fill(link, 'p')}</p:pic>")


def _add_to_sheet(parts: Parts, url: str) -> None:
    sheet = next((path for path in sorted(parts) if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", path)), None)
    if sheet is None:
        raise DocumentError("the workbook has no worksheet")
    drawing = _drawing_of(parts, sheet) or _new_drawing(parts, sheet)
    link = _relate(parts, drawing, "image", url, external=True)
    ids = f'<xdr:nvPicPr><xdr:cNvPr id="{_SHAPE_ID}" name=""/><xdr:cNvPicPr/></xdr:nvPicPr>'
    places = "".join(f"<xdr:{name}>0</xdr:{name}>" for name in ("col", "colOff", "row", "rowOff"))
    corner = f"<xdr:from>{places}</xdr:from>"
    picture = f"<xdr:pic>{ids}{_fill(link, 'xdr')}</xdr:pic><xdr:clientData/>"
    name = f'xmlns:xdr="{_DRAWINGML}/spreadsheetDrawing" xmlns:a="{_DRAWINGML}/main"'
    anchor = f'<xdr:oneCellAnchor {name}>{corner}<xdr:ext cx="9525" cy="9525"/>{picture}</xdr:oneCellAnchor>'
    _insert(parts, drawing, r"</(?:\w+:)?wsDr>", anchor)


def _drawing_of(parts: Parts, sheet: str) -> str | None:
    """Return the part of the sheet's drawing, if it has one."""
    found = re.search(rb"<(?:\w+:)?drawing [^>]*?:id=[\"']([^\"']+)", parts[sheet])
    if found is None:
        return None
    for row in re.findall(rb"<(?:\w+:)?Relationship [^>]*>", parts.get(_relationships_of(sheet), b"")):
        fields = dict(re.findall(rb"(\w+)=[\"']([^\"']*)", row))
        if fields.get(b"Id") == found[1]:
            target = fields.get(b"Target", b"").decode("utf-8", "replace")
            path = posixpath.normpath(posixpath.join("/", posixpath.dirname(sheet), target)).lstrip("/")
            return path if path in parts else None
    return None


def _new_drawing(parts: Parts, sheet: str) -> str:
    number = next(n for n in range(1, len(parts) + 2) if f"xl/drawings/drawing{n}.xml" not in parts)
    path = f"xl/drawings/drawing{number}.xml"
    parts[path] = f'<xdr:wsDr xmlns:xdr="{_DRAWINGML}/spreadsheetDrawing"></xdr:wsDr>'.encode()
    link = _relate(parts, sheet, "drawing", f"../drawings/drawing{number}.xml", external=False)
    place = rf"<(?:\w+:)?(?:{_AFTER_DRAWING})[ />]|</(?:\w+:)?worksheet>"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    _insert(parts, sheet, place, f'<drawing xmlns="{main}" xmlns:r="{_OFFICE}" r:id="{link}"/>')
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    row = f'<Override xmlns="{types}" PartName="/{path}" ContentType="{_SPREADSHEET_DRAWING}"/>'
    _insert(parts, "[Content_Types].xml", r"</(?:\w+:)?Types>", row)
    return path


def _graphic(link: str) -> str:
    main, picture = f"{_DRAWINGML}/main", f"{_DRAWINGML}/picture"
    ids = f'<pic:nvPicPr><pic:cNvPr id="{_SHAPE_ID}" name=""/><pic:cNvPicPr/></pic:nvPicPr>'
    whole = f'<pic:pic xmlns:pic="{picture}">{ids}{_fill(link, "pic")}</pic:pic>'
    return f'<a:graphic xmlns:a="{main}"><a:graphicData uri="{picture}">{whole}</a:graphicData></a:graphic>'


def _fill(link: str, prefix: str) -> str:
    """Return the picture, linked instead of embedded (§20.1.8.13), and its shape of one pixel: 9,525 EMU."""
    place = '<a:xfrm><a:off x="0" y="0"/><a:ext cx="9525" cy="9525"/></a:xfrm>'
    shape = f'{place}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    picture = f'<a:blip xmlns:r="{_OFFICE}" r:link="{link}"/><a:stretch><a:fillRect/></a:stretch>'
    return f"<{prefix}:blipFill>{picture}</{prefix}:blipFill><{prefix}:spPr>{shape}</{prefix}:spPr>"


def _relationships_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _relate(parts: Parts, part: str, kind: str, target: str, *, external: bool) -> str:
    """Add a relationship of `part`; return its id."""
    path = _relationships_of(part)
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts.setdefault(path, f'<Relationships xmlns="{package}"></Relationships>'.encode())
    parts[path] = re.sub(rb"<((?:\w+:)?Relationships)([^>]*?)/>\s*$", rb"<\1\2></\1>", parts[path])
    taken = set(re.findall(rb"Id=[\"']([^\"']*)", parts[path]))
    link = next(name for n in range(1, len(taken) + 2) if (name := f"rIdx{n}").encode() not in taken)
    mode = ' TargetMode="External"' if external else ""
    row = f'<Relationship xmlns="{package}" Id="{link}" Type="{_OFFICE}/{kind}" Target={quoteattr(target)}{mode}/>'
    _insert(parts, path, r"</(?:\w+:)?Relationships>", row)
    return link


def _insert(parts: Parts, path: str, before: str, xml: str) -> None:
    """Insert XML before the first match of a pattern; raises DocumentError when there is none."""
    found = re.search(before.encode(), parts[path], re.DOTALL)
    if found is None:
        raise DocumentError(f"its part {path!r} has an unusual form (UTF-16, or no end)")
    parts[path] = parts[path][: found.start()] + xml.encode() + parts[path][found.start() :]
