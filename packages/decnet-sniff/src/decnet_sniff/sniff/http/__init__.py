# SPDX-License-Identifier: MIT
"""The head of the first HTTP/1 request of a connection, and what its client says it is. Pure."""
