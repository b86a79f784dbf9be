"""Many outputs over one store planned together.

An output looks at few of the events of an object. `conditions` finds in a condition what every row that it accepts
must have in one column, its guard; `demands` hands the guards of an output's filters down to the events below them. Of
an object, `objects` prices the guards of all outputs on a sample, and `scanning` reads its files once, only the columns
that guards ask for, and looks at each distinct value once (`matching`). What passes a guard is a superset of what the
output's own conditions accept, which are tested on nothing else then.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.plan.demands import Demand, demands, searched
    from carlang.plan.files import FILE_SHIFT, EventFile, Leaf, UnfitError
    from carlang.plan.objects import Choice, ObjectPlan, are_too_many, can_pay, plan_object
    from carlang.plan.portions import COMBINATION, LEAF, NUMBER, Portion
    from carlang.plan.scanning import long_columns, shares, survivors
else:
    __getattr__ = hand_on(
        __name__,
        {
            "plan.demands": "Demand demands searched",
            "plan.files": "FILE_SHIFT EventFile Leaf UnfitError",
            "plan.objects": "Choice ObjectPlan are_too_many plan_object can_pay",
            "plan.portions": "COMBINATION LEAF NUMBER Portion",
            "plan.scanning": "long_columns shares survivors",
        },
    )

__all__ = [
    "COMBINATION",
    "FILE_SHIFT",
    "LEAF",
    "NUMBER",
    "Choice",
    "Demand",
    "EventFile",
    "Leaf",
    "ObjectPlan",
    "Portion",
    "UnfitError",
    "are_too_many",
    "can_pay",
    "demands",
    "long_columns",
    "plan_object",
    "searched",
    "shares",
    "survivors",
]
