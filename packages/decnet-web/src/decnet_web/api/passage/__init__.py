# SPDX-License-Identifier: MIT
"""What every request and answer passes on its way to a route and back (ASGI)."""
