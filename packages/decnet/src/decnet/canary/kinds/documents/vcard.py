# SPDX-License-Identifier: MIT
"""An address-book entry (RFC 2426) whose photo is fetched."""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    lines = (
        "BEGIN:VCARD",
        "VERSION:3.0",
        "N:Backup;Operator;;;",
        "FN:Backup Operator",
        "TITLE:Domain administrator",
        f"PHOTO;VALUE=URI:{token.url}.gif",
        f"URL:{token.url}",
        "END:VCARD",
        "",
    )
    return text_file("administrator.vcf", "\r\n".join(lines), media_type="text/vcard")


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="an address book that shows the photo, or a click on the entry's link",
    reveals="the address, the program and the time",
)
