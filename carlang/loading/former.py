"""A source that was read as a whole again, beside what the store has of its former state.

Where the new state has all that the former had, it replaces it: the files that hold the former are written anew without
it, and taken out in the commit that adds the new. Otherwise, as in a log that lost its oldest records, or where another
file has the name now, the former stays, and of the new only that is added which the former has not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from carlang.database.quoting import quoted, text_literal
from carlang.loading.growth import former_names
from carlang.mapping.event_mapping import ObjectAction
from carlang.store import Footer, StagedFile, Store, StoreFile, count_rows, described, footers, parquet_options

_MOMENT = ("time", "hostname", "record_id")
"""What two readings of one record have in common, also where a newer mapping makes more of it."""


@dataclass
class Settled:
    """The staged files, the files of the store that they replace, and how many events were taken back or known."""

    staged: list[StagedFile]
    replaces: list[StoreFile] = field(default_factory=list)
    removed: Counter[ObjectAction] = field(default_factory=Counter)
    known: Counter[ObjectAction] = field(default_factory=Counter)

    @property
    def remark(self) -> str | None:
        """What the report says of it."""
        if self.removed.total():
            return f"it has changed since it was read: it replaces the {self.removed.total():,} events of then"
        if self.known.total():
            return f"it has changed since it was read: {self.known.total():,} of its events were there already"
        return None


@dataclass(frozen=True, slots=True)
class _Former:
    """The events of a former state: of one object and action, in some of the store's files."""

    makes: ObjectAction
    files: tuple[StoreFile, ...]
    condition: str


@dataclass(frozen=True, slots=True)
class Formers:
    """All events of the former state of a file, in a store."""

    store: Store
    formers: tuple[_Former, ...] = ()
    condition: str | None = None
    """What tells them from the other events of their files; None where there are none."""

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, store: Store, mark: str | None) -> Formers:
        """Find what a store has of the file with this mark."""
        files = [file for file in store.files() if "source" in file.filled]
        if mark is None or not files:
            return cls(store)
        query = f"SELECT DISTINCT source, filename FROM {_parquet([f.path for f in files])} WHERE source IS NOT NULL"  # noqa: S608  # paths are literals
        rows = connection.execute(query).fetchall()
        names = former_names(mark, sorted({source for source, _ in rows}), store)
        if not names:
            return cls(store)
        holding = {Path(file) for source, file in rows if any(source == n or source.startswith(f"{n}!") for n in names)}
        texts = [(text_literal(name), text_literal(f"{name}!")) for name in names]
        condition = " OR ".join(f"source = {name} OR starts_with(source, {member})" for name, member in texts)
        groups: dict[ObjectAction, list[StoreFile]] = {}
        for file in files:
            if file.path in holding:
                groups.setdefault(ObjectAction(file.object, file.action), []).append(file)
        formers = (_Former(makes, tuple(group), f"({condition})") for makes, group in groups.items())
        return cls(store, tuple(formers), f"({condition})")

    def settle(
        self,
        connection: duckdb.DuckDBPyConnection,
        new_file: Callable[[ObjectAction], Path],
        staged: Sequence[StagedFile],
        *,
        is_numbered: bool,
    ) -> Settled:
        """Settle the staged files of the new state with the former.

        `is_numbered` says that a record is known by its number: then the former state is never replaced.
        """
        if not is_numbered and not any(_lost(connection, former, staged) for former in self.formers):
            return _replaced(connection, self.store, new_file, staged, self.formers)
        return _only_new(connection, staged, self.formers, is_numbered=is_numbered)


def _lost(connection: duckdb.DuckDBPyConnection, former: _Former, staged: Sequence[StagedFile]) -> bool:
    """Tell whether the former state has an event that the new one has not."""
    new = [file.path for file in staged if (file.object, file.action) == (former.makes.object, former.makes.action)]
    if not new:
        return True
    key = ", ".join(_MOMENT)
    old = f"SELECT {key} FROM {_parquet([f.path for f in former.files])} WHERE {former.condition}"  # noqa: S608
    query = f"SELECT count(*) FROM ({old} EXCEPT ALL SELECT {key} FROM {_parquet(new)})"  # noqa: S608  # literals only
    row = connection.execute(query).fetchone()
    return row is None or row[0] > 0


def _replaced(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    new_file: Callable[[ObjectAction], Path],
    staged: Sequence[StagedFile],
    formers: Sequence[_Former],
) -> Settled:
    """Write the files that hold the former state anew without it."""
    result = Settled(list(staged))
    commits = [footer.commit for footer in footers([file.path for file in staged]).values()]
    for former in formers:
        for file in former.files:
            path = new_file(former.makes)
            footer = Footer(
                name=path.name,
                commit=commits[0] if commits else path.stem,
                sources=tuple({s for each in footers([file.path]).values() for s in each.sources}),
                replaces=(file.path.relative_to(store.path).as_posix(),),
            )
            left = _copy(connection, file, f"NOT coalesce({former.condition}, false)", path, footer)
            result.replaces.append(file)
            result.removed[former.makes] += file.rows - left
            if left:
                result.staged.append(StagedFile(path, former.makes.object, former.makes.action))
            else:
                path.unlink()
    return result


def _only_new(
    connection: duckdb.DuckDBPyConnection,
    staged: Sequence[StagedFile],
    formers: Sequence[_Former],
    *,
    is_numbered: bool,
) -> Settled:
    """Write the staged files anew without the events that the former state has."""
    result = Settled([])
    of_kind = {former.makes: former for former in formers}
    for file in staged:
        makes = ObjectAction(file.object, file.action)
        known = _drop_known(connection, file, of_kind[makes], is_numbered=is_numbered) if makes in of_kind else 0
        result.known[makes] += known
        if file.path.exists():
            result.staged.append(file)
    return result


def _drop_known(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, former: _Former, *, is_numbered: bool
) -> int:
    path = staged.path
    # Both in one reading, so that they have the same columns.
    events = _parquet([path, *(file.path for file in former.files)])
    columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {events}").fetchall()]
    told_by_reader = {"source", "filename", "file_row_number"}
    log = [name for name in ("log_name", "sensor") if name in columns]
    key = [*_MOMENT, *log] if is_numbered else [name for name in columns if name not in told_by_reader]
    row = f"md5(CAST(row({', '.join(map(quoted, key))}) AS VARCHAR))"
    is_new = f"filename = {text_literal(str(path))}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE keyed AS SELECT {row} AS key, {is_new} AS is_new, file_row_number AS place,"  # noqa: S608
        f" row_number() OVER (PARTITION BY key, is_new ORDER BY place) AS nth FROM {events}"
        f" WHERE {is_new} OR {former.condition}"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE known AS SELECT place FROM keyed AS n WHERE is_new"
        " AND EXISTS (FROM keyed AS o WHERE NOT o.is_new AND o.key = n.key AND o.nth = n.nth)"
    )
    (count,) = connection.execute("SELECT count(*) FROM known").fetchone() or (0,)
    if count:
        complete = path.rename(path.with_suffix(".whole"))
        footer = footers([complete])[complete]
        of_complete = described(replace(staged, path=complete))
        left = _copy(connection, of_complete, "file_row_number NOT IN (FROM known)", path, footer)
        complete.unlink()
        if not left:
            path.unlink()
    return int(count)


def _copy(connection: duckdb.DuckDBPyConnection, file: StoreFile, condition: str, target: Path, footer: Footer) -> int:
    rows = _parquet([file.path])
    query = f"SELECT * EXCLUDE (filename, file_row_number) FROM {rows} WHERE {condition}"  # noqa: S608  # literals only
    inventory = count_rows(connection, f"({query})", file)
    connection.execute(f"COPY ({query}) TO {text_literal(str(target))} {parquet_options(footer, inventory)}")
    (count,) = connection.execute(
        "SELECT count(*) FROM read_parquet($file, hive_partitioning = false)", {"file": str(target)}
    ).fetchone() or (0,)
    return int(count)


def _parquet(paths: Sequence[Path]) -> str:
    files = ", ".join(text_literal(str(path)) for path in paths)
    options = "union_by_name = true, hive_partitioning = false, filename = true, file_row_number = true"
    return f"read_parquet([{files}], {options})"
