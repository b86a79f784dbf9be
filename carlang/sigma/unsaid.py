"""What a rule says and a program cannot, and what pySigma refuses."""


class UnsaidError(Exception):
    """The language cannot say what a value says; the message says why, and `help` what could be done."""

    def __init__(self, message: str, help_: str | None = None) -> None:
        super().__init__(message)
        self.help = help_


class BackendError(Exception):
    """There is no backend of a name, or it refuses a rule; the message says why."""
