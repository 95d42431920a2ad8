# SPDX-License-Identifier: MIT
"""A QR code of a URL, as SVG: printed and put where only intruders look."""

import io

from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet.cli.errors import RefusedError
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    try:
        import segno
    except ImportError as error:
        raise RefusedError("QR codes need the package segno: install decnet[documents]") from error
    drawn = io.BytesIO()
    segno.make(token.url, error="m").save(drawn, kind="svg", scale=8)
    return Bait(drawn.getvalue(), "code.svg", "image/svg+xml")


KIND = Kind(
    SlugKind.URL,
    _make,
    trips="whoever scans the code and opens its URL",
    reveals="the address, the telephone's browser and the time",
)
