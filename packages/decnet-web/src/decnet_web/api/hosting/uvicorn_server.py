# SPDX-License-Identifier: MIT
"""Loads uvicorn without its command line: click, and what watches files and forks, 2.4 MiB for nothing here."""

import sys
from types import ModuleType

_COMMAND_LINE = "uvicorn.main"

if "uvicorn" not in sys.modules:
    _empty = sys.modules[_COMMAND_LINE] = ModuleType(_COMMAND_LINE)
    vars(_empty).update(Server=None, main=None, run=None)  # what the package imports from it

import uvicorn  # noqa: E402  # only now without it
from uvicorn.config import Config  # noqa: E402
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle  # noqa: E402
from uvicorn.server import Server, ServerState  # noqa: E402

if uvicorn.Server is None:
    vars(uvicorn)["Server"] = Server
    del sys.modules[_COMMAND_LINE]  # who wants it, imports it

__all__ = ["Config", "H11Protocol", "RequestResponseCycle", "Server", "ServerState"]
