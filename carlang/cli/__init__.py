"""The command line: `carlang VERB`, a file a verb, no logic."""

from carlang.cli.main import main

__all__ = ["main"]
