# SPDX-License-Identifier: MIT
"""The child process that looks at the settings (`looking`)."""

import sys
import tomllib
from collections.abc import Iterator

import msgspec

from decnet.configuration.looking import Compared, Difference, Looked, Question, Setting
from decnet.configuration.values import Shapes, problems, shapes, values
from decnet_core.settings import Settings, SettingsError
from decnet_core.setup.field_docs import field_docs


def main() -> None:
    """Answer the question on standard input."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    now = Settings(question.document, question.environ, question.source)
    answer = _look(now) if question.text is None else _compare(now, question, question.text)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


def _look(settings: Settings) -> Looked:
    known = shapes()
    found = []
    for section, shape in known.items():
        meanings, defaults = field_docs(shape), _by_name(Settings({}, {}, ""), {section: shape})
        for one in _values(settings, {section: shape}):
            default = defaults.get((section, one[0]))
            found.append(Setting(section, one[0], one[1], default, one[2], meanings.get(one[0], "")))
    return Looked(tuple(found), tuple(problems(settings)))


def _compare(now: Settings, question: Question, text: str) -> Compared:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Compared((), (f"{question.source}: {error}",))
    then, known = Settings(document, question.environ, question.source), shapes()
    before, after = _by_name(now, known), _by_name(then, known)
    changed = [
        Difference(section, name, before.get((section, name)), value)
        for (section, name), value in after.items()
        if before.get((section, name)) != value or _raw(now, section, name) != _raw(then, section, name)
    ]
    return Compared(tuple(changed), tuple(problems(then)))


def _raw(settings: Settings, section: str, name: str) -> object:
    """Return what the file says, which tells two secrets apart that are both hidden."""
    return settings.in_file(section, name)


def _by_name(settings: Settings, known: Shapes) -> dict[tuple[str, str], object]:
    return {
        (section, name): value
        for section, shape in known.items()
        for name, value, _ in _values(settings, {section: shape})
    }


def _values(settings: Settings, known: Shapes) -> Iterator[tuple[str, object, str]]:
    """Yield name, value and origin of each setting; nothing of a section that is wrong."""
    try:
        for one in values(settings, known):
            yield one.name, one.value, one.origin
    except SettingsError:
        return


if __name__ == "__main__":
    main()
