# SPDX-License-Identifier: MIT
"""What is installed in this environment."""
