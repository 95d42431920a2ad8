# SPDX-License-Identifier: MIT
"""Runs the text of a script line by line, as a shell reads it: what comes before a syntax error is done."""

from decnet_decoys.shell.budget import LineBudget
from decnet_decoys.shell.compound import complained
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.execution.complaints import syntax_complaint, warn_of_documents
from decnet_decoys.shell.expansion.parameters import ExpansionError, UnsetError
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.dash import DashLexer
from decnet_decoys.shell.syntax.lexer import Lexer
from decnet_decoys.shell.syntax.nodes import IncompleteError, Sequence, ShellSyntaxError
from decnet_decoys.shell.syntax.parser import Parser


def run_text(runner: Runner, budget: LineBudget, text: str, streams: Streams) -> Effects:
    """Run a script's text in this shell; returns the status of its last line."""
    shell = runner.shell
    first = shell.line
    parser = Parser(text, DashLexer if shell.dash else Lexer, first)
    parser.end_with_text()
    try:
        with budget:
            while True:
                try:
                    line = yield from parser.line()
                except ShellSyntaxError as fault:
                    is_quote = isinstance(fault, IncompleteError) and fault.quotes
                    shell.line = parser.opened if is_quote else parser.reached()
                    return syntax_complaint(shell, fault, text, first, streams)
                read = parser.taken()
                if "verbose" in shell.options:
                    streams.err.write(encode(read))
                if line is None:
                    return shell.status
                warn_of_documents(shell, parser, first, streams)
                shell.line = parser.number
                yield from _run_line(runner, line, streams)
    finally:
        shell.line = first


def _run_line(runner: Runner, line: Sequence, streams: Streams) -> Effects:
    """Run one line: where it cannot be expanded its rest is given up, but not that of the script."""
    shell = runner.shell
    try:
        shell.status = yield from runner.sequence(line, streams)
    except ExpansionError as fault:
        fault.line = fault.line or shell.line
        if shell.dash or isinstance(fault, UnsetError):
            raise
        shell.status = complained(runner, fault)
    return shell.status
