"""The one reading of URLs: what may be given, what is asked of which host, and what is shown."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.egress import is_postable, urls
from sent_server.egress.guard import Guard
from sent_server.egress.urls import UrlError

GOOD = [
    "https://example.com/hook", "http://example.com", "HTTP://EXAMPLE.com/", "http://127.0.0.1:9/x?y=1", "http://[::1]:80/",
    "https://user:pw@example.com/", "https://bücher.example/ü", "http://example.com.", "http://example.com:/x",
    "http://a_b.example-host.com/", "http://example.com?x=1", "http://example.com#f", "http://1.2.3.4.example/",
    "http://xn--bcher-kva.example/", "http://localhost.", "http://0x7f.example/",
]  # fmt: skip
BAD = [
    "ftp://example.com", "example.com/hook", "http://", "http:///x", "", "http:example.com", "https://exa mple.com",
    "http://127.1/", "http://213070643", "http://0x7f.1/", "http://1.2.3.4.5/", "http://example.com:0/",
    "http://example.com:99999/", "http://example.com\\@evil.test/", "javascript:alert(1)", "http://example.com/\n",
    "https://" + "a" * 2_050, "http://127.0.0.1./", "http://0177.0.0.1/", "http://127.0.0.01/", "http://256.0.0.1/",
    "http://１２７.1/", "http://127。1/", "http://%31%32%37.0.0.1/", "http://ex%61mple.com/", "http://a..b/",
    "http://.example.com/", "http://[::1/", "http://::1/", "http://[fe80::1%25eth0]/", "http://[v1.x]/", "http://[1.2.3.4]/",
    "http://example.com:8o/", "http://example.com:٨٠/", "http://exa\u200bmple .com", "\thttp://example.com/",
    "http://h\\@example.com/", "http://example.com\n.127.0.0.1/", "http://x:-1/", "http://x:+80/", "http://a%3Ab:c@example.com/",
    "//example.com/", "http:/example.com/", "http://exam\x00ple.com/", "http://" + "a" * 64 + ".com/", "http://\ud800/",
    "http://example.com/\ud800",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_an_absolute_http_url_is_accepted(url: str) -> None:
    assert is_postable(url)


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_url_or_means_two_things_is_refused(url: str) -> None:
    assert not is_postable(url)


@pytest.mark.parametrize(("url", "target"), [
    ("http://h", "/"), ("http://h?a=b", "/?a=b"), ("http://h/a/../b", "/a/../b"), ("http://h//a", "//a"),
    ("http://h/x?sp=%2Ftriggers%2Fmanual&sig=a%2Bb%2fc%3D", "/x?sp=%2Ftriggers%2Fmanual&sig=a%2Bb%2fc%3D"),
    ("http://h/%7euser/%zz/{id}|^`\"<>[]'", "/%7euser/%zz/{id}|^`\"<>[]'"), ("http://h/a+b?c+d", "/a+b?c+d"),
    ("http://h/a?", "/a?"), ("http://h/a#b", "/a"), ("http://h/a#b#c", "/a"),
    ("http://h/ü?ü=é", "/%C3%BC?%C3%BC=%C3%A9"),
    ("http://h/a@b:c", "/a@b:c"), ("http://h/?u=http://x@y/", "/?u=http://x@y/"),
])  # fmt: skip
def test_path_and_query_are_asked_for_as_they_were_given(url: str, target: str) -> None:
    assert urls.parse(url).target == target


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\#")))
def test_no_printable_character_is_rewritten(rest: str) -> None:
    assert urls.parse(f"https://example.com/{rest}").target == f"/{rest}"


@pytest.mark.parametrize(("url", "host", "port", "header"), [
    ("http://Example.COM", "example.com", 80, "example.com"), ("https://h:443/", "h", 443, "h"),
    ("https://h:80/", "h", 80, "h:80"), ("http://[::FFFF:127.0.0.1]:81/", "::ffff:7f00:1", 81, "[::ffff:7f00:1]:81"),
    ("http://[0:0::1]/", "::1", 80, "[::1]"),
    ("http://bücher.example/", "xn--bcher-kva.example", 80, "xn--bcher-kva.example"),
    ("http://u:p@h:8080/", "h", 8080, "h:8080"), ("http://a@b@h/", "h", 80, "h"),
    ("http://１２７.０.０.１/", "127.0.0.1", 80, "127.0.0.1"),
])  # fmt: skip
def test_host_and_port(url: str, host: str, port: int, header: str) -> None:
    parsed = urls.parse(url)
    assert (parsed.host, parsed.port, parsed.host_header) == (host, port, header)


@pytest.mark.parametrize(("url", "pair"), [
    ("http://u:p@h/", "u:p"), ("http://u@h/", "u:"), ("http://:p@h/", ":p"), ("http://u:p:q@h/", "u:p:q"),
    ("http://u%40x:p%2Fq@h/", "u@x:p/q"), ("http://ü:é@h/", "ü:é"), ("http://@h/", None), ("http://h/u:p@x", None),
    ("http://%0d%0aX:%0d%0aY@h/", "\r\nX:\r\nY"),
])  # fmt: skip
def test_user_and_password_become_basic_authorization(url: str, pair: str | None) -> None:
    wanted = pair and f"Basic {base64.b64encode(pair.encode()).decode()}"
    assert urls.parse(url).authorization == wanted


@pytest.mark.parametrize(("url", "shown"), [
    ("https://u:p@h/x", "https://***@h/x"), ("https://token@h", "https://***@h"), ("https://h/u:p@x", "https://h/u:p@x"),
    ("https://a@b@h/", "https://***@h/"), ("https://h?x=@", "https://h?x=@"), ("https://***@h/", "https://***@h/"),
])  # fmt: skip
def test_user_and_password_are_masked(url: str, shown: str) -> None:
    assert urls.masked(url) == shown


userinfos = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_characters="/?#\\\x7f"), min_size=1)


@given(userinfos)
def test_what_is_masked_holds_nothing_of_it_and_comes_back_whole(userinfo: str) -> None:
    url = f"https://{userinfo}@example.com/x?y=z@w"
    assert urls.masked(url) == "https://***@example.com/x?y=z@w"
    assert urls.userinfo(url) == userinfo
    assert urls.with_userinfo(urls.masked(url), urls.userinfo(url)) == url


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"http://{text}", f"http://{text}@h/{text}", f"http://h{text}"):
        try:
            parsed = urls.parse(candidate)
        except UrlError:
            continue
        line = f"{parsed.target} {parsed.host_header} {parsed.authorization}"
        assert line.isascii()
        assert line.isprintable()
        assert " " not in parsed.target + parsed.host_header
        assert "@" not in parsed.host_header


OPEN, CLOSED = Guard(allow_loopback=True), Guard(allow_loopback=False)
OPEN.own_ports.add(8080)


@pytest.mark.parametrize(("host", "closed", "opened"), [
    ("127.0.0.1", True, False), ("127.9.9.9", True, False), ("[::1]", True, False), ("localhost", True, False),
    ("LOCALHOST.", True, False), ("a.b.localhost", True, False), ("a.localhost.", True, False),
    ("１２７.０.０.１", True, False), ("localhost.example", False, False), ("notlocalhost", False, False),
    ("10.0.0.1", True, True), ("169.254.169.254", True, True), ("0.0.0.0", True, True), ("[::]", True, True),
    ("[::ffff:127.0.0.1]", True, True), ("[::ffff:8.8.8.8]", True, True), ("[fe80::1]", True, True),
    ("[64:ff9b::7f00:1]", True, True), ("8.8.8.8", False, False), ("[2606:4700::1111]", False, False),
    ("example.com", False, False), ("127.0.0.1:8080", True, True), ("localhost:8080", True, True),
    ("[::1]:8080", True, True),
])  # fmt: skip
def test_what_is_never_called_shows_in_its_spelling(host: str, closed: bool, opened: bool) -> None:
    url = urls.parse(f"http://{host}/")
    assert (CLOSED.never_calls(url) is not None) is closed
    assert (OPEN.never_calls(url) is not None) is opened
