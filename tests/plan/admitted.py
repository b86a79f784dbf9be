"""What guards say of one row, read off their description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from carlang.plan.guards import ODD_LETTERS, Atom, Every, Form, Guard, Open, Some
from tests.reference.texts import finds, fold


def admits(guard: Guard, row: Mapping[str, Any]) -> bool:
    """Tell whether a row passes a guard, by each way that there is to pass it."""
    match guard:
        case Open():
            return True
        case Every(guards):
            return all(admits(each, row) for each in guards)
        case Some(guards):
            return any(admits(each, row) for each in guards)
        case Atom():
            return _passes(guard, row.get(guard.column))
        case _:
            assert_never(guard)


def _passes(atom: Atom, value: Any) -> bool:
    if value is None:
        return False
    if isinstance(atom.literal, int):
        return bool(value == atom.literal)
    if atom.test is Form.MATCHES:
        return finds(value, str(atom.literal))
    if any(letter in value for letter in ODD_LETTERS):
        return True
    text = fold(value)
    match atom.test:
        case Form.EQUAL:
            return text == atom.literal
        case Form.PREFIX:
            return text.startswith(atom.literal)
        case Form.SUFFIX:
            return text.endswith(atom.literal)
        case Form.CONTAINS:
            return atom.literal in text
        case Form.NOT_ASCII:
            return not value.isascii()
        case _:
            assert_never(atom.test)
