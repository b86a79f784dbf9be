"""The look of the HTML report: light and dark, wide and narrow, on paper."""

from __future__ import annotations

STYLESHEET = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --page: #f5f6f8; --card: #ffffff; --line: #dde2e9;
  --accent: #1a5fb4; --hit: #b3261e; --warn: #8a5a00; --calm: #1d6b3c; --code: #eef1f5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa6b5; --page: #12161c; --card: #1a2029;
  --line: #313b48; --accent: #7db3f5; --hit: #ff8a80; --warn: #f0b95a; --calm: #7fd6a0; --code: #232b36; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 84rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; }
h2 { margin: 2.2rem 0 .8rem; font-size: 1.25rem; }
h3 { margin: 0 0 .35rem; font-size: 1.05rem; }
a { color: var(--accent); }
.meta, .note { color: var(--soft); font-size: .88rem; margin: .2rem 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: .85rem; }
.hit b { color: var(--hit); } .warn b { color: var(--warn); } .calm b { color: var(--calm); }
section.result { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem;
  margin: 0 0 1.1rem; }
.id { font-family: ui-monospace, Consolas, Menlo, monospace; font-size: .92em; }
.tag { display: inline-block; background: var(--code); border-radius: .35rem; padding: .05rem .45rem;
  margin: 0 .3rem .2rem 0; font-size: .82rem; text-decoration: none; }
.count { color: var(--hit); font-weight: 600; }
.scroll { overflow-x: auto; margin-top: .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th { text-align: left; color: var(--soft); font-weight: 600; white-space: nowrap; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
td { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 5rem; }
td.long { min-width: 18rem; font-family: ui-monospace, Consolas, Menlo, monospace; font-size: .95em; }
td.time { white-space: nowrap; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number, td.more { min-width: 0; }
details summary { cursor: pointer; color: var(--accent); white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content minmax(10rem, 1fr); gap: .15rem .8rem; margin: .4rem 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: var(--code); border-radius: .4rem; padding: .7rem; overflow-x: auto; font-size: .85rem; }
ul.plain { list-style: none; padding: 0; margin: 0; }
ul.plain li { padding: .3rem 0; border-bottom: 1px solid var(--line); }
@media (max-width: 44rem) {
  table.rows thead { display: none; }
  table.rows, table.rows tbody, table.rows tr, table.rows td { display: block; width: 100%; min-width: 0; }
  table.rows tr { border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .7rem; padding: .3rem .2rem; }
  table.rows td { border: 0; padding: .2rem .6rem; text-align: left; }
  table.rows td:empty { display: none; }
  table.rows td::before { display: block; color: var(--soft); font: 600 .78rem system-ui, sans-serif; }
}
@media print { body { background: none; font-size: 11px; } section.result { break-inside: auto; }
  tr { break-inside: avoid; } }
"""
