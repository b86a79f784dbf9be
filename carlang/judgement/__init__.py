"""What a store can answer: one judgement of each output, with reasons, by host, for all who show it."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.judgement.gaps import hour_gaps
    from carlang.judgement.hosts import possible_platforms
    from carlang.judgement.judge import Asked, Range, judge
else:
    __getattr__ = hand_on(
        __name__,
        {
            "judgement.gaps": "hour_gaps",
            "judgement.hosts": "possible_platforms",
            "judgement.judge": "Asked Range judge",
        },
    )

__all__ = ["Asked", "Range", "hour_gaps", "judge", "possible_platforms"]
