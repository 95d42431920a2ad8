# SPDX-License-Identifier: MIT
"""What listings need: cursors, exports, and answers that are given again until something is committed."""
