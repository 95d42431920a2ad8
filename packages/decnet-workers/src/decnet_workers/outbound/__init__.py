# SPDX-License-Identifier: MIT
"""Connections to servers outside, for the two workers that make any: webhook and enrich.

`target` parses a URL, `addresses` says where nothing may be sent, `dial` resolves once and connects to what was
checked, `retry_after` reads the header of that name. This is no worker, and it holds no HTTP library: each of the two
speaks HTTP in its own way.
"""
