"""Sigma rules: a rule and its log source to a program of the language, as pySigma reads the rule.

pySigma parses rules, applies their modifiers and resolves their conditions. What it makes of them is translated to a
tree of the syntax, which the formatter writes: so there is one meaning, that of the program. What the language cannot
say is refused at its place in the rule.

pySigma is an extra, `carlang[sigma]`, and loaded here alone, when the first rule is translated.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.sigma.backends import Dialect
    from carlang.sigma.documents import RuleDocument, is_rule, rule_documents
    from carlang.sigma.log_sources import ByAlgorithm, ByValue, Held, LogSource, OneOf, log_sources
    from carlang.sigma.neighbours import Neighbours
    from carlang.sigma.outputs import output_names, rule_field
    from carlang.sigma.references import files_referred_to, parts_of_correlations
    from carlang.sigma.rules import PipelineError, pipelines_problem
    from carlang.sigma.translation import Translation, translate
    from carlang.sigma.unsaid import BackendError
else:
    __getattr__ = hand_on(
        __name__,
        {
            "sigma.backends": "Dialect",
            "sigma.log_sources": "ByAlgorithm ByValue Held LogSource OneOf log_sources()",
            "sigma.neighbours": "Neighbours",
            "sigma.references": "files_referred_to() parts_of_correlations()",
            "sigma.documents": "RuleDocument is_rule() rule_documents()",
            "sigma.outputs": "output_names() rule_field()",
            "sigma.rules": "PipelineError pipelines_problem()",
            "sigma.translation": "Translation translate()",
            "sigma.unsaid": "BackendError",
        },
    )

__all__ = [
    "BackendError",
    "ByAlgorithm",
    "ByValue",
    "Dialect",
    "Held",
    "LogSource",
    "Neighbours",
    "OneOf",
    "PipelineError",
    "RuleDocument",
    "Translation",
    "files_referred_to",
    "is_rule",
    "log_sources",
    "output_names",
    "parts_of_correlations",
    "pipelines_problem",
    "rule_documents",
    "rule_field",
    "translate",
]
