"""From what a run found to what to look at first: weights, hits that fold, incidents, groups; see docs/ranking.md."""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.triage.groups import group_hits
    from carlang.triage.record import hit_record
    from carlang.triage.selection import at_least
    from carlang.triage.triage import rank, ranked
else:
    __getattr__ = hand_on(
        __name__,
        {
            "triage.groups": "group_hits()",
            "triage.record": "hit_record()",
            "triage.selection": "at_least()",
            "triage.triage": "rank() ranked()",
        },
    )

__all__ = ["at_least", "group_hits", "hit_record", "rank", "ranked"]
