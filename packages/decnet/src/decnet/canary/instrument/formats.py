# SPDX-License-Identifier: MIT
"""The formats that can be instrumented, by the ending of the file's name."""

from collections.abc import Callable

import msgspec

from decnet_core.canary import SlugKind


class Format(msgspec.Struct, frozen=True):
    """`instrument` takes document and URL; `ending` is that of the result."""

    slug: SlugKind
    media_type: str
    ending: str
    instrument: Callable[[bytes, str], bytes]


def _office(document: bytes, url: str) -> bytes:
    from decnet.canary.instrument.ooxml import instrumented

    return instrumented(document, url)


def _pdf(document: bytes, url: str) -> bytes:
    from decnet.canary.instrument.pdf import instrumented_pdf

    return instrumented_pdf(document, url)


def _html(document: bytes, url: str) -> bytes:
    from decnet.canary.instrument.markup import instrumented_html

    return instrumented_html(document, url)


def _svg(document: bytes, url: str) -> bytes:
    from decnet.canary.instrument.markup import instrumented_svg

    return instrumented_svg(document, url)


def _image(media_type: str) -> Callable[[bytes, str], bytes]:
    def instrument(document: bytes, url: str) -> bytes:
        from decnet.canary.instrument.markup import instrumented_image

        return instrumented_image(document, media_type, url)

    return instrument


_OFFICE = "application/vnd.openxmlformats-officedocument"
_HTML, _SVG = "text/html", "image/svg+xml"
FORMATS = {
    ".docx": Format(SlugKind.WEBBUG, f"{_OFFICE}.wordprocessingml.document", ".docx", _office),
    ".xlsx": Format(SlugKind.WEBBUG, f"{_OFFICE}.spreadsheetml.sheet", ".xlsx", _office),
    ".pptx": Format(SlugKind.WEBBUG, f"{_OFFICE}.presentationml.presentation", ".pptx", _office),
    ".pdf": Format(SlugKind.URL, "application/pdf", ".pdf", _pdf),
    ".html": Format(SlugKind.WEBBUG, _HTML, ".html", _html),
    ".htm": Format(SlugKind.WEBBUG, _HTML, ".htm", _html),
    ".svg": Format(SlugKind.WEBBUG, _SVG, ".svg", _svg),
    ".png": Format(SlugKind.WEBBUG, _SVG, ".svg", _image("image/png")),
    ".jpg": Format(SlugKind.WEBBUG, _SVG, ".svg", _image("image/jpeg")),
    ".jpeg": Format(SlugKind.WEBBUG, _SVG, ".svg", _image("image/jpeg")),
    ".gif": Format(SlugKind.WEBBUG, _SVG, ".svg", _image("image/gif")),
}
