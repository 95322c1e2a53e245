"""Which addresses may be fetched: none that is not public, in whatever notation it comes."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.address import RefusedError, checked, is_allowed, is_public, onward

PRIVATE = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24"
    " 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"
).split()
PRIVATE_6 = (
    "::/96 fc00::/7 fe80::/10 fec0::/10 ff00::/8 2001:db8::/32 2001::/32 100::/64 64:ff9b:1::/48".split()
)


def inside(networks):
    """Draw an address out of one of *networks*."""
    return st.sampled_from(networks).flatmap(lambda n: st.ip_addresses(network=n))


@given(inside(PRIVATE))
def test_no_private_ipv4_address_is_public_nor_any_ipv6_address_that_leads_to_it(ip):
    n = int(ip)
    assert not is_public(str(ip))
    for six in (f"::ffff:{ip}", f"64:ff9b::{ip}", str(ipaddress.IPv6Address((0x2002 << 112) | (n << 80)))):
        assert not is_public(six)


@given(inside(PRIVATE_6))
def test_no_private_ipv6_address_is_public(ip):
    assert not is_public(str(ip))
    assert not is_public(f"{ip}%eth0")


@pytest.mark.parametrize(
    "ip",
    [
        "93.184.216.34",
        "1.1.1.1",
        "2606:4700:4700::1111",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1",
    ],
)
def test_addresses_of_the_internet_are_public(ip):
    assert is_public(ip)


@given(st.text())
def test_what_is_no_ip_address_is_not_public(text):
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert not is_public(text)


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        (" https://Quay.Example.org ", "https://quay.example.org/"),
        ("HTTPS://quay.example.org:443/a?b=c#d", "https://quay.example.org/a?b=c"),
        ("http://quay.example.org:8080/", "http://quay.example.org:8080/"),
        ("https://bücher.example.org/", "https://xn--bcher-kva.example.org/"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_an_address_is_fetched_whole_and_plain(url, fetched):
    assert checked(url) == fetched == checked(fetched)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "Only http"),
        ("ftp://quay.example.org/", "Only http"),
        ("gopher://quay.example.org/", "Only http"),
        ("javascript:alert(1)", "Only http"),
        ("//quay.example.org/", "Only http"),
        ("https://", "no web address"),
        ("https://quay.example.org/a b", "no web address"),
        ("https://quay.example.org/a\r\nHost: x", "no web address"),
        ("https://quay.example.org:99999/", "no web address"),
        ("https://[::1/", "no web address"),
        ("https://" + "a" * 70 + ".example.org/", "no web address"),
        ("https://quay.example.org/" + "a" * 2_000, "no web address"),
        ("https://ada:secret@quay.example.org/", "user's name or password"),
        ("https://quay.example.org@10.0.0.1/", "user's name or password"),
    ],
)
def test_what_is_not_fetched_is_refused_with_a_reason_that_repeats_no_secret(url, said):
    with pytest.raises(RefusedError, match=said) as caught:
        checked(url)
    assert "secret" not in str(caught.value)


def test_a_redirect_is_checked_like_the_first_address():
    assert onward("https://quay.example.org/a/b", "../c") == "https://quay.example.org/c"
    assert onward("http://quay.example.org/a", "//pier.example.org/") == "http://pier.example.org/"
    for location in ("file:///etc/passwd", "https://ada:secret@quay.example.org/", "https://[::1/"):
        with pytest.raises(RefusedError, match="redirects"):
            onward("https://quay.example.org/", location)


def test_only_the_very_host_is_allowed_by_name():
    assert is_allowed("news.internal", ["News.Internal."])
    assert is_allowed("::1", ["[::1]"])
    assert not is_allowed("x.news.internal", ["news.internal"])
    assert not is_allowed("internal", ["news.internal"])
    assert not is_allowed("", [])
