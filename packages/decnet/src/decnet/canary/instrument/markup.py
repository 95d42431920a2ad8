# SPDX-License-Identifier: MIT
"""Adds a picture of one pixel to HTML or SVG."""

import base64
import re
from xml.sax.saxutils import quoteattr

from decnet.canary.instrument.errors import DocumentError


def instrumented_html(page: bytes, url: str) -> bytes:
    """Return the page with the picture before the end of its body, or at its end."""
    picture = f'<img src={quoteattr(url)} width="1" height="1" alt="">'.encode()
    ends = list(re.finditer(rb"</body\s*>", page, re.IGNORECASE))
    at = ends[-1].start() if ends else len(page)
    return page[:at] + picture + page[at:]


def instrumented_svg(drawing: bytes, url: str) -> bytes:
    """Return the drawing with the picture in it; raises DocumentError."""
    if b"<!ENTITY" in drawing:
        raise DocumentError("it declares entities (XXE?): save it as plain SVG")
    end = drawing.rfind(b"</svg>")
    if end < 0:
        raise DocumentError("it is no SVG drawing, or empty")
    link = quoteattr(url)
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return (
        drawing[:end] + f'<image {names} width="1" height="1" href={link} xlink:href={link}/>'.encode() + drawing[end:]
    )


def instrumented_image(image: bytes, media_type: str, url: str) -> bytes:
    """Return an SVG that shows the image and fetches the picture: raster formats themselves fetch nothing."""
    shown = base64.b64encode(image).decode("ascii")
    names = 'xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"'
    whole = f'<svg {names}><image width="100%" height="100%" href="data:{media_type};base64,{shown}"/></svg>\n'
    return instrumented_svg(whole.encode("ascii"), url)
