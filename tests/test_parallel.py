# SPDX-License-Identifier: MIT
"""What tests in several processes report, whatever becomes of a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Without the plugins that are installed: to load them takes three times what these tests take."""
SEVERAL = """
    import os, time
    from pathlib import Path

    import pytest

    PLACE = Path(__file__).parent

    @pytest.fixture(scope="session")
    def alone():
        file = PLACE / f"session-{os.getpid()}"
        file.touch()
        yield
        file.unlink()

    @pytest.fixture(scope="module")
    def once(alone):
        (PLACE / f"made-by-{Path(__file__).stem}").open("x").close()

    def until(name):  # a test of another process has run
        while not (PLACE / name).exists():
            time.sleep(0.01)

    def test_one(once, tmp_path):
        print("said by", os.getpid())
        (PLACE / Path(__file__).stem).touch()
        until({"test_a": "test_b", "test_b": "test_a"}[Path(__file__).stem])

    def test_two(once):
        assert list(PLACE.glob("session-*"))
"""


def pytest_in(place: Path, *arguments: str) -> tuple[int, str]:
    """Run the tests that lie there in two processes; return the exit code and what was printed."""
    (place / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [*command(place), *arguments], cwd=ROOT, env=PLAIN, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def command(place: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "pytest", "-p", "tests.parallel", "-p", "no:cacheprovider", "--processes", "2"),
        *("-c", str(place / "pytest.ini"), "--basetemp", str(place / "temporary"), str(place)),
    ]


ENDLESS = """
import os, time
from pathlib import Path

import pytest

PLACE = Path(__file__).parent

@pytest.fixture
def server():
    (PLACE / f"server-{os.getpid()}").touch()
    yield
    (PLACE / f"server-{os.getpid()}").unlink()

def test_endless(server):
    (PLACE / f"{Path(__file__).stem}-runs").touch()
    time.sleep(600)

def test_next(): pass
"""


def write(place: Path, name: str, source: str) -> None:
    (place / f"{name}.py").write_text(textwrap.dedent(source))


def test_modules_run_at_the_same_time_and_make_their_fixtures_once(tmp_path: Path) -> None:
    write(tmp_path, "test_a", SEVERAL)
    write(tmp_path, "test_b", SEVERAL)
    code, said = pytest_in(tmp_path)
    assert code == 0, said
    assert "4 passed" in said
    assert sorted(path.name for path in tmp_path.glob("made-by-*")) == ["made-by-test_a", "made-by-test_b"]
    assert list(tmp_path.glob("session-*")) == []
    assert sorted(path.name for path in (tmp_path / "temporary").iterdir()) == ["process-0", "process-1"]


def test_tests_on_postgresql_can_be_left_out(tmp_path: Path) -> None:
    source = """
        import pytest

        @pytest.fixture
        def postgres_url(): pass

        def test_asks(postgres_url): pass

        @pytest.mark.parametrize("database", ["sqlite", "postgres"])
        def test_both(database): pass
    """
    write(tmp_path, "test_a", source)
    write(tmp_path, "test_b", "def test_none(): pass")
    code, said = pytest_in(tmp_path, "-m", "not postgresql")
    assert code == 0, said
    assert "2 passed, 2 deselected" in said


def test_a_failure_is_shown_with_what_the_test_printed(tmp_path: Path) -> None:
    write(tmp_path, "test_a", 'def test_bad():\n    print("before it")\n    assert [1] == [2]')
    write(tmp_path, "test_b", "def test_good(): pass")
    code, said = pytest_in(tmp_path)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 1 passed" in said
    assert "assert [1] == [2]" in said
    assert "before it" in said


@pytest.mark.fault
def test_a_process_that_dies_fails_the_test_that_it_ran_and_all_others_are_run(tmp_path: Path) -> None:
    write(tmp_path, "test_a", "import os\ndef test_deadly(): os.kill(os.getpid(), 9)\ndef test_next(): pass")
    write(tmp_path, "test_b", "import os\ndef test_good(): pass\ndef test_last(): os.kill(os.getpid(), 9)")
    for name in "cd":  # one of them is taken already when the last test of another module begins
        write(tmp_path, f"test_{name}", "def test_good(): pass")
    code, said = pytest_in(tmp_path)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 failed, 4 passed" in said
    assert re.search(r"_ \S*test_a.py::test_deadly _+\nits process died\n", said)


@pytest.mark.fault
def test_what_no_process_begins_has_failed(tmp_path: Path) -> None:
    write(tmp_path, "test_a", "def test_good(): pass\ndef test_next(): pass")
    (tmp_path / "conftest.py").write_text(
        "import os, pytest\n"
        "@pytest.hookimpl(trylast=True)\n"
        "def pytest_collection_finish(): os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), 9))"
    )
    code, said = pytest_in(tmp_path)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert len(re.findall("^no process began it$", said, re.MULTILINE)) == 2


@pytest.mark.fault
def test_after_the_first_failure_no_further_module_is_begun(tmp_path: Path) -> None:
    for name in "abcdefgh":
        write(tmp_path, f"test_{name}", "def test_bad(): assert False\ndef test_next(): pass")
    code, said = pytest_in(tmp_path, "-x")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert re.search("stopping after [12] failures", said)
    assert "8 failed" not in said


@pytest.mark.fault
def test_ctrl_c_lets_all_processes_stop_what_they_have_started(tmp_path: Path) -> None:
    write(tmp_path, "test_a", ENDLESS)
    write(tmp_path, "test_b", ENDLESS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    with subprocess.Popen(
        ["env", "--default-signal=INT", *command(tmp_path)],  # a shell has its background jobs ignore it
        cwd=ROOT,
        env=PLAIN,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        while len(list(tmp_path.glob("*-runs"))) < 2:
            assert running.poll() is None
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(60) == pytest.ExitCode.INTERRUPTED
    assert list(tmp_path.glob("server-*")) == []
