"""The regular expressions that pySigma takes: RE2's, as programs have them."""

from __future__ import annotations

from typing import Any, cast

import re2  # type: ignore[import-untyped]
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern


class _Quiet(RE2RegexEngine):
    """RE2 as pySigma has it, which says what is wrong once: as an error, and not on standard error as well."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        """Compile a regular expression, with Python's flags for case, lines and dots."""
        options = re2.Options()
        options.log_errors = False
        named = "".join(letter for letter, flag in _FLAGS.items() if flags & flag)
        prefix = f"(?{named})" if named else ""
        try:
            return cast("RegexPattern", re2.compile(prefix + pattern, options))
        except re2.error as error:  # whose text is one of bytes
            message = error.args[0]
            raise re2.error(message.decode("utf-8", "replace") if isinstance(message, bytes) else message) from None

    def __deepcopy__(self, memo: object) -> _Quiet:
        """Return the engine itself: pySigma copies a filter with its policy, and a module cannot be copied."""
        return self

    @property
    def error(self) -> type[Exception]:
        """What it raises."""
        return cast("type[Any]", re2.error)


_FLAGS = {"i": 2, "m": 8, "s": 16}
"""Python's numbers for the flags."""

POLICY = SigmaPolicy(regex_engine=_Quiet())
