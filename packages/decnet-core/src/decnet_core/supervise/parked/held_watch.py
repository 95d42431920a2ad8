# SPDX-License-Identifier: MIT
"""The watches that a worker has set before it was parked (inotify(7)): the first change wakes it.

They belong to the descriptor, not to the process: so nothing is missed between the worker's last look and its end, and
the supervisor needs no permission for what is watched.
"""

import asyncio
import os
from collections.abc import Callable


class HeldWatch:
    """Holds the descriptor from the worker's request to be parked until it runs again."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._descriptor: int | None = None

    def hold(self, descriptor: int) -> None:
        """Hold this, which is ours from now on; raises OSError when it cannot be waited for."""
        self.release()
        try:
            asyncio.get_running_loop().add_reader(descriptor, self._on_change)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Close it: the worker has its own, or is gone for good."""
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _on_change(self) -> None:
        self.release()
        self._changed()
