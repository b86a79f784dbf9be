"""Put model files together, and check what no single file shows.

An addition may bring new objects, and new actions and fields for objects that exist; it changes nothing. Over the
whole, a field name has one type in all objects, and a name or alias means one thing on an object. A draft without
faults stays so up to the file that breaks a rule, so every fault found after an addition is that file's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from carlang.cache import digest_of
from carlang.datafile import DataFile, DataFileError, Fault, Path, read_builtin_yaml, read_yaml_file, validate
from carlang.model.entries import FieldEntry, ModelFile, ObjectEntry, TieEntry
from carlang.model.schema import Field, Model, Object, Tie, plain_name
from carlang.model.types import Kind, Type

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def assembled(builtin: Iterable[tuple[str, str]], extensions: Iterable[FilePath]) -> Model:
    """Return the model of files that ship, given with name and text, and of extensions; raises `DataFileError`."""
    draft = Draft()
    texts: list[str] = []
    for name, text in builtin:
        draft.add(read_builtin_yaml(name, text), extension=False)
        texts.append(text)
    for path in extensions:
        document = read_yaml_file(path)
        draft.add(document, extension=True)
        texts.append(document.text)
    return draft.model().of_files(digest_of(*texts).hex())


@dataclass
class Draft:
    """A model in the making; its objects hold their own fields only."""

    objects: dict[str, Object] = field(default_factory=dict)
    common: dict[str, Field] = field(default_factory=dict)
    ties: list[Tie] = field(default_factory=list)

    def add(self, document: DataFile, *, extension: bool) -> None:
        """Add what a file describes; raises `DataFileError` with all its faults. `extension` marks all of it so."""
        if document.data is None:
            return
        content = validate(ModelFile, document)
        addition = _Addition(self, document, extension)
        for name, entry in content.common.items():
            addition.add_field(self.common, name, entry, ("common", name), extension=extension)
        for name, object_entry in content.objects.items():
            addition.add_object(name, object_entry)
        addition.check_objects()
        addition.check_types()
        for known in self.objects.values():
            addition.check_field_aliases(known)
            addition.check_action_aliases(known)
        for name, ties in content.ties.items():
            addition.add_ties(name, ties)
        if addition.faults:
            raise DataFileError(document.name, addition.faults)

    def model(self) -> Model:
        """Return the model: CAR's objects first, then extensions, each with the common fields behind its own."""
        ordered = sorted(self.objects.values(), key=lambda known: known.extension)
        objects = {o.name: replace(o, fields={**o.fields, **self.common}) for o in ordered}
        return Model(objects, dict(self.common), tuple(self.ties))


@dataclass
class _Addition:
    """A file on its way into a draft."""

    draft: Draft
    document: DataFile
    extension: bool
    faults: list[Fault] = field(default_factory=list)

    def add_object(self, name: str, entry: ObjectEntry) -> None:
        known = self.draft.objects.get(name)
        if known is None:
            self._check_name(name, ("objects", name))
            title = entry.title or name.replace("_", " ").title()
            marked = self.extension or entry.extension
            known = Object(name, title, entry.description, (), {}, entry.aliases, marked)
        else:
            for key in sorted(entry.model_fields_set - {"actions", "fields"}):
                message = f"the object `{name}` exists; only actions and fields can be added to it"
                self._fault(message, ("objects", name, key))
        self.draft.objects[name] = self._extended(known, entry)

    def _extended(self, known: Object, entry: ObjectEntry) -> Object:
        extension = self.extension or known.extension
        fields = dict(known.fields)
        for name, field_entry in entry.fields.items():
            path = ("objects", known.name, "fields", name)
            self.add_field(fields, name, field_entry, path, extension=extension)
        actions = {plain_name(action.name): action for action in known.actions}
        for name, action_entry in entry.actions.items():
            path = ("objects", known.name, "actions", name)
            self._check_name(name, path)
            if plain_name(name) in actions:
                self._fault(f"`{known.name}` has this action already", path)
            actions.setdefault(plain_name(name), action_entry.action(name, extension=extension))
        return replace(known, actions=tuple(actions.values()), fields=fields)

    def add_field(self, fields: dict[str, Field], name: str, entry: FieldEntry, path: Path, *, extension: bool) -> None:
        self._check_name(name, path)
        if name in fields:
            self._fault("there is a field of this name already", path)
        fields.setdefault(name, entry.field(name, extension=extension))

    def add_ties(self, name: str, entries: Sequence[TieEntry]) -> None:
        """Add the ties of a class, `process/create`, whose fields all have to be there."""
        path: Path = ("ties", name)
        object_name, _, action = name.partition("/")
        known = self.draft.objects.get(object_name)
        if known is None or all(action != a.name for a in known.actions):
            self._fault(f"there is no class `{name}`; write an object and an action, `process/create`", path)
            return
        for index, entry in enumerate(entries):
            for part, names in (("keys", entry.keys), ("agree", entry.agree)):
                for position, field_name in enumerate(names):
                    entry_path = (*path, index, part, position)
                    if not (field_ := known.fields.get(field_name) or self.draft.common.get(field_name)):
                        self._fault(f"`{object_name}` has no field `{field_name}`", entry_path)
                    elif field_.type.kind is Kind.RECORD:
                        self._fault("an open record is not compared as one value", entry_path)
            self.draft.ties.append(entry.tie(object_name, action))

    def check_objects(self) -> None:
        taken: dict[str, str] = {}
        for known in self.draft.objects.values():
            if not known.actions:
                self._fault("an object needs an action", ("objects", known.name))
            for name in (known.name, *known.aliases):
                other = taken.setdefault(plain_name(name), known.name)
                if other != known.name:
                    self._fault(f"`{name}` already means the object `{other}`", ("objects", known.name))

    def check_types(self) -> None:
        """Check that a field name has one type in all objects."""
        types: dict[str, tuple[Type, str]] = {}
        for known in self.draft.objects.values():
            for name, field_ in known.fields.items():
                path: Path = ("objects", known.name, "fields", name)
                if name in self.draft.common:
                    message = "a field of this name belongs to all objects, and one to a single object"
                    self._fault(message, path, ("common", name))
                    continue
                first, where = types.setdefault(name, (field_.type, known.name))
                if first != field_.type:
                    message = f"a field name has one type in all objects, and on `{where}` this one is: {first}"
                    self._fault(message, (*path, "type"))

    def check_field_aliases(self, known: Object) -> None:
        fields = {**self.draft.common, **known.fields}
        taken = {plain_name(name): name for name in fields}
        for name, field_ in fields.items():
            path = self._field_path(known, name)
            for index, alias in enumerate(field_.aliases):
                if other := taken.get(plain_name(alias)):
                    message = f"on `{known.name}`, `{alias}` cannot mean both `{name}` and `{other}`"
                    self._fault(message, (*path, "aliases", index), self._field_path(known, other))
                taken[plain_name(alias)] = name

    def _field_path(self, known: Object, name: str) -> Path:
        return ("objects", known.name, "fields", name) if name in known.fields else ("common", name)

    def check_action_aliases(self, known: Object) -> None:
        """Check that no alias is an action's name; an alias may well stand for several actions."""
        names = {plain_name(action.name): action.name for action in known.actions}
        for action in known.actions:
            for index, alias in enumerate(action.aliases):
                if name := names.get(plain_name(alias)):
                    message = f"on `{known.name}`, `{alias}` already means the action `{name}`"
                    path = ("objects", known.name, "actions")
                    self._fault(message, (*path, action.name, "aliases", index), (*path, name))

    def _check_name(self, name: str, path: Path) -> None:
        if not _NAME.fullmatch(name):
            self._fault("a name consists of lower-case letters, digits and single underscores between them", path)

    def _fault(self, message: str, *paths: Path) -> None:
        """Note a fault at the first of the paths that exists in this file; the others may stand in earlier ones."""
        path = next((path for path in paths if _holds(self.document.data, path)), paths[0])
        at_key = not isinstance(path[-1], int) and path[-1] != "type"
        fault = self.document.fault(message, path, "model", at_key=at_key)
        if fault not in self.faults:
            self.faults.append(fault)


def _holds(data: object, path: Path) -> bool:
    for part in path:
        items = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(items, Mapping) or part not in items:
            return False
        data = items[part]
    return True
