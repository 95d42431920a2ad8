# SPDX-License-Identifier: MIT
"""What nginx alone does: it pads error pages for browsers that show one of their own for a short one. Pure."""

import re

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import Response

_PADDED = re.compile(r"(?!.*Opera)(?:.*MSIE |(?!.*Gecko/).*Chrome/)", re.DOTALL)
"""Of a User-Agent field (`msie_padding`)."""
_PADDING = b"<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n" * 6


def padded(answer: Response, head: Head) -> Response:
    """Return the answer as the browser that asks is given it."""
    own_page = answer.status >= 400 and b"<hr><center>" in answer.body[-100:]
    if not own_page or _PADDED.match(head.get("user-agent") or "") is None:
        return answer
    return answer._replace(body=answer.body + _PADDING)
