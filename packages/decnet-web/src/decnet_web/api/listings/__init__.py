# SPDX-License-Identifier: MIT
"""What listings need: cursors and exports."""
