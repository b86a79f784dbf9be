"""The one "did you mean" of carlang."""

from __future__ import annotations

from collections.abc import Iterable

# One letter more or less makes another word of a short one: `pid` and `uid`, `pid` and `ppid`. Suggestions do not ask
# for this length: a wrong one costs a glance, a wrong repair the meaning of the program.
_SHORTEST = 4
"""The number of letters that a word needs before a slip in it can be told from another word."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` most probably stands for, or None.

    The same word in other letters' case or without its underscores comes first; then the one at the smallest edit
    distance, if that is at most a third of the word's length; of equals, the first in alphabetical order.
    """
    names = sorted(set(candidates))
    folded = _fold(word)
    for name in names:
        if _fold(name) == folded:
            return name
    # A third of the word: with half of it wrong, most words of a model's length are near to one another.
    limit = max(len(word) // 3, 1)
    best: tuple[int, str] | None = None
    for name in names:
        distance = edit_distance(folded, _fold(name), limit)
        if distance <= limit and (best is None or distance < best[0]):
            best = (distance, name)
    return best[1] if best else None


def unmistakable(word: str, candidates: Iterable[str]) -> str | None:
    """Return the one candidate that `word` can only be a slip of, or None.

    A slip is another case of letters, other underscores, a plural for a singular, or one letter too many, too few,
    wrong or swapped with its neighbour, in a word of four letters at least, but not in its first letter or its digits.
    """
    names = sorted(set(candidates))
    same = [name for name in names if _fold(name) == _fold(word)]
    if same:
        return same[0] if len(same) == 1 else None
    near = [name for name in names if edit_distance(_fold(word), _fold(name), 1) <= 1 or _plural(word, name)]
    return near[0] if len(near) == 1 and _is_slip(word, near[0]) else None


def _plural(a: str, b: str) -> bool:
    short, long = sorted((a.casefold(), b.casefold()), key=len)
    return long in (f"{short}s", f"{short}es")


def _is_slip(a: str, b: str) -> bool:
    # Digits are names of their own, `md5_hash` and `sha1_hash`, and people seldom mistype a first letter.
    parts, others = a.casefold().split("_"), b.casefold().split("_")
    if len(parts) != len(others) or _digits(a) != _digits(b):
        return False
    pairs = [(x, y) for x, y in zip(parts, others, strict=True) if x != y]
    return all(min(len(x), len(y)) >= _SHORTEST and x[0] == y[0] for x, y in pairs)


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())


def _fold(word: str) -> str:
    return word.casefold().replace("_", "").replace(" ", "").replace("-", "")


def edit_distance(a: str, b: str, limit: int) -> int:
    """Return the number of insertions, deletions, changes and swaps of neighbours from `a` to `b`.

    Anything above `limit` may come back as `limit + 1`.
    """
    # Each letter too many is an insertion, so the table need not be filled for words of very different lengths.
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
