# SPDX-License-Identifier: MIT
"""The configuration of a Git repository whose remote is the canary."""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind

_FILE = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = {url}/infrastructure.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
"""


def _make(token: Token) -> Bait:
    return text_file("config", _FILE.format(url=token.url))


KIND = Kind(
    SlugKind.API,
    _make,
    trips="git clone, fetch or pull of the remote, as tools do that collect exposed .git directories",
    reveals="the address, git's version and the time",
    path="/var/www/html/.git/config",
)
