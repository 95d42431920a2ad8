# SPDX-License-Identifier: MIT
"""The logs of containers, by the API of Docker or Podman."""
