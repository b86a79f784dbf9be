"""Why an output found its rows, or none: what conditions leave over, what hits met, what came nearest.

`conditions` takes a condition apart as it is written, `passages` finds the streams that lead up to an output and moves
their conditions onto rows from which all can be asked at once, and `asking` has the engine ask them.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.why.asking import explain_output
    from carlang.why.inquiry import Inquiry, Texts
else:
    __getattr__ = hand_on(__name__, {"why.asking": "explain_output()", "why.inquiry": "Inquiry Texts"})

__all__ = ["Inquiry", "Texts", "explain_output"]
