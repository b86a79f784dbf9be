"""IP addresses in blocks, without DuckDB's own address type: that is an extension, and none is loaded here.

An IPv4 address becomes a number; one with a colon its 32 hexadecimal digits, in which order is the order of addresses.
IPv4 addresses in IPv6 form (`::ffff:10.0.0.1`) count as the IPv4 addresses that they are. A text that is no address
lies in no block.
"""

from __future__ import annotations

from sqlglot import exp

from carlang.sql.duckdb.pieces import joined, let, try_cast
from carlang.sql.fragments import SQL, call, folded, number, text, when

# Without leading zeros: some readers take 010 for eight, others for ten.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
# A wide net, cheap to test; what it lets through and is none becomes missing in `_digits`. `%eth0` is a zone.
_V6 = rf"[0-9a-f:]*:(?:[0-9a-f]{{0,4}}|{_V4})(?:%.+)?"
_GROUPS = r"(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
_MAPPED = 0xFFFF << 32  # ::ffff:0.0.0.0
_V4_LAST = 2**32 - 1


def in_block(address: SQL, low: int, high: int) -> SQL:
    """Return the test that a text is an IP address between two others, given as 128-bit numbers."""
    if isinstance(address, exp.Column):  # it costs nothing to name a column often
        return _test(folded(address), low, high)
    return let("ip", folded(address), lambda ip: _test(ip, low, high))


def _test(ip: SQL, low: int, high: int) -> SQL:
    # Blocks are 128-bit numbers, in which IPv4 is one part: a block may lie in it, outside it, or hold it whole.
    v4_low, v4_high = max(low - _MAPPED, 0), min(high - _MAPPED, _V4_LAST)
    is_v4 = call("regexp_full_match", ip.copy(), text(_V4))
    inside = _between(_v4_number(ip), number(v4_low), number(v4_high)) if v4_low <= v4_high else exp.false()
    is_v6 = call("regexp_full_match", ip.copy(), text(_V6))
    # What is above the last address begins at 2**128, which has a digit more: as text it would come before most.
    within = _between(_v6_digits(ip), text(f"{low:032x}"), text(f"{high:032x}")) if low <= high else exp.false()
    return exp.Case(ifs=[exp.If(this=is_v4, true=inside), exp.If(this=is_v6, true=within)])


def _between(value: SQL, low: SQL, high: SQL) -> SQL:
    return exp.Between(this=value, low=low, high=high)


def _v4_number(address: SQL) -> SQL:
    octets = [exp.Mul(this=_octet(address, index), expression=number(256 ** (3 - index))) for index in range(4)]
    total: SQL = octets[0]
    for octet in octets[1:]:
        total = exp.Add(this=total, expression=octet)
    return exp.Paren(this=total)


def _octet(address: SQL, index: int) -> SQL:
    return try_cast(_part(address, ".", index + 1), "bigint")


def _v6_digits(ip: SQL) -> SQL:
    """Return all 32 digits: the zone off, an IPv4 tail as two groups, `::` as the groups that it stands for."""
    plain = let("plain", _part(ip, "%", 1), _with_hexadecimal_tail)
    return let("bare", plain, lambda bare: let("whole", _written_out(bare), _digits))


def _written_out(bare: SQL) -> SQL:
    """Return an address with all its groups written out; missing where `::` stands for none, or stands twice."""
    gap = text("::")
    # There are as many groups as colons where `::` stands inside, one fewer where it stands at an end.
    at_an_end = [_one_if(node(this=bare.copy(), expression=gap.copy())) for node in (exp.StartsWith, exp.EndsWith)]
    groups = exp.Sub(this=exp.Sub(this=_count(bare, ":"), expression=at_an_end[0]), expression=at_an_end[1])
    missing = exp.Sub(this=number(8), expression=exp.Paren(this=groups))
    zeros = joined(text(":"), call("repeat", text("0:"), missing.copy()))
    full = call("trim", exp.Replace(this=bare.copy(), expression=gap.copy(), replacement=zeros), text(":"))
    stands_for_some = exp.And(
        this=exp.EQ(this=_count(bare, "::"), expression=number(2)),
        expression=exp.GT(this=exp.Paren(this=missing), expression=number(0)),
    )
    return when(exp.Contains(this=bare.copy(), expression=gap), when(stands_for_some, full), bare.copy())


def _digits(address: SQL) -> SQL:
    groups = [call("lpad", _part(address, ":", index + 1), number(4), text("0")) for index in range(8)]
    return when(call("regexp_full_match", address.copy(), text(_GROUPS)), joined(*groups))


def _one_if(condition: SQL) -> SQL:
    return when(condition, number(1), number(0))


def _count(value: SQL, piece: str) -> SQL:
    """Return how many characters of a text belong to a piece wherever it stands."""
    without = exp.Replace(this=value.copy(), expression=text(piece), replacement=text(""))
    return exp.Paren(this=exp.Sub(this=exp.Length(this=value.copy()), expression=exp.Length(this=without)))


def _with_hexadecimal_tail(plain: SQL) -> SQL:
    """Write the last 32 bits as two groups where they are written as an IPv4 address."""
    pattern = text(r"[0-9.]+$")
    head = call("regexp_replace", plain.copy(), pattern, text(""))
    tail = call("regexp_extract", plain.copy(), pattern.copy())
    hexadecimal = let("tail", tail, lambda t: joined(_hexadecimal(t, 0), text(":"), _hexadecimal(t, 2)))
    return when(exp.Contains(this=plain.copy(), expression=text(".")), joined(head, hexadecimal), plain.copy())


def _hexadecimal(tail: SQL, first: int) -> SQL:
    high = exp.Mul(this=_octet(tail, first), expression=number(256))
    return exp.Lower(this=call("to_hex", exp.Add(this=high, expression=_octet(tail, first + 1))))


def _part(value: SQL, separator: str, index: int) -> SQL:
    return call("split_part", value.copy(), text(separator), number(index))
