# SPDX-License-Identifier: MIT
"""Who belongs to the fleet: its own authority, one-time tokens, roles, pins, renewal and revocation.

Values: `names`, `token`, `messages`, `registry`, `gate`, `der`. Kept on disk by `files` and `registry_file`. In the
long-lived workers, with Python's ssl alone: `contexts`, `admission` and `desk` (listener), `pinning` and `renewing`
(forwarder). With the library that makes keys, in commands and children that end: `authority`, `founding` and `issue` on
the master, `enrolling` and `renew` on the sensor.
"""
