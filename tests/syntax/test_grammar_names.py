"""A grammar rule, the method that builds its node and the node share a name."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files
from typing import get_args

from lark import Lark

from carlang.syntax import ast
from carlang.syntax.build import Builder

METHODS = {name: method for name, method in vars(Builder).items() if not name.startswith("_")}


def test_every_rule_that_makes_a_node_has_a_method_and_every_method_a_rule() -> None:
    grammar = files("carlang.grammar").joinpath("car.lark").read_text(encoding="utf-8")
    rules = Lark(grammar, parser="lalr", maybe_placeholders=False).rules
    made = set()
    for rule in rules:
        name = str(rule.alias or rule.origin.name)
        passes_on = rule.options.expand1 and not rule.alias and len(rule.expansion) == 1  # `?rule: other`
        if not name.startswith("_") and not passes_on:
            made.add(name)
    assert made == set(METHODS)


def test_a_method_that_makes_a_statement_or_a_stream_has_the_name_of_its_node() -> None:
    checked = set()
    for name, method in METHODS.items():
        made = re.match(r"ast\.(\w+)", inspect.signature(method).return_annotation)
        node = getattr(ast, made.group(1)) if made else None
        if inspect.isclass(node) and issubclass(node, ast.Statement | ast.StreamForm):
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", node.__name__).lower()
            assert name in (snake, f"{snake}_stage")
            checked.add(node)
    # A faulty statement is what no rule reads.
    assert checked == {*get_args(ast.Statement), *get_args(ast.StreamForm)} - {ast.FaultyStmt}
