"""What one program gives: its outputs by name, and which of them the store cannot answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from carlang.results.output import Output
from carlang.results.run_report import NotRun


class Result(Mapping[str, Output]):
    """The outputs of one program by name, in the order of its output statements."""

    def __init__(self, outputs: Sequence[Output], not_run: Sequence[NotRun] = ()) -> None:
        self._outputs = {output.name: output for output in outputs}
        self._not_run = tuple(not_run)

    def __getitem__(self, name: str) -> Output:
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    @property
    def not_run(self) -> tuple[NotRun, ...]:
        """The outputs that the store cannot support, each with the reasons: that they have no rows means nothing."""
        return self._not_run

    def _repr_html_(self) -> str:
        """Show the first rows of each output in a notebook, and what could not run."""
        reasons = "".join(f"<p>{escape(f'{each.output}: {each.reason}')}</p>" for each in self.not_run)
        return "".join(output._repr_html_() for output in self.values()) + reasons  # Jupyter's name

    def __repr__(self) -> str:
        not_run = {each.output for each in self.not_run}
        counts = (f"{o.name}: {'not run' if o.name in not_run else f'{o.total} rows'}" for o in self.values())
        return f"Result({', '.join(counts)})"
