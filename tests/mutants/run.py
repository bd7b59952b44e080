"""`python tests/mutants/run.py engine/op.py`: small faults put into a file, and which tests find.

    python tests/mutants/run.py                            28 mutants of each of the files below
    python tests/mutants/run.py --per-file 100 engine/op.py
    python tests/mutants/run.py --all engine/op.py:17      mutant 17 of the file again

A mutant is killed if a test fails with it, or does not end. It survives if all pass: then a test is
missing, or it does the same as before, and stands in equivalent.md with the reason. The tests are
those of the file's own room, the nearest first; with --all the slow ones too, and those that use
the file from afar. PyTorch and JAX are not there. A file that is Python in both builds is tested in
the compiled build, where the checkout has one. No file is changed: a process that has collected
the tests forks for each mutant, which takes the place of the code in memory.
The same seed draws the same mutants of the same text.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # for this checkout's engine, nn and tests

from tests.mutants.jobs import FILES, Job, drawn, tests_for
from tests.mutants.judging import LOG, Judge, run


def answers(jobs: list[Job], at_once: int, *reach: bool) -> Iterator[list[str]]:
    """The name of each job and its answer, as they come."""
    answered, pipe = os.pipe()
    first = os.fork()
    if not first:
        for process, judge in processes(jobs, at_once, pipe, *reach):
            _, status = os.waitpid(process, 0)
            if status and judge.job:
                judge.say(judge.job, "does not end, or crashes")
            elif status:
                print(f"the tests do not run without a mutant, see {LOG}", file=sys.stderr)
        os._exit(0)
    os.close(pipe)
    with os.fdopen(answered) as lines:
        for line in lines:
            yield line.strip().split(" ", 1)
    os.waitpid(first, 0)


def processes(
    jobs: list[Job], at_once: int, pipe: int, everything: bool, near: bool
) -> Iterator[tuple[int, Judge]]:
    """The processes that judge all jobs, to be waited for one by one.

    One for all mutants that take the place of functions of files with the same tests, and one for
    each mutant of what is done while a module is imported.
    """
    groups: dict[Any, list[Job]] = {}
    judges = []
    for job in jobs:
        tests = tests_for(job, everything, near)
        if job.code is None:
            judges.append((tests, Judge([], 1, pipe, job)))
        else:
            groups.setdefault(tests, []).append(job)
    judges[:0] = [(tests, Judge(group, at_once, pipe)) for tests, group in groups.items()]
    for tests, judge in judges:
        yield run(*tests, judge), judge


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--per-file", type=int, default=28)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="slow and far tests too")
    parser.add_argument("--near", action="store_true", help="only the tests named after the file")
    options = parser.parse_args(words)
    started = time.monotonic()
    jobs = drawn(options.files, options.seed, options.per_file)
    by_name = {f"{job.path}:{job.number}": job for job in jobs}
    counts = {job.path: [0, 0, 0, 0] for job in jobs}

    def count(job: Job, kind: int) -> None:
        counts[job.path][0] += 1
        counts[job.path][kind] += 1

    for job in jobs:
        if job.known:
            count(job, 2)
    waiting, near = [job for job in jobs if not job.known], options.near
    while waiting:
        survivors = []
        for name, answer in answers(waiting, options.at_once, options.all, near):
            job = by_name[name]
            if (
                answer == "SURVIVES" and job.code is not None
            ):  # the nearest may find it as it is imported
                by_name[name] = job._replace(code=None)
                survivors.append(by_name[name])
                continue
            count(job, 3 if answer == "SURVIVES" else 1)
            print(f"{answer:72} {job}", flush=True)
        waiting, near = survivors, not options.all

    total = [sum(column) for column in zip(*counts.values())]
    print(f"\n{'mutants':>8} {'killed':>8} {'equivalent':>10} {'survive':>8}")
    for path, (n, killed, same, alive) in [*counts.items(), ("all", total)]:
        print(f"{n:8} {killed:8} {same:10} {alive:8}  {path}")
    share = total[1] / max(1, total[0] - total[2])
    print(f"{share:.1%} of those not equivalent are killed; {time.monotonic() - started:.0f} s")
    return int(total[3] > 0 or total[0] < len(jobs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
