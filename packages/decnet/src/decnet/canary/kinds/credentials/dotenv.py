# SPDX-License-Identifier: MIT
"""The environment file of a web application."""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_FILE = """APP_ENV=production
APP_DEBUG=false
APP_URL={url}
DB_CONNECTION=mysql
DB_HOST={host}
DB_PORT=3306
DB_DATABASE=app
DB_USERNAME=app
DB_PASSWORD={slug}
MAIL_HOST={host}
MAIL_PASSWORD={slug}
"""


def _make(token: Token) -> Bait:
    text = _FILE.format(url=token.url, host=token.host, slug=token.slug)
    return text_file(".env", text)


KIND = Kind(
    SlugKind.LOGIN,
    _make,
    trips="whoever connects to the database or mail server in it, opens its URL, or tries its password on a decoy",
    reveals="the address, or that of the resolver, and which of the secrets was used",
    path="/var/www/html/.env",
    mode=0o640,
)
