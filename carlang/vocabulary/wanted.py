"""What a name means whose fields somebody wants to know: a class of events, one field of it, or a field at large.

In the order in which they are tried: an object, `Process` or `Process:Create`, with a field behind a point or without;
a field of whatever objects have one of that name; what sensors and products call a class of events, or a field. What
is none of these is told as a program that searches for it would be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from carlang.diagnostics import Diagnostic, codes, has_errors, nearest
from carlang.errors import CompileError
from carlang.foreign import event_class, foreign_fields, objects_that_call
from carlang.model import Action, Field, Model, Object
from carlang.program import compile_program
from carlang.source import Source, Span

_FORM = re.compile(r"(?P<object>[^:/.]+?)\s*(?:[:/]\s*(?P<action>\w+|\*)\s*)?(?:[./](?P<field>.+))?", re.DOTALL)
_CLASS = re.compile(r"[\w\s]+(?::\s*[\w*]+)?")
_ARGUMENT = "<fields>"
"""What the program that a name is looked up with is called in diagnostics."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A class of events, of every action where `action` is None, and a field of it, where one is wanted alone.

    `remark` says what of the name is another name for it.
    """

    object: Object
    action: Action | None = None
    field: Field | None = None
    remark: str = ""


def wanted(name: str | None, model: Model) -> tuple[Wanted, ...]:
    """Return what a name means, the most probable alone; without one, every object.

    Raises `CompileError` where it means nothing.
    """
    if name is None:
        return tuple(Wanted(each) for each in model.objects.values())
    text = name.strip()
    form = _FORM.fullmatch(text)
    owner = model.object(form["object"]) if form else None
    if form and owner:
        return (_of_object(text, owner, form, model),)
    return tuple(_elsewhere(text, model)) or tuple(_fields(text, model)) or _unknown(text, model)


def _of_object(text: str, owner: Object, form: re.Match[str], model: Model) -> Wanted:
    """Return what is meant by a name that begins with that of an object."""
    word, field_word = form["action"], form["field"]
    action = owner.action(word) if word else None
    if word and word != "*" and action is None:
        # `process/exe`, as metadata name a field of an object.
        if field_word is None and (field := _field_of(owner, word)):
            return Wanted(owner, None, field, _called_otherwise(word, field))
        aliased = owner.actions_by_alias(word)
        if len(aliased) != 1:
            raise CompileError(_faults(f"{owner.name}:{word}", "", model))
        action = aliased[0]
    remark = f"{owner.title} calls `{word}` `{action.name}`" if word and action and not owner.action(word) else ""
    if field_word is None:
        return Wanted(owner, action, None, remark)
    if field := _field_of(owner, field_word, text):
        written = text if "." in field_word else field_word
        return Wanted(owner, action, field, remark or _called_otherwise(written, field))
    if action is None and (meant := owner.action(field_word)):
        return Wanted(owner, meant, None, f"`{text}` is `{owner.title}:{meant.name}` here")
    search = f"{owner.name}:{action.name}" if action else owner.name
    raise CompileError(_faults(search, field_word, model))


def _field_of(owner: Object, *words: str) -> Field | None:
    """Return the field of an object that one of the words is the name of, here or elsewhere."""
    for word in words:
        if field := owner.field(word) or owner.field_by_alias(word):
            return field
    elsewhere = (owner.field(each) for word in words for each in foreign_fields([owner.name], word))
    return next((field for field in elsewhere if field), None)


def _called_otherwise(word: str, field: Field) -> str:
    return "" if word.casefold() == field.name else f"`{word}` is another name for `{field.name}`"


def _fields(text: str, model: Model) -> Iterable[Wanted]:
    """Yield the fields that sensors and data models call by a name, object by object."""
    called = {owner.name: field for owner, field in _by_alias(text, model)}
    for name, field_name in objects_that_call(text):
        owners = [name] if name in model.objects else [o.name for o in model.objects_with_field(field_name)]
        called |= {owner: model.objects[owner].fields[field_name] for owner in owners if owner not in called}
    for name, field in called.items():
        yield Wanted(model.objects[name], None, field, f"`{text}` is what others call `{field.name}`")


def _by_alias(text: str, model: Model) -> list[tuple[Object, Field]]:
    fields = ((owner, owner.field_by_alias(text)) for owner in model.objects.values())
    return [(owner, field) for owner, field in fields if field]


def _elsewhere(text: str, model: Model) -> Iterable[Wanted]:
    """Yield the fields of a name, of every object that has one, or the class of events that others call so."""
    if owners := list(model.objects_with_field(text)):
        yield from (Wanted(owner, None, owner.field(text)) for owner in owners)
    elif searched := event_class(text):
        name, _, action = searched.partition(":")
        if owner := model.object(name):
            yield Wanted(owner, owner.action(action) if action else None, None, f"`{text}` is `{searched}` here")


def _unknown(text: str, model: Model) -> tuple[Wanted, ...]:
    """Raise the fault of a name that means nothing: it is nearer to a field's, or as one of a class of events."""
    near = None if nearest(text, [o.title for o in model.objects.values()]) else nearest(text, model.field_types)
    if near is None and _CLASS.fullmatch(text):
        raise CompileError(_faults(text, "", model))
    source = Source.whole(_ARGUMENT, text)
    code = codes.UNKNOWN_FIELD if near else codes.UNKNOWN_OBJECT
    message = f"no object has a field `{text}`" if near else f"`{text}` is neither a class of events nor a field"
    fault = Diagnostic(code, message, source, Span(0, len(text)))
    fault = fault.with_label(f"did you mean `{near}`?") if near else fault
    raise CompileError([fault.with_help("without a name, `carlang fields` lists every object")])


def _faults(search: str, field: str, model: Model) -> list[Diagnostic]:
    """Return what is said of a program that searches for a class of events and asks for a field.

    Its repairs are left out: it is a program that nobody has written.
    """
    written = search.replace(" ", "_")
    text = f"search {written} | filter {field} exists" if field else f"search {written}"
    diagnostics = compile_program(Source.whole(_ARGUMENT, text), model).diagnostics
    return [replace(d, repair=None) for d in diagnostics if has_errors([d])]
