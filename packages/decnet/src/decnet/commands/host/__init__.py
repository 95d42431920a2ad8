# SPDX-License-Identifier: MIT
"""Commands about the installation on this host."""
