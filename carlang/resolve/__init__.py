"""AST and model to a bound program."""
