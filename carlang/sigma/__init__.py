"""Sigma rules: a rule and its log source to a program of the language, as pySigma reads the rule.

pySigma parses rules, applies their modifiers and resolves their conditions. What it makes of them is translated to a
tree of the syntax, which the formatter writes: so there is one meaning, that of the program. What the language cannot
say is refused at its place in the rule.

pySigma is an extra, `carlang[sigma]`, and loaded here alone, when the first rule is translated.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.sigma.documents import RuleDocument, is_rule, rule_documents
    from carlang.sigma.outputs import output_names
    from carlang.sigma.rules import Translation, translate
else:
    __getattr__ = hand_on(
        __name__,
        {
            "sigma.documents": "RuleDocument is_rule() rule_documents()",
            "sigma.outputs": "output_names()",
            "sigma.rules": "Translation translate()",
        },
    )

__all__ = ["RuleDocument", "Translation", "is_rule", "output_names", "rule_documents", "translate"]
