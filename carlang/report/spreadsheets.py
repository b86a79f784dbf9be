"""Texts that a spreadsheet opens: nothing of them is taken for a formula, and each can be read back exactly.

A formula begins a cell with `=`, `+`, `-` or `@`, which LibreOffice and East Asian versions of Excel know full-width as
well; some programs drop blanks before it, and a tab or a line break that begins a cell. Where a semicolon is what parts
cells, as in most of Europe, Excel splits a CSV file at each one, and at tabs and line breaks, whatever quotes say. So a
cell can begin behind any of these.
"""

from __future__ import annotations

import json
import re

from carlang.escapes import json_escaped

# What is not seen at the beginning of a cell: blanks of all kinds, controls, marks of no width and of direction.
_UNSEEN = r"[\s\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_FORMULA = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_PARTING = re.compile(r"[;\t\r\n]")
_BEGINNING = re.compile(rf"^(?='*[\t\r\n])|(?:^|[;\t\r\n]){_UNSEEN}(?='*{_FORMULA})")

JSON_MARK = "json:"
# Excel reads the first as the character of that number. XlsxWriter takes a text in tags of the second kind for XML
# that is written already, when it writes row by row.
_MISREAD = re.compile(r"_x[0-9A-Fa-f]{4}_|<r>")


def without_formulas(text: str) -> str:
    """Return a text with an apostrophe wherever a spreadsheet could see a formula, and where one stands there already.

    To read it back, one apostrophe goes at each of these places; docs/output.md has the lines that do it.
    """
    # Nearly all texts begin with a letter and have nothing that parts cells; this takes a fifth of what the rule takes.
    if text[:1].isalnum() and not _PARTING.search(text):
        return text
    return _BEGINNING.sub(r"\g<0>'", text)


def cell_text(text: str) -> str:
    r"""Return a text as a cell of a workbook holds it: as it is, or where it cannot be held so, as `json:` and JSON.

    A cell holds no controls but tabs and line feeds, and reads `_x000D_` as a character. What turns text round or is
    not seen would be held, and deceive: `json:"\u202egpj.exe"`.
    """
    is_printable = text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()
    if is_printable and not text.startswith(JSON_MARK) and not _MISREAD.search(text):
        return text
    written = json_escaped(json.dumps(text, ensure_ascii=False))
    return JSON_MARK + _MISREAD.sub(lambda match: f"\\u{ord(match.group()[0]):04x}" + match.group()[1:], written)
