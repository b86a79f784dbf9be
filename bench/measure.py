# ruff: noqa: INP001  # a folder of commands, not a package
"""What something costs: time of processors, time on the clock, and the most memory, in a process of its own.

    python -m bench.measure TASK '{"argument": "value"}'

is such a process: it prepares a task of `bench.tasks`, does it, and prints what that took.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from bench.cost import Cost, peak, taken
from bench.tasks import TASKS

_LONGEST = 3600


@dataclass(frozen=True, slots=True)
class Measure:
    """How tasks are measured: the best of so many rounds, each in a process of its own or all in this one."""

    rounds: int = 3
    apart: bool = True

    def __call__(self, task: str, **arguments: object) -> Cost:
        """Return what a task of `bench.tasks` took."""
        costs = [self._once(task, arguments) for _ in range(self.rounds)]
        if len({cost.rows for cost in costs}) != 1:
            raise RuntimeError(f"{task} gave {sorted(cost.rows for cost in costs)} rows")
        return Cost(min(c.cpu for c in costs), min(c.wall for c in costs), min(c.peak for c in costs), costs[0].rows)

    def _once(self, task: str, arguments: dict[str, object]) -> Cost:
        if not self.apart:
            return taken(TASKS[task](**arguments))
        command = [sys.executable, "-m", "bench.measure", task, json.dumps(arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return Cost(**json.loads(done.stdout.splitlines()[-1]))


def told(command: list[str], environment: dict[str, str], rounds: int = 3) -> Cost:
    """Return the least that the task of such a process takes by itself, without what was imported for it."""
    outputs = [
        subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_LONGEST, check=True).stdout
        for _ in range(rounds)
    ]
    costs = [Cost(**json.loads(output.splitlines()[-1])) for output in outputs]
    return Cost(min(c.cpu for c in costs), min(c.wall for c in costs), min(c.peak for c in costs), costs[0].rows)


def process(command: list[str], environment: dict[str, str], rounds: int = 3) -> Cost:
    """Return the least that a whole process takes, out of some rounds."""
    costs = []
    for _ in range(rounds):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, env=environment, capture_output=True, timeout=_LONGEST, check=True)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall))
    return Cost(min(cpu for cpu, _ in costs), min(wall for _, wall in costs), 0, 0)


__all__ = ["Cost", "Measure", "peak", "process", "taken", "told"]

if __name__ == "__main__":
    print(json.dumps(asdict(taken(TASKS[sys.argv[1]](**json.loads(sys.argv[2]))))))
