"""What other languages and sensors call things, and what they are called here: tables of data, no code a language.

`forms.yaml` has forms of statements, stages and conditions, `functions.yaml` functions, `texts.yaml` wildcards in
texts. The next language is more lines in these.
"""

from carlang.foreign.tables import Form, foreign_function, foreign_wildcards, forms

__all__ = ["Form", "foreign_function", "foreign_wildcards", "forms"]
