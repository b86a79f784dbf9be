"""Exit statuses of every command."""

from carlang.errors import WrongUseError

DONE = 0
FAULTY = 1
"""A program has errors, or a test failed."""
USAGE = 2
UNREADABLE = 3
"""A store or a source cannot be read."""
FOUND = 4
"""Something was found and `--fail-on-hit` was given."""
INTERNAL = 70
"""A fault of carlang itself."""
SIGNALLED = 128
"""What is added to the number of a signal that ended the command, as shells do it."""
INTERRUPTED = SIGNALLED + 2
"""Ended by Ctrl-C."""


class UsageError(WrongUseError):
    """A command was called with something that it cannot mean."""
