"""Addresses in order and blocks of addresses, at the first and the last address and one beyond each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boundaries.tables import ORDERED, kept, opposite, store_of, truths

FLOW = "flow/start"
SEARCH = "Flow:Start"
BARE = ("<", ">=", "==", "<>")
"""The operators behind which a test writes addresses without quotes; behind the others with them."""

# A literal, and the address just below it, itself in several spellings, and the one just above it.
ORDER: list[tuple[str, str | None, list[str], str | None]] = [
    ("10.0.0.9", "10.0.0.8", ["10.0.0.9", "::ffff:10.0.0.9", "::FFFF:a00:9"], "10.0.0.10"),
    ("10.0.0.0", "9.255.255.255", ["10.0.0.0"], "10.0.0.1"),
    ("0.0.0.0", "::fffe:ffff:ffff", ["0.0.0.0", "::ffff:0:0"], "0.0.0.1"),  # noqa: S104  # an address to compare
    ("255.255.255.255", "255.255.255.254", ["255.255.255.255"], "::1:0:0:0"),
    ("::", None, ["::", "0:0:0:0:0:0:0:0"], "::1"),
    ("fe80::1", "fe80::", ["fe80::1", "FE80:0:0::0001", "fe80::1%eth0"], "fe80::2"),
    ("2001:db8::1:0", "2001:db8::ffff", ["2001:db8::1:0"], "2001:db8::1:1"),
    (
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
        ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        None,
    ),
]


@pytest.mark.parametrize(("literal", "below", "same", "above"), ORDER, ids=[row[0] for row in ORDER])
def test_an_operator_says_of_an_address_below_at_and_above_another_what_it_says_by_hand(
    literal: str, below: str | None, same: list[str], above: str | None, tmp_path: Path
) -> None:
    # What is no address has no place in the order: it is as a missing one.
    texts = [below, *same, above, None, "10.0.0", "localhost", ""]
    folder = store_of(tmp_path, FLOW, [{"dest_ip": text} for text in texts])
    wanted: dict[str, str] = {}
    for operator, marks in ORDERED.items():
        low, at, high, missing = list(marks)
        truth = (missing if below is None else low) + at * len(same) + (missing if above is None else high)
        written = literal if operator in BARE else f'"{literal}"'
        wanted[f"dest_ip {operator} {written}"] = truth + missing * 4
    wanted[f"not (dest_ip < {literal})"] = opposite(wanted[f"dest_ip < {literal}"])
    wanted[f"dest_ip not in [{literal}]"] = wanted[f'dest_ip != "{literal}"']
    assert truths(folder, SEARCH, list(wanted)) == wanted


def test_a_filter_keeps_the_addresses_before_another(tmp_path: Path) -> None:
    folder = store_of(tmp_path, FLOW, [{"dest_ip": f"10.0.0.{last}"} for last in (8, 9, 10)])
    assert kept(folder, "dest_ip < 10.0.0.9", SEARCH) == [0]
    assert kept(folder, "dest_ip <= 10.0.0.9", SEARCH) == [0, 1]


BLOCKS: list[tuple[str, str | None, str, str, str | None]] = [
    # block, the address before it, its first, its last, the one behind it
    ("10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    ("10.1.2.3/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    ("172.16.0.0/12", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    ("192.168.4.0/22", "192.168.3.255", "192.168.4.0", "192.168.7.255", "192.168.8.0"),
    ("10.0.0.4/31", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"),
    ("10.0.0.4/32", "10.0.0.3", "10.0.0.4", "10.0.0.4", "10.0.0.5"),
    ("128.0.0.0/1", "127.255.255.255", "128.0.0.0", "255.255.255.255", "::1:0:0:0"),
    ("0.0.0.0/0", "::fffe:ffff:ffff", "0.0.0.0", "255.255.255.255", "::1:0:0:0"),  # noqa: S104  # addresses
    ("::ffff:10.0.0.0/104", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    (
        "fe80::/10",
        "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fe80::",
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fec0::",
    ),
    ("2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff::", "2001:db9::"),
    ("2001:db8::2/127", "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"),
    ("::1/128", "::", "::1", "::1", "::2"),
    ("::/0", None, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
]


@pytest.mark.parametrize(("block", "before", "first", "last", "behind"), BLOCKS, ids=[row[0] for row in BLOCKS])
def test_a_block_begins_with_its_first_address_and_ends_with_its_last(
    block: str, before: str | None, first: str, last: str, behind: str | None, tmp_path: Path
) -> None:
    texts = [before, first, last, behind, None, "no address"]
    folder = store_of(tmp_path, FLOW, [{"dest_ip": text} for text in texts])
    forms = ("dest_ip in {}", 'dest_ip in "{}"', "dest_ip in [{}]", 'dest_ip in ["{}"]', 'cidr_match(dest_ip, "{}")')
    wanted = {form.format(block): ".TT..." for form in forms}
    wanted |= {f"dest_ip not in {block}": "T..TTT", f"not (dest_ip in {block})": "T..TTT"}
    assert truths(folder, SEARCH, list(wanted)) == wanted
