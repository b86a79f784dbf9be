"""What a store can answer: one judgement of each output, with reasons, by host, for all who show it."""

from carlang.judgement.gaps import hour_gaps
from carlang.judgement.hosts import possible_platforms
from carlang.judgement.judge import Asked, Range, judge

__all__ = ["Asked", "Range", "hour_gaps", "judge", "possible_platforms"]
