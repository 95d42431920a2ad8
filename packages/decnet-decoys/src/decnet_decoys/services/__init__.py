# SPDX-License-Identifier: MIT
"""What every decoy service has in common: the `Service` class, its registry, listening, and serving one connection.

A service is a class that an entry point of the group `decnet.services` names (docs/howto/write-a-decoy-service.md).
"""
