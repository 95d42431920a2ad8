# SPDX-License-Identifier: MIT
"""The active library, reloaded when a file of the operator's folder changed or on request."""

import logging
from pathlib import Path

from decnet_core.text import for_terminal
from decnet_workers.ttp.library import SHIPPED, Library, files_of, load
from decnet_workers.ttp.reader import ReaderError, read_in_child
from decnet_workers.ttp.settings import TtpSettings

log = logging.getLogger(__name__)

Signature = tuple[tuple[str, int, int], ...]
"""Path, modification time (ns) and size of each rule file."""


class Watched:
    """The configured rules; `library` is replaced as a whole, so a batch sees one state of them."""

    def __init__(self, settings: TtpSettings) -> None:
        self._own = Path(settings.rules_dir) if settings.rules_dir else None
        self._folders = ([SHIPPED] if settings.shipped_rules else []) + ([self._own] if self._own else [])
        self._signature: Signature = ()
        self.library = Library((), ())
        self.reloads = 0
        self.failures = 0

    def missing(self) -> Path | None:
        """The operator's folder if it does not exist, or is where this process may not look."""
        try:
            return None if self._own is None or self._own.is_dir() else self._own
        except OSError:
            return self._own

    def read(self) -> None:
        """Reload all rules; rejected ones are logged with file and line. ReaderError changes nothing."""
        signature = self._sign()
        self.library = load(self._folders, read_in_child)
        self._signature = signature
        self.reloads += 1
        for refusal in self.library.refused:
            log.warning("rule refused %s", for_terminal(str(refusal)))
        log.info("rules loaded rules=%d refused=%d", len(self.library), len(self.library.refused))

    def read_at_first(self) -> None:
        """Load the rules unless they have been; raises ReaderError."""
        if self._folders and not self.reloads:
            self.read()

    def read_if_changed(self) -> None:
        """Reload when a file of the operator's folder is new, gone or changed."""
        if self._own is not None and self._sign() != self._signature:
            self.read_or_keep()

    def read_or_keep(self) -> None:
        """Reload; on failure keep the current rules."""
        try:
            self.read()
        except ReaderError as error:
            self.failures += 1
            log.error("rules not reloaded error=%s", for_terminal(str(error)))  # noqa: TRY400  # it says all

    def counters(self) -> dict[str, float]:
        return {
            "rules": len(self.library),
            "rules_refused": len(self.library.refused),
            "rules_read": self.reloads,
            "rules_read_failures": self.failures,
        }

    def _sign(self) -> Signature:
        if self._own is None:
            return ()
        signature = []
        for file in files_of([self._own]):
            try:
                status = file.stat()
            except OSError:  # gone between the listing and here: a change
                continue
            signature.append((str(file), status.st_mtime_ns, status.st_size))
        return tuple(signature)
