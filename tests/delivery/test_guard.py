"""Where a robot may be: a table of addresses, each refusal beside what is allowed."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from kb.flow import Refused
from portal import config
from portal.delivery.guard import Target, is_listed, is_public, resolved, target_of

INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
    "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:192.168.0.1", "::127.0.0.1",
    "::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
    "2002:7f00:1::", "2002:a00:1::", "2002:c0a8:101::1",
    "2001:0:53aa:64c:0:0:f5ff:fffe",  # Teredo, hiding 10.0.0.1
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "203.119.1.1",
    "172.32.0.1",
    "2606:4700::1111",
    "2400:3200::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_outside_are_allowed(address: str) -> None:
    assert is_public(address)


def test_a_listed_network_lets_in_its_own_addresses_only_also_when_mapped() -> None:
    listed = (ip_network("10.20.0.0/16"), ip_network("fd00:1::/32"))
    assert is_listed("10.20.3.4", listed)
    assert is_listed("::ffff:10.20.3.4", listed)
    assert is_listed("fd00:1::7", listed)
    assert not is_listed("10.21.0.1", listed)
    assert not is_listed("::ffff:10.21.0.1", listed)
    assert not is_listed("127.0.0.1", listed)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:a9fe:a9fe]/",
        "http://10.1.2.3:8080/x",
        "https://127.0.0.1.:8443/",
    ],
)
def test_no_way_of_writing_it_leads_inside(url: str) -> None:
    with pytest.raises(Refused):
        resolved(target_of(url), ())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://",
        "https:///x",
        "//example.com",
        "https://user:word@example.com/",
        "https://user@example.com/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: x",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/" + "a" * 1000,
        "javascript:alert(1)",
        "https://[::1",
        "",
    ],
)
def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url)


def test_an_address_is_taken_apart() -> None:
    assert target_of("https://Example.com/cgi-bin/send?key=1") == Target(
        "https", "example.com", 443, "/cgi-bin/send?key=1"
    )
    assert target_of("http://10.20.1.1:8080") == Target("http", "10.20.1.1", 8080, "/")


def test_a_listed_network_may_use_http_and_is_connected_by_its_address() -> None:
    target = target_of("http://localhost:8080/")
    listed = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert set(resolved(target, listed)) <= {"127.0.0.1", "::1"}


def test_one_bad_address_among_several_refuses_the_name() -> None:
    """``localhost`` may be both 127.0.0.1 and ::1; what isn't listed isn't reached by the other."""
    with pytest.raises(Refused):
        resolved(target_of("https://127.0.0.1/"), (ip_network("10.0.0.0/8"),))


@pytest.mark.parametrize("value", ["0.0.0.0/0", "::/0", "10.0.0.0/7", "10.0.0.1/8", "nonsense", "fc00::/6"])
def test_the_list_takes_no_network_that_would_be_everything(value: str) -> None:
    with pytest.raises(config.BadSetting, match="TIERDESK_WEBHOOK_NETWORKS"):
        config.load({"TIERDESK_WEBHOOK_NETWORKS": value})


def test_the_list_is_read() -> None:
    loaded = config.load({"TIERDESK_WEBHOOK_NETWORKS": "10.20.0.0/16, fd00::/8"})
    assert loaded.webhook_networks == (ip_network("10.20.0.0/16"), ip_network("fd00::/8"))
