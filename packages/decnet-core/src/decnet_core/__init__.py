# SPDX-License-Identifier: MIT
"""What every DECNET process stands on: events, spool, bus, settings, worker runtime, supervision.

Only msgspec and the standard library are imported here (typer when a command line needs it), because
each import is paid by every worker of the fleet.
"""
