# SPDX-License-Identifier: MIT
"""Files of the operator's own rules: shown, replaced by a version that is good, removed. `ttp` sees changes itself."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from decnet.cli.errors import NotFoundError, OperatorError, WrongUsageError
from decnet.detection.asking import own_folder, shipped_folder, try_text
from decnet.fleet.deployment import Deployment
from decnet_core.durable import replace_file
from decnet_core.text import for_terminal
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.rules.shapes import RuleFileList, RuleFileShown, RuleFileText

_ENDINGS = (".yml", ".yaml")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_CHECK_SECONDS = 1.0


def listed(deployment: Deployment) -> RuleFileList:
    """Return the files of the operator's folder."""
    folder = own_folder(deployment)
    found = sorted(folder.glob("*.y*ml")) if folder is not None and folder.is_dir() else []
    items = [_shown(file) for file in found if file.suffix in _ENDINGS and file.is_file()]
    return RuleFileList(items=items, folder=str(folder) if folder else None)


def text_of(deployment: Deployment, name: str) -> RuleFileText:
    """Return an own file, or a shipped one; raises NotFoundError."""
    own, shipped = own_folder(deployment), shipped_folder() / checked(name)
    file = own / name if own is not None and (own / name).is_file() else shipped
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(f"there is no readable file of rules {name!r}") from error
    return RuleFileText(name=name, text=text, digest=_digest(text.encode()), shipped=file == shipped)


def replace(deployment: Deployment, name: str, text: str, digest: str | None) -> RuleFileText:
    """Put a text in the place of an own file, or make it; raises Problem unless its rules are all good."""
    file = _own(deployment) / checked(name)
    tried = try_text(deployment, text, (), seconds=_CHECK_SECONDS, replaces=name)
    if tried.refused or not tried.rules:
        refused = [{"line": one.line, "reason": for_terminal(one.reason, 500)} for one in tried.refused[:20]]
        raise Problem(422, "Bad rules", "nothing was written: a rule of the text would be refused", refused=refused)
    _refuse_changed(file, digest)
    try:
        replace_file(file, text.encode(), 0o640)
    except OSError as error:
        raise OperatorError(f"cannot write {file}: {error.strerror}") from error
    return text_of(deployment, name)


def remove(deployment: Deployment, name: str, digest: str) -> None:
    """Remove an own file as it was seen; raises Problem, NotFoundError."""
    file = _own(deployment) / checked(name)
    if not file.is_file():
        raise NotFoundError(f"there is no file of rules {name!r} of yours")
    _refuse_changed(file, digest)
    try:
        file.unlink()
    except OSError as error:
        raise OperatorError(f"cannot remove {file}: {error.strerror}") from error


def _own(deployment: Deployment) -> Path:
    folder = own_folder(deployment)
    if folder is None:
        raise OperatorError("there is no place for rules of yours: set [ttp] rules_dir to a folder, and restart ttp")
    if not folder.is_dir():
        raise OperatorError(f"[ttp] rules_dir = {str(folder)!r} is no folder; create it")
    return folder


def checked(name: str) -> str:
    """Return the name of a file of rules; raises WrongUsageError."""
    if not set(name) <= _PLAIN or name.startswith(".") or not name.endswith(_ENDINGS) or len(name) > 100:
        raise WrongUsageError("a file of rules is called like NAME.yml: letters, digits, dots, hyphens, underscores")
    return name


def _refuse_changed(file: Path, digest: str | None) -> None:
    try:
        now = _digest(file.read_bytes()) if file.exists() else None
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from error
    if now is None and digest is None:
        return
    if now is None or digest is None or not hmac.compare_digest(now.encode(), digest.encode("utf-8", "replace")):
        raise Problem(409, "Changed meanwhile", f"{file.name} is not as you have seen it any more; look at it again")


def _shown(file: Path) -> RuleFileShown:
    content = file.read_bytes()
    return RuleFileShown(name=file.name, bytes=len(content), digest=_digest(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
