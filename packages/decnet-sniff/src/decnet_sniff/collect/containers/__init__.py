# SPDX-License-Identifier: MIT
"""Container logs, through the API of Docker or Podman."""
