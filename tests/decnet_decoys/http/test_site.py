# SPDX-License-Identifier: MIT
from __future__ import annotations

import base64
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import http_profile

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import Exchange, rendered
from decnet_decoys.http.logins import Credentials
from decnet_decoys.http.site import Site
from decnet_decoys.http.targets import path_of
from decnet_decoys.personas.catalog import names


def site(name: str = "debian-web") -> Site:
    return Site(http_profile(name), "127.77.0.10", 8080)


def head(target: str = "/", method: str = "GET", *headers: tuple[str, str]) -> Head:
    return Head(method, target, "HTTP/1.1", (("Host", "h"), *headers))


@pytest.mark.parametrize("name", names())
def test_every_error_page_is_the_servers_own(name: str) -> None:
    profile = http_profile(name)
    for status in (400, 403, 404, 405, 412, 413, 414, 416):
        answer = site(name).error(status)
        shown = rendered(profile, answer, now=0, exchange=Exchange(keep_alive=True, head_only=False))
        assert shown.startswith(f"HTTP/1.1 {status} ".encode())
        assert profile.behaviour.servers.get(str(status), profile.server).encode() in shown
        assert str(status).encode() in answer.body


def test_the_header_order_tells_the_servers_apart() -> None:
    shown = {}
    for name in names():
        profile = http_profile(name)
        data = rendered(profile, site(name).error(404), now=0, exchange=Exchange(keep_alive=True, head_only=True))
        shown[profile.flavour] = [line.partition(b":")[0] for line in data.split(b"\r\n")[1:-2]]
    assert shown["nginx"] == [b"Server", b"Date", b"Content-Type", b"Content-Length", b"Connection"]
    assert shown["apache"] == [b"Date", b"Server", b"Content-Type"]
    assert shown["lighttpd"] == [b"Content-Type", b"Content-Length", b"Date", b"Server"]


def test_head_has_the_length_and_no_body() -> None:
    profile = http_profile("debian-web")
    answer = site().answer(head("/", "HEAD"), b"")
    shown = rendered(profile, answer, now=0, exchange=Exchange(keep_alive=True, head_only=True))
    assert f"Content-Length: {len(answer.body)}".encode() in shown
    assert shown.endswith(b"\r\n\r\n")


def test_a_file_that_was_not_modified_is_not_sent_again() -> None:
    tag = dict(site().answer(head("/"), b"").headers)["ETag"]
    assert site().answer(head("/", "GET", ("If-None-Match", tag)), b"").status == 304


@pytest.mark.parametrize(
    ("target", "status"),
    [("/", 200), ("/?x=1", 200), ("/.env", 200), ("/.git/config", 200), ("/wp-login.php", 200), ("/nosuch", 404),
     ("/a/../", 200), ("/../../etc/passwd", 400), ("/%2e%2e/%2e%2e/etc/passwd", 400),
     ("nonsense", 400), ("/robots.txt", 200),
     ("http://h/.env", 200)],
)  # fmt: skip
def test_paths(target: str, status: int) -> None:
    assert site().answer(head(target), b"").status == status


def test_a_part_of_a_file_is_sent_alone() -> None:
    whole = site().answer(head("/robots.txt"), b"").body
    part = site().answer(head("/robots.txt", "GET", ("Range", "bytes=2-5")), b"")
    assert (part.status, part.body) == (206, whole[2:6])
    assert ("Content-Range", f"bytes 2-5/{len(whole)}") in part.headers
    assert site().answer(head("/robots.txt", "GET", ("Range", "bytes=9-2")), b"").status == 416
    apache = site("ubuntu-db")
    page = next(path for path, page in http_profile("ubuntu-db").pages.items() if page.static and page.body)
    assert apache.answer(head(page, "GET", ("Range", "bytes=9-2")), b"").status == 200


HOSTS = ("h", "H.Example.", "h:80", "h:9999", "[::1]:7", "1.2.3.4:8080")
REDIRECTED = {
    "nginx": ("h:8080", "h.example:8080", "h:8080", "h:8080", "[::1]:8080", "1.2.3.4:8080"),
    "apache": ("h", "h.example", "h", "h:9999", "[::1]:7", "1.2.3.4:8080"),
}
"""Whom nginx 1.22, listening on 8080, and Apache 2.4 of Debian 12 name; lighttpd 1.4.69 names nobody."""


@pytest.mark.parametrize("flavour", ["nginx", "apache", "lighttpd"])
def test_a_directory_without_its_slash_is_redirected_as_by_the_server(
    flavour: Literal["nginx", "apache", "lighttpd"],
) -> None:
    played = Site(msgspec.structs.replace(http_profile("debian-web"), flavour=flavour), "127.77.0.10", 8080)
    for number, host in enumerate(HOSTS):
        answer = played.answer(Head("GET", "/.git", "HTTP/1.1", (("Host", host),)), b"")
        where = f"http://{REDIRECTED[flavour][number]}/.git/" if flavour in REDIRECTED else "/.git/"
        assert (answer.status, dict(answer.headers)["Location"]) == (301, where)


def test_a_static_file_takes_no_post() -> None:
    assert site().answer(head("/", "POST"), b"").status == 405
    assert site().answer(head("/", "BREW"), b"").status == 405


def test_a_form_log_in_is_read_and_refused() -> None:
    request, body = head("/wp-login.php", "POST"), b"log=admin&pwd=p%40ss+1&wp-submit=Log+In"
    assert site().credentials(request, body) == Credentials("admin", "p@ss 1")
    assert b"login_error" in site().answer(request, body).body


def test_basic_credentials_are_read_and_refused() -> None:
    value = "Basic " + base64.b64encode(b"admin:se:cret").decode()
    request = head("/cgi-bin/x", "GET", ("Authorization", value))
    assert site("nas").credentials(request, b"") == Credentials("admin", "se:cret")
    answer = site("nas").answer(request, b"")
    assert answer.status == 401
    assert ("WWW-Authenticate", 'Basic realm="StoreBox"') in answer.headers


@given(
    st.text(max_size=80),
    st.binary(max_size=200),
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "X"]),
    st.sampled_from(names()),
)
def test_whatever_is_asked_gets_an_answer_without_it(target: str, body: bytes, method: str, name: str) -> None:
    marker = "<script>x9y8z7</script>"
    request = head(
        "/" + target + marker, method, ("Authorization", "Basic " + target), ("Referer", marker), ("Cookie", marker)
    )
    answer = site(name).answer(request, body + marker.encode())
    shown = rendered(http_profile(name), answer, now=0, exchange=Exchange(keep_alive=True, head_only=False))
    assert b"x9y8z7" not in shown
    site(name).credentials(request, body)


@pytest.mark.parametrize("host", ["evil\r\nX: y", "<b>", "a" * 300, "h:99999999", ""])
def test_a_redirection_never_repeats_a_strange_host(host: str) -> None:
    request = Head("GET", "/wp-admin/", "HTTP/1.1", (("Host", host),))
    location = dict(site().answer(request, b"").headers)["Location"]
    assert location.startswith("http://127.77.0.10:8080/wp-login.php")


@given(st.text(max_size=100))
def test_a_path_never_leaves_the_root(target: str) -> None:
    path = path_of("/" + target)
    assert path is None or path == "*" or (path.startswith("/") and ".." not in path.split("/"))
