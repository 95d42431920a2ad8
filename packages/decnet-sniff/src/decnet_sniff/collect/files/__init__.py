# SPDX-License-Identifier: MIT
"""Log files: found, followed through rotation and truncation, their positions persisted across restarts."""
