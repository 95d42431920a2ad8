# SPDX-License-Identifier: MIT
"""HTTPS: the site that the persona's HTTP service has, inside TLS."""
