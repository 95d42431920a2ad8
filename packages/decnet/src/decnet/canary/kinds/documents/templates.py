# SPDX-License-Identifier: MIT
"""The smallest documents that office programs open, to be instrumented."""

import io
import zipfile
from typing import Literal

Format = Literal["docx", "xlsx", "pptx"]

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_FORMAT = "application/vnd.openxmlformats-officedocument"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def template(name: Format) -> bytes:
    """Return a document without content."""
    main, kind, parts = {"docx": _docx, "xlsx": _xlsx, "pptx": _pptx}[name]()
    whole = {
        "[Content_Types].xml": _types({f"/{main}": f"{_FORMAT}.{kind}.main+xml", **_overrides(parts)}),
        "_rels/.rels": _relationships({"rId1": ("officeDocument", main)}),
        **{path: text for path, (_, text) in parts.items()},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in whole.items():
            archive.writestr(zipfile.ZipInfo(path), _XML + text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


_Parts = dict[str, tuple[str, str]]
"""Content type (empty: the main part's, or a relationship's) and XML by path."""


def _docx() -> tuple[str, str, _Parts]:
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = f"<w:document {names}><w:body><w:p/><w:sectPr/></w:body></w:document>"
    return "word/document.xml", "wordprocessingml.document", {"word/document.xml": ("", body)}


def _xlsx() -> tuple[str, str, _Parts]:
    names = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = '<sheet name="Sheet1" sheetId="1" r:id="rId1"/>'
    parts = {
        "xl/workbook.xml": (
            "",
            f'<workbook {names} xmlns:r="{_OFFICE}/relationships"><sheets>{sheet}</sheets></workbook>',
        ),
        "xl/_rels/workbook.xml.rels": ("", _relationships({"rId1": ("worksheet", "worksheets/sheet1.xml")})),
        "xl/worksheets/sheet1.xml": ("spreadsheetml.worksheet", f"<worksheet {names}><sheetData/></worksheet>"),
    }
    return "xl/workbook.xml", "spreadsheetml.sheet", parts


def _pptx() -> tuple[str, str, _Parts]:
    names = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        f'xmlns:r="{_OFFICE}/relationships" xmlns:a="{_DRAWING}"'
    )
    group = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    tree = f"<p:cSld><p:spTree>{group}</p:spTree></p:cSld>"
    colours = " ".join(f'{name}="{name}"' for name in (*(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink"))
    map_ = f'<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" {colours}/>'
    masters = '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
    slides = '<p:sldIdLst><p:sldId id="256" r:id="rId2"/></p:sldIdLst>'
    layouts = '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst>'
    sizes = '<p:sldSz cx="12192000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>'
    master_links = {
        "rId1": ("slideLayout", "../slideLayouts/slideLayout1.xml"),
        "rId2": ("theme", "../theme/theme1.xml"),
    }
    parts = {
        "ppt/presentation.xml": ("", f"<p:presentation {names}>{masters}{slides}{sizes}</p:presentation>"),
        "ppt/_rels/presentation.xml.rels": (
            "",
            _relationships(
                {"rId1": ("slideMaster", "slideMasters/slideMaster1.xml"), "rId2": ("slide", "slides/slide1.xml")}
            ),
        ),
        "ppt/slides/slide1.xml": ("presentationml.slide", f"<p:sld {names}>{tree}</p:sld>"),
        "ppt/slides/_rels/slide1.xml.rels": (
            "",
            _relationships({"rId1": ("slideLayout", "../slideLayouts/slideLayout1.xml")}),
        ),
        "ppt/slideLayouts/slideLayout1.xml": (
            "presentationml.slideLayout",
            f"<p:sldLayout {names}>{tree}</p:sldLayout>",
        ),
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": (
            "",
            _relationships({"rId1": ("slideMaster", "../slideMasters/slideMaster1.xml")}),
        ),
        "ppt/slideMasters/slideMaster1.xml": (
            "presentationml.slideMaster",
            f"<p:sldMaster {names}>{tree}{map_}{layouts}</p:sldMaster>",
        ),
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": ("", _relationships(master_links)),
        "ppt/theme/theme1.xml": ("theme", _theme()),
    }
    return "ppt/presentation.xml", "presentationml.presentation", parts


def _theme() -> str:
    names = ("dk1", "lt1", "dk2", "lt2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
    colours = "".join(
        f'<a:{name}><a:srgbClr val="{"FFFFFF" if name[:2] == "lt" else "1F3864"}"/></a:{name}>' for name in names
    )
    fonts = "".join(
        f'<a:{name}Font><a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/></a:{name}Font>'
        for name in ("major", "minor")
    )
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    formats = (
        f"<a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{f'<a:ln>{fill}</a:ln>' * 3}</a:lnStyleLst>"
        f"<a:effectStyleLst>{'<a:effectStyle><a:effectLst/></a:effectStyle>' * 3}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst>"
    )
    scheme = f'<a:clrScheme name="Office">{colours}</a:clrScheme>'
    return (
        f'<a:theme xmlns:a="{_DRAWING}" name="Office"><a:themeElements>{scheme}'
        f'<a:fontScheme name="Office">{fonts}</a:fontScheme><a:fmtScheme name="Office">{formats}</a:fmtScheme>'
        "</a:themeElements></a:theme>"
    )


def _overrides(parts: _Parts) -> dict[str, str]:
    return {f"/{path}": f"{_FORMAT}.{kind}+xml" for path, (kind, _) in parts.items() if kind}


def _types(overrides: dict[str, str]) -> str:
    rows = "".join(f'<Override PartName="{path}" ContentType="{kind}"/>' for path, kind in overrides.items())
    defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    defaults += '<Default Extension="xml" ContentType="application/xml"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{defaults}{rows}</Types>'


def _relationships(targets: dict[str, tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="{ident}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/>'
        for ident, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'
