# SPDX-License-Identifier: MIT
"""TLS and DTLS hellos, wherever in a connection they begin, and their fingerprints JA3 and JA4. Pure."""
