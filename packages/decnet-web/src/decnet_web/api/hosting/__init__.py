# SPDX-License-Identifier: MIT
"""The HTTP server in the worker."""
