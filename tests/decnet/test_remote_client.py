# SPDX-License-Identifier: MIT
"""`decnet --api` at an address that is none, or where something else answers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.decnet.command_result import Run

from decnet.cli.errors import OperatorError, WrongUsageError
from decnet.remote.client import Remote

TOKEN = "t" * 32


class Portal(BaseHTTPRequestHandler):
    """Answers everything with its page, as the log-in page of a proxy does."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>Please log in</html>")

    do_POST = do_GET  # noqa: N815  # the name that the base class looks for

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def portal() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "url", ["https://[bad", "https://[::1", "https://h:99999", "https://h:port", "https://a..b", "ftp://h", "h"]
)
def test_what_is_no_url_is_refused_with_the_forms_that_are(url: str) -> None:
    with pytest.raises(WrongUsageError, match=r"^--api '.*write https://HOST"):
        Remote(url, TOKEN)


@pytest.mark.parametrize(
    ("token", "said"), [("", "needs a token"), ("wrong", "has 8 to 512"), (f"{TOKEN}\n", "no spaces")]
)
def test_who_gives_no_token_is_told_so_and_who_gives_another_text_that_it_is_none(token: str, said: str) -> None:
    with pytest.raises(WrongUsageError, match=said) as raised:
        Remote("https://h.example", token)
    assert not token or token not in str(raised.value)


def test_a_page_in_place_of_an_answer_is_no_api(portal: str) -> None:
    remote = Remote(portal, TOKEN)
    said = f"{portal} is no API of DECNET: it answered 200 OK, text/html"
    for ask in (
        lambda: remote.get("/attackers"),
        lambda: remote.listed("/attackers", 5),
        lambda: remote.send("POST", "/incidents/close", {}),
        lambda: remote.upload("/canaries", b"x"),
        lambda: next(remote.messages("/stream")),
    ):
        with pytest.raises(OperatorError, match=said):
            ask()


def test_a_command_says_so_in_one_line(run: Run, portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_API", portal)
    monkeypatch.setenv("DECNET_API_TOKEN", TOKEN)
    for command in (("attackers",), ("summary",), ("events", "--follow")):
        said = run(*command)
        assert (said.code, len(said.err.splitlines())) == (1, 1)
        assert "is no API of DECNET" in said.err
