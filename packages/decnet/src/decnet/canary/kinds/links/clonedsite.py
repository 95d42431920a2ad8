# SPDX-License-Identifier: MIT
"""A script for one's own web page, which reports when the page is shown under another host name."""

import json

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_SCRIPT = """(function () {{
  var own = {site}, host = location.hostname;
  if (host === own || host.slice(-own.length - 1) === "." + own) return;
  new Image().src = {url} + "?l=" + encodeURIComponent(location.href) + "&r=" + encodeURIComponent(document.referrer);
}})();
"""


def _make(token: Token) -> Bait:
    script = _SCRIPT.format(site=json.dumps(token.site.lower()), url=json.dumps(f"{token.url}.gif"))
    return text_file("site.js", script, media_type="text/javascript")


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="a browser that shows a copy of the page under another host name than your site's, as phishing pages do",
    reveals="the address of the copy (in the target), and who visits it: victims and the attacker's first test",
    needs=("site",),
)
