# SPDX-License-Identifier: MIT
"""Parts of what the interpreter does: jobs in the background, programs and scripts, complaints, ends of lines."""
