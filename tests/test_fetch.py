"""Fetching over real sockets: what is asked, how politely, and what no server can do to us."""

import gzip
import itertools
import socket
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web import HOST, serving

from index.sources.fetch import BODY_LIMIT, Fetcher, FetchError, back_off

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


class Waiting:
    """A clock that only sleeping moves; *slept* holds how long."""

    def __init__(self):
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))

    def monotonic(self):
        return sum(self.slept)

    def now(self):
        return NOON + timedelta(seconds=sum(self.slept))


@pytest.fixture
def site():
    with serving() as site:
        yield site


def fetcher(**options):
    time = options.pop("time", Waiting())
    given = {"allow_hosts": [HOST], "sleep": time.sleep, "monotonic": time.monotonic, "now": time.now}
    return Fetcher(**given | options)


@pytest.fixture
def web():
    with fetcher() as web:
        yield web


def refused(web, url):
    """Return the sentence that says why *url* was not fetched."""
    with pytest.raises(FetchError) as caught:
        web.get(url)
    sentence = str(caught.value)
    assert sentence.endswith(".") and len(sentence) < 160
    return sentence


# What is asked and what comes


def test_a_page_comes_with_what_its_server_says_of_it(site, web):
    url = site.put(
        "/feed", "Words.", "Application/RSS+XML; charset=utf-8", etag='"7"', modified="Sun, 04 May"
    )
    page = web.get(url)
    assert (page.url, page.body, page.kind, page.etag) == (url, b"Words.", "application/rss+xml", '"7"')
    assert (page.modified, page.unchanged) == ("Sun, 04 May", False)


def test_an_unchanged_page_is_asked_for_by_its_validators_and_not_sent_again(site, web):
    url = site.put("/feed", "Words.", etag='"7"')
    assert web.get(url, etag='"7"', modified="Sun, 04 May").unchanged
    assert {n: site.asked[-1].headers.get(n) for n in ("If-None-Match", "If-Modified-Since")} == {
        "If-None-Match": '"7"',
        "If-Modified-Since": "Sun, 04 May",
    }
    assert web.get(url).body == b"Words."
    assert "If-None-Match" not in site.asked[-1].headers


def test_the_user_agent_says_who_asks(site):
    url = site.put("/feed", "")
    for contact, agent in (("", "Pullquote/1.0"), ("desk@example.org", "Pullquote/1.0 (desk@example.org)")):
        with fetcher(contact=contact) as web:
            web.get(url)
        assert {a.headers["User-Agent"] for a in site.asked[-2:]} == {agent}


def test_no_cookie_is_ever_sent_back(site, web):
    url = site.put("/feed", "", headers={"Set-Cookie": "id=7"})
    web.get(url)
    web.get(url)
    assert all("Cookie" not in a.headers for a in site.asked)


# Manners


def test_robots_txt_is_read_once_and_obeyed(site, web):
    site.put("/robots.txt", "User-agent: Pullquote\nDisallow: /drafts/\n", "text/plain")
    url = site.put("/feed", "Words.")
    web.get(url)
    web.get(url)
    with pytest.raises(FetchError, match=r"robots\.txt asks programs to keep away") as caught:
        web.get(site.put("/drafts/one", "Secret."))
    assert caught.value.forbidden
    assert site.paths(robots=True) == ["/robots.txt", "/feed", "/feed"]


def test_a_redirect_into_what_robots_txt_forbids_is_not_followed(site, web):
    site.put("/robots.txt", "User-agent: *\nDisallow: /drafts/\n", "text/plain")
    site.put("/drafts/one", "Secret.")
    url = site.put("/go", "", status=302, headers={"Location": "/drafts/one"})
    assert "robots.txt" in refused(web, url)
    assert "/drafts/one" not in site.paths()


def test_a_server_whose_robots_txt_is_in_trouble_is_left_alone(site, web):
    site.put("/robots.txt", "", status=500)
    assert "robots.txt cannot be read (500)" in refused(web, site.put("/feed", "Words."))
    assert site.paths() == []


def test_one_host_is_asked_no_more_often_than_its_pause(site):
    time = Waiting()
    url = site.put("/feed", "Words.")
    with fetcher(time=time, pause=2.0) as web:
        web.get(url)
        web.get(url)
    assert time.slept == [2.0, 2.0]  # after robots.txt, after the first


def test_a_crawl_delay_is_kept_within_reason(site):
    url = site.put("/feed", "Words.")
    for asked, slept in (("7", [7.0]), ("86400", [30.0]), ("nonsense", [1.0])):
        time = Waiting()
        site.put("/robots.txt", f"User-agent: *\nCrawl-delay: {asked}\n", "text/plain")
        with fetcher(time=time) as web:
            web.get(url)
        assert time.slept == slept


def test_a_server_that_asks_to_wait_a_little_is_asked_once_more(site):
    replies = itertools.chain([429], itertools.repeat(200))
    time = Waiting()

    def answer(handler):
        handler.send_response(next(replies))
        handler.send_header("Retry-After", "5")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site.replies["/feed"] = answer
    with fetcher(time=time, pause=0) as web:
        assert web.get(site.url + "/feed").body == b""
    assert time.slept == [5.0]


@pytest.mark.parametrize(
    ("after", "until"),
    [
        ("3600", NOON + timedelta(hours=1)),
        ("Sun, 04 May 2031 14:30:00 GMT", NOON + timedelta(hours=2, minutes=30)),
        ("999999999999", NOON + timedelta(days=1)),
        ("soon", None),
    ],
)
def test_a_server_that_asks_to_wait_long_is_not_asked_again_in_this_sync(site, after, until):
    url = site.put("/feed", "", status=503, headers={"Retry-After": after})
    with fetcher(pause=0) as web:
        for path in (url, site.put("/page", "Words.")):
            with pytest.raises(FetchError, match="asks to be left alone") as caught:
                web.get(path)
            assert caught.value.wait_until == until
    assert "/page" not in site.paths()


def test_a_server_that_does_not_say_how_long_is_left_alone_longer_each_time():
    assert [back_off(n) for n in (0, 1, 4)] == [timedelta(minutes=m) for m in (5, 10, 80)]
    assert back_off(9) == back_off(10**9) == timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "nothing at this address"),
        (410, "gone for good"),
        (403, "subscribers"),
        (500, "in trouble"),
        (418, "418"),
    ],
)
def test_every_other_answer_is_a_sentence(site, web, status, said):
    assert said in refused(web, site.put("/feed", "", status=status))


# Safety


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    st.integers(0x7F000001, 0x7FFFFFFE), st.sampled_from(["dotted", "whole", "hex", "mapped"]), st.booleans()
)
def test_no_notation_of_a_loopback_address_is_ever_connected_to(site, number, notation, redirected):
    packed = socket.inet_ntoa(number.to_bytes(4, "big"))
    host = {
        "dotted": packed,
        "whole": str(number),
        "hex": hex(number),
        "mapped": f"[::ffff:{packed}]",
    }[notation]
    port = site.url.rpartition(":")[2]
    url = f"http://{host}:{port}/secret"
    site.put("/secret", "Secret.")
    seen = len(site.asked)
    with fetcher(allow_hosts=["127.0.0.99" if packed != "127.0.0.99" else "127.0.0.98"]) as web:
        refused(web, url)
    assert len(site.asked) == seen
    if redirected and host != HOST:
        with fetcher() as web:
            start = site.put("/go", "", status=302, headers={"Location": url})
            refused(web, start)
        assert "/secret" not in site.paths()


def test_a_name_is_checked_by_the_address_that_is_connected_to(site, web):
    """Whatever a name led to before, or leads to a moment later, the socket itself is asked last."""
    port = site.url.rpartition(":")[2]
    url = f"http://localhost:{port}/feed"
    site.put("/feed", "Words.")
    assert refused(web, url) == (
        "It leads to an address that is not public; if it is meant, the owner names its host in ALLOW_HOSTS."
    )
    assert site.asked == []
    with fetcher(allow_hosts=["LOCALHOST"]) as allowed:
        assert allowed.get(url).body == b"Words."


def test_a_public_name_that_leads_inside_is_refused_whenever_it_comes_to_do_so(site, monkeypatch):
    """A name may lead elsewhere at each look-up: here it never leads to where it says."""
    port, real, asked = site.url.rpartition(":")[2], socket.getaddrinfo, []

    def rebound(host, *arguments, **options):
        asked.append(host)
        return real(HOST if host == "quay.example.org" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    site.put("/feed", "Words.")
    with fetcher(allow_hosts=["pier.example.org"]) as web:
        assert "not public" in refused(web, f"http://quay.example.org:{port}/feed")
    assert ("quay.example.org" in asked, site.asked) == (True, [])
    with fetcher(allow_hosts=["quay.example.org"]) as web:
        assert web.get(f"http://quay.example.org:{port}/feed").body == b"Words."


def test_a_redirect_to_an_address_that_is_not_public_is_not_followed(site, web):
    port = site.url.rpartition(":")[2]
    for target in (
        f"http://localhost:{port}/x",
        "http://169.254.169.254/latest",
        "http://[::1]/",
    ):
        url = site.put("/go", "", status=301, headers={"Location": target})
        assert "not public" in refused(web, url)
    assert set(site.paths()) == {"/go"}


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "http://a:b@example.org/"])
def test_a_redirect_to_another_scheme_or_with_a_password_is_not_followed(site, web, target):
    assert "redirects" in refused(web, site.put("/go", "", status=302, headers={"Location": target}))


def test_endless_redirects_end(site, web):
    for n in range(30):
        site.put(f"/{n}", "", status=302, headers={"Location": f"/{n + 1}"})
    assert "redirects more than 5 times" in refused(web, site.url + "/0")
    assert site.paths() == [f"/{n}" for n in range(6)]
    site.put("/loop", "", status=308, headers={"Location": "/loop"})
    assert "redirects more than 5 times" in refused(web, site.url + "/loop")


def test_a_body_of_two_gigabytes_is_not_read(site, web):
    sent = []

    def announced(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(2_000_000_000))
        handler.end_headers()

    def streamed(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(2_000):
            sent.append(handler.wfile.write(b"x" * 1_000_000))

    site.replies |= {"/announced": announced, "/streamed": streamed}
    with fetcher(limit=3_000_000) as web:
        for path in ("/announced", "/streamed"):
            assert (
                refused(web, site.url + path) == "It is larger than 3 MB; name a smaller feed, or an export."
            )
    assert sum(sent) < 2_000_000_000
    assert BODY_LIMIT == 20_000_000


def test_a_bomb_in_gzip_is_cut_at_the_limit(site):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    assert len(bomb) < 400_000
    url = site.put("/feed", bomb, headers={"Content-Encoding": "gzip"})
    with fetcher(limit=2_000_000) as web:
        assert "larger than 2 MB" in refused(web, url)


def test_a_packed_body_is_unpacked_and_a_broken_one_named(site, web):
    packed = gzip.compress(b"Words. " * 50_000)
    assert web.get(site.put("/a", packed, headers={"Content-Encoding": "gzip"})).body == b"Words. " * 50_000
    assert "packed wrongly" in refused(web, site.put("/b", b"no gzip", headers={"Content-Encoding": "gzip"}))
    assert "before its end" in refused(web, site.put("/c", packed[:-9], headers={"Content-Encoding": "gzip"}))
    assert "not asked for" in refused(web, site.put("/d", b"", headers={"Content-Encoding": "br"}))


def test_a_body_that_drips_and_never_ends_is_given_up(site):
    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x")
        site.over.wait(30)

    site.replies["/feed"] = drip
    with fetcher(seconds=0.3) as web:
        assert (
            refused(web, site.url + "/feed") == "It took longer than 0.3 seconds; the next sync tries again."
        )
        assert web.get(site.put("/other", "Words.")).body == b"Words."


def test_what_is_no_http_and_what_hangs_up_is_named(site, web):
    def nonsense(handler):
        handler.wfile.write(b"Good evening.\r\n\r\n")
        handler.close_connection = True

    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        handler.close_connection = True

    def short(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.close_connection = True

    site.replies |= {"/nonsense": nonsense, "/endless": endless, "/short": short}
    for path in site.replies.copy():
        assert "not understood" in refused(web, site.url + path)


def test_a_port_where_nobody_listens_is_named():
    with socket.socket() as taken, fetcher() as web:
        taken.bind((HOST, 0))
        assert "cannot be reached" in refused(web, f"http://{HOST}:{taken.getsockname()[1]}/feed")


def test_addresses_that_are_no_web_addresses_are_not_fetched(web):
    assert "Only http" in refused(web, "file:///etc/passwd")
    assert "password" in refused(web, "https://ada:secret@example.org/")
