# SPDX-License-Identifier: MIT
"""How killall lists its options when it is called without a name (killall(1))."""

_FORMS = ("[OPTION]... [--] NAME...", "-l, --list", "-V, --version")
_OPTIONS = (
    ("e", "exact", "", "require exact match for very long names"),
    ("I", "ignore-case", "", "case insensitive process name match"),
    ("g", "process-group", "", "kill process group instead of process"),
    ("y", "younger-than", "", "kill processes younger than TIME"),
    ("o", "older-than", "", "kill processes older than TIME"),
    ("i", "interactive", "", "ask for confirmation before killing"),
    ("l", "list", "", "list all known signal names"),
    ("q", "quiet", "", "don't print complaints"),
    ("r", "regexp", "", "interpret NAME as an extended regular expression"),
    ("s", "signal", " SIGNAL", "send this signal instead of SIGTERM"),
    ("u", "user", " USER", "kill only process(es) running as USER"),
    ("v", "verbose", "", "report if the signal was successfully sent"),
    ("V", "version", "", "display version information"),
    ("w", "wait", "", "wait for processes to die"),
    ("n", "ns", " PID", "match processes that belong to the same namespaces\nas PID"),
    ("Z", "context", " REGEXP", "kill only process(es) having context\n(must precede other arguments)"),
)
_TEXT_COLUMN = 22


def killall_usage() -> str:
    """Return what killall writes that is called wrongly."""
    forms = "\n       ".join(f"killall {form}" for form in _FORMS)
    rows = []
    for letter, name, value, meaning in _OPTIONS:
        head = f"  -{letter},--{name}{value}"
        indented = meaning.replace("\n", "\n" + " " * _TEXT_COLUMN)
        rows.append(f"{head:<{_TEXT_COLUMN - 1}} {indented}")
    return f"Usage: {forms}\n\n" + "\n".join(rows) + "\n"
