# SPDX-License-Identifier: MIT
"""The fleet's own public key infrastructure: its authority, members, roles and pins.

Values: `names`, `token`, `sensor_registry`, `der`. On disk: `files`, `registry_file`. In the workers, with Python's
ssl alone: `contexts`, `admission` (listener) and `pinning` (forwarder). With the library that makes keys, only in
commands and in children that end: `authority`, `listener_identity` and `bootstrap_ca`.
"""
