# SPDX-License-Identifier: MIT
"""TLS for services, from the start or after a command: a certificate for each decky, and the connection inside it."""
