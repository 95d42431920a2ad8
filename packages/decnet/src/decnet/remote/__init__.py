# SPDX-License-Identifier: MIT
"""Commands on a remote master: `decnet --api URL ...` asks its API, and shows the answers as it shows its own rows."""
