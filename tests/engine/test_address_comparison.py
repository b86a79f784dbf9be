"""IP addresses in blocks, judged by Python's own `ipaddress`."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.trees import numbered, run, where, write

FLOW = "Flow:Start"
GARBAGE = [
    "10.0.0.256",
    "999.0.0.1",
    "1.2.3.999",
    "10.0.0",
    "10.0.0.1.1",
    " 10.0.0.1",
    "10.0.0.1 ",
    "10.0.0.1/32",
    "10.0.0.1:80",
    "[::1]",
    "1::2::3",
    ":::",
    "1:::2",
    "12345::",
    "g::",
    "::ffff:999.1.1.1",
    "1.2.3.4\n",
    "localhost",
    "-",
    "",
]
ADDRESSES = [
    "10.0.0.1",
    "10.255.255.255",
    "11.0.0.0",
    "0.0.0.0",  # noqa: S104  # an address to compare, nothing is bound to it
    "255.255.255.255",
    "1.2.3.4",
    "::ffff:10.0.0.1",
    "::FFFF:a00:1",
    "::",
    "::1",
    "1::",
    "fe80::1",
    "FE80::1%eth0",
    "fec0::1",
    "2001:db8::8:800:200c:417a",
    "2001:0db8:0:0:8:800:200c:417a",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]
RARE = ["64:ff9b::10.0.0.1", "0:0:0:0:0:ffff:10.0.0.1", "::10.0.0.1"]
BLOCKS = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "1.2.0.0/16", "::/0", "fe80::/10", "::1/128", "2001:db8::/32"]
BLOCKS += ["::ffff:10.0.0.0/104", "::/96", "10.1.2.3/8", "64:ff9b::/96", "1::/16", "ff00::/8"]


def _number(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return int(address) + (0xFFFF << 32 if address.version == 4 else 0)


def _inside(text: str | None, block: str) -> bool:
    """Say what `in` says: IPv4 addresses are those of ::ffff:0:0/96, and what is no address is in no block."""
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return False
    network = ipaddress.ip_network(block, strict=False)
    return _number(network.network_address) <= _number(address) <= _number(network.broadcast_address)


@pytest.fixture(scope="module")
def texts() -> list[str | None]:
    return [*ADDRESSES, *GARBAGE, None, *RARE]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]) -> Path:
    root = tmp_path_factory.mktemp("addresses")
    write(root, "flow/start", numbered(texts, "dest_ip"))
    return root


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("form", ["dest_ip in {}", 'dest_ip in "{}"', 'dest_ip in ["{}"]', 'cidr_match(dest_ip, "{}")'])
def test_an_address_is_in_a_block_where_python_says_so(
    store: Path, texts: list[str | None], block: str, form: str
) -> None:
    found = [texts[i] for i in where(store, form.format(block), FLOW)]
    assert found == [text for text in texts if _inside(text, block)]


@pytest.mark.parametrize("block", ["10.0.0.0/8", "::/0"])
def test_what_is_no_address_is_outside_every_block(store: Path, texts: list[str | None], block: str) -> None:
    found = [texts[i] for i in where(store, f"dest_ip not in {block}", FLOW)]
    assert found == [text for text in texts if not _inside(text, block)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('dest_ip == "10.0.0.1"', ["10.0.0.1", "::ffff:10.0.0.1", "::FFFF:a00:1", "0:0:0:0:0:ffff:10.0.0.1"]),
        ('dest_ip == "2001:DB8:0:0:8:800:200C:417A"', ["2001:db8::8:800:200c:417a", "2001:0db8:0:0:8:800:200c:417a"]),
        ('dest_ip == "1.*"', ["1.2.3.4", "1.2.3.999", "1.2.3.4\n"]),
        ('dest_ip in [1.2.3.0/24, "::1", "local*"]', ["1.2.3.4", "::1", "localhost"]),
        ('dest_ip > "255.255.255.254" and dest_ip < "2::"', None),
        ('dest_ip startswith "fe80"', ["fe80::1", "FE80::1%eth0"]),
        ('dest_ip match "^fe80"', ["fe80::1", "FE80::1%eth0"]),
        ('dest_ip contains "localhost"', ["localhost"]),
        ("dest_ip == null", [None]),
    ],
)
def test_other_tests_of_addresses(
    store: Path, texts: list[str | None], condition: str, found: list[str | None] | None
) -> None:
    if found is None:
        low, high = ipaddress.ip_address("255.255.255.254"), ipaddress.ip_address("2::")
        found = [
            t
            for t in texts
            if _inside(t, "::/0") and _number(low) < _number(ipaddress.ip_address(t or "")) < _number(high)
        ]
    assert [texts[i] for i in where(store, condition, FLOW)] == found


def _written(address: ipaddress.IPv6Address) -> list[str]:
    return [str(address), address.exploded, address.exploded.upper(), str(address) + "%en0"]


_ADDRESS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).flatmap(lambda a: st.sampled_from(_written(a))),  # type: ignore[arg-type]  # v=6
    st.ip_addresses(v=4).map(lambda a: f"::ffff:{a}"),
    st.integers(0, 2**16).map(lambda n: str(ipaddress.IPv6Address(n << 64))),
    st.from_regex(r"[0-9a-f:.]{0,12}", fullmatch=True),
    st.text(alphabet="0123456789.", max_size=15),
)
_BLOCK = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(lambda b: f"{b[0]}/{b[1]}"),
    st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(lambda b: f"{b[0]}/{b[1]}"),
)


@given(st.lists(_ADDRESS, min_size=20, max_size=60), st.lists(_BLOCK, min_size=4, max_size=8))
@settings(max_examples=8, deadline=None)
def test_any_address_and_any_block(
    tmp_path_factory: pytest.TempPathFactory, addresses: list[str], blocks: list[str]
) -> None:
    root = tmp_path_factory.mktemp("any")
    addresses += [str(ipaddress.ip_network(b, strict=False)[at]) for b in blocks for at in (0, -1)]
    write(root, "flow/start", numbered(addresses, "dest_ip"))
    text = "f = search Flow:Start\n" + "\n".join(f"f.b{i} = cidr_match(dest_ip, '{b}')" for i, b in enumerate(blocks))
    for address, row in zip(addresses, run(root, f"{text}\noutput f"), strict=True):
        for i, block in enumerate(blocks):
            assert row[f"b{i}"] == _inside(address, block), (address, block)
