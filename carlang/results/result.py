"""What one program gives: its outputs by name, and which of them the store cannot answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carlang.results.output import Output
from carlang.results.run_report import NotRun


class Result(Mapping[str, Output]):
    """The outputs of one program by name, in the order of its output statements.

    `not_run` has those that the store cannot support, each with the reason: that they have no rows does not mean that
    there is nothing to find.
    """

    def __init__(self, outputs: Sequence[Output], not_run: Sequence[NotRun] = ()) -> None:
        self._outputs = {output.name: output for output in outputs}
        self.not_run: tuple[NotRun, ...] = tuple(not_run)

    def __getitem__(self, name: str) -> Output:
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def __repr__(self) -> str:
        not_run = {each.output for each in self.not_run}
        counts = (f"{o.name}: {'not run' if o.name in not_run else f'{o.total} rows'}" for o in self.values())
        return f"Result({', '.join(counts)})"
