# SPDX-License-Identifier: MIT
"""A PDF of one page that opens a URL (ISO 32000-1 §12.6.4.7)."""

from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    action = f"<< /Type /Action /S /URI /URI ({token.url}) >>"
    text = "BT /F1 12 Tf 72 760 Td (Loading the document ...) Tj ET"
    whole = _assembled(
        [
            f"<< /Type /Catalog /Pages 2 0 R /OpenAction {action} >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Annots [4 0 R] "
            "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
            f"<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /Border [0 0 0] /A {action} >>",
            f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        ]
    )
    return Bait(whole, "contract.pdf", "application/pdf")


def _assembled(objects: list[str]) -> bytes:
    """Return a file of numbered objects, the first of which is the catalog, with its cross-reference table (§7.5)."""
    whole, offsets = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(whole))
        whole += f"{number} 0 obj\n{text}\nendobj\n".encode("ascii")
    rows = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    table = f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return whole + f"{table}startxref\n{len(whole)}\n%%EOF\n".encode("ascii")


KIND = Kind(
    SlugKind.URL,
    _make,
    trips="a reader that carries out the action at opening (Acrobat asks first), or a click anywhere on the page; "
    "most readers on Linux fetch nothing by themselves",
    reveals="the address, the program and the time",
)
