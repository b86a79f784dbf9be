"""What can be asked: classes of events and their fields, what sensors call them, how much of them a store has.

`wanted` tells what a name means, `entries` puts together what is known of that: from the model, from the mappings of
sensors, from the tables of other languages, and from the footers of a store.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.vocabulary.entries import ActionEntry, ClassEntry, FieldEntry, class_entries
    from carlang.vocabulary.wanted import Wanted, wanted
else:
    __getattr__ = hand_on(
        __name__,
        {
            "vocabulary.entries": "ActionEntry ClassEntry FieldEntry class_entries",
            "vocabulary.wanted": "Wanted wanted",
        },
    )

__all__ = ["ActionEntry", "ClassEntry", "FieldEntry", "Wanted", "class_entries", "wanted"]
