"""Signals that end a command: Ctrl-C, and those by which a system or a closed terminal ends a process.

All are raised as `KeyboardInterrupt` in the main thread, so that whatever is to be put away at Ctrl-C, a temporary
store, half a report, staged files, is put away at each of them. By itself Python ends at once at the others.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from carlang.cli import exits

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Each system has some of them; SIGBREAK is what Windows sends at Ctrl-Break and when a console closes."""

_USUAL = (signal.default_int_handler, signal.SIG_DFL)
"""What becomes of a signal unless somebody wished otherwise: `nohup` has SIGHUP ignored, and so it stays."""


class Interruptions:
    """The signals that came while a command was running."""

    def __init__(self) -> None:
        self._came: list[int] = []
        self._waiting: list[int] = []
        self._is_held = False
        self._is_raised = False

    def __bool__(self) -> bool:
        return bool(self._came)

    @property
    def status(self) -> int:
        """The exit status of what the first signal ended; 130, that of Ctrl-C, where none is known."""
        return exits.SIGNALLED + (self._came[0] if self._came else signal.SIGINT)

    @property
    def name(self) -> str:
        """The first signal, as it is told; empty for Ctrl-C, which whoever pressed it knows of."""
        first = self._came[0] if self._came else signal.SIGINT
        return "" if first == signal.SIGINT else signal.Signals(first).name

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Have signals raise `KeyboardInterrupt`, and be noted; where they are ignored or handled, they stay so."""
        if threading.current_thread() is not threading.main_thread():  # Python lets no other one set a handler
            yield
            return
        self._came.clear()
        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        usual = {number: handler for number in numbers if (handler := signal.getsignal(number)) in _USUAL}
        for number in usual:
            signal.signal(number, self._note)
        self._is_raised = True
        try:
            yield
        finally:
            self._is_raised = False
            for number, handler in usual.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no signal break off what stands within; one that came meanwhile is raised behind it."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self._waiting:
                self._waiting.clear()
                raise KeyboardInterrupt

    def check(self) -> None:
        """Raise `KeyboardInterrupt` where a signal came, and yet the command goes on.

        The exception is raised wherever the main thread is, and code in C that calls Python may lose it there.
        """
        if self._is_raised and self._came and not self._is_held:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._came.append(number)
        if self._is_held:
            self._waiting.append(number)
        else:
            raise KeyboardInterrupt


INTERRUPTIONS = Interruptions()
"""Those of this process: signals are its own, whoever runs a command in it."""
