# SPDX-License-Identifier: MIT
"""What a zygote does before it forks, so that its children share as much memory with it as they can."""
