# SPDX-License-Identifier: MIT
"""Checksums, ciphers and password hashes: md5sum and its kin, openssl."""
