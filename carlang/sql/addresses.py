"""IP addresses in blocks, without an engine's own address type.

An IPv4 address in a text becomes a number; anything with a colon becomes its 32 hexadecimal digits, in which order is
the order of addresses. IPv4 addresses in IPv6 form (`::ffff:10.0.0.1`) count as the IPv4 addresses that they are.
"""

from __future__ import annotations

from sqlglot import exp

from carlang.sql.fragments import SQL, call, lowered, number, text, when

_V4 = r"(?:::ffff:)?(?:\d{1,3}\.){3}\d{1,3}"
_GROUPS = r"(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
_MAPPED = 0xFFFF << 32
_V4_LAST = 2**32 - 1


def in_block(address: SQL, low: int, high: int) -> SQL:
    """Return the test that a text is an IP address between two others, given as 128-bit numbers."""
    plain = lowered(address)
    cases: list[exp.If] = []
    v4_low, v4_high = max(low - _MAPPED, 0), min(high - _MAPPED, _V4_LAST)
    is_v4 = call("regexp_full_match", plain.copy(), text(_V4))
    inside = _between(_v4_number(plain), number(v4_low), number(v4_high)) if v4_low <= v4_high else exp.false()
    cases.append(exp.If(this=is_v4, true=inside))
    digits = _v6_digits(plain)
    cases.append(
        exp.If(
            this=exp.Contains(this=plain.copy(), expression=text(":")),
            true=_between(digits, text(f"{low:032x}"), text(f"{high:032x}")),
        )
    )
    return exp.Case(ifs=cases)


def _between(value: SQL, low: SQL, high: SQL) -> SQL:
    return exp.Between(this=value, low=low, high=high)


def _v4_number(address: SQL) -> SQL:
    plain = exp.Replace(this=address.copy(), expression=text("::ffff:"), replacement=text(""))
    total: SQL | None = None
    for index in range(4):
        octet = exp.TryCast(this=_part(plain, ".", index + 1), to=exp.DataType.build("bigint"))
        term = exp.Mul(this=octet, expression=number(256 ** (3 - index)))
        total = exp.Add(this=total, expression=term) if total is not None else term
    assert total is not None  # noqa: S101  # the loop runs four times
    return exp.Paren(this=total)


def _v6_digits(address: SQL) -> SQL:
    bare = _part(address, "%", 1)
    headed = when(exp.StartsWith(this=bare.copy(), expression=text("::")), _joined(text("0"), bare.copy()), bare.copy())
    ended = when(exp.EndsWith(this=headed.copy(), expression=text("::")), _joined(headed.copy(), text("0")), headed)
    colons = exp.Sub(
        this=exp.Length(this=ended.copy()),
        expression=exp.Length(this=exp.Replace(this=ended.copy(), expression=text(":"), replacement=text(""))),
    )
    missing = exp.Sub(this=number(8), expression=exp.Paren(this=colons))
    zeros = _joined(text(":"), call("repeat", text("0:"), missing))
    full = exp.Replace(this=ended, expression=text("::"), replacement=zeros)
    groups = [call("lpad", _part(full, ":", index + 1), number(4), text("0")) for index in range(8)]
    return when(call("regexp_full_match", full.copy(), text(_GROUPS)), _joined(*groups))


def _part(value: SQL, separator: str, index: int) -> SQL:
    return call("split_part", value.copy(), text(separator), number(index))


def _joined(*pieces: SQL) -> SQL:
    return exp.Concat(expressions=list(pieces))
