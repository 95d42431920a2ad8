# SPDX-License-Identifier: MIT
"""Adds a URL to a PDF that is opened with it, and a link over its first page (ISO 32000-1 §12.6.4.7)."""

import io
from typing import Any

from decnet.canary.instrument.errors import DocumentError


def instrumented_pdf(document: bytes, url: str) -> bytes:
    """Return the document with the URL; raises DocumentError."""
    try:
        import pikepdf
    except ImportError as error:
        raise DocumentError("PDFs need the package pikepdf: install decnet[documents]") from error
    try:
        with pikepdf.open(io.BytesIO(document)) as pdf:
            if pdf.is_encrypted:
                raise DocumentError("it is encrypted: save it without a password")
            if not pdf.pages:
                raise DocumentError("it has no page")
            _add(pdf, url)
            written = io.BytesIO()
            pdf.save(written)
    except pikepdf.PasswordError as error:
        raise DocumentError("it is encrypted: save it without a password") from error
    except pikepdf.PdfError as error:
        raise DocumentError(f"it is no intact PDF: {error}") from error
    return written.getvalue()


def _add(pdf: Any, url: str) -> None:
    import pikepdf

    name, page = pikepdf.Name, pdf.pages[0]
    action = pikepdf.Dictionary(Type=name.Action, S=name.URI, URI=pikepdf.String(url))
    if "/OpenAction" not in pdf.Root:
        pdf.Root.OpenAction = action
    else:
        page.obj.AA = pikepdf.Dictionary(O=action)
    area = pikepdf.Dictionary(
        Type=name.Annot, Subtype=name.Link, Rect=page.mediabox, Border=pikepdf.Array([0, 0, 0]), A=action
    )
    annotations = page.obj.get("/Annots", pikepdf.Array())
    page.obj.Annots = pikepdf.Array([*annotations, pdf.make_indirect(area)])
