"""One table: each row is an attempt and the answer it must get.

An attempt is a function of the stage that its group sets up; it gives what came back as one line of text. The expected answer
is a regular expression over all of it. A control is a row that is no attack: it shows that the rows beside it would get
through if nothing stood against them, so that none of them is vacuous.
"""
import re
import time
import traceback
from typing import Callable, NamedTuple


class Row(NamedTuple):
    name: str
    kind: str  # what it is an attempt at: a row of SECURITY
    attempt: Callable
    expected: str
    control: bool = False


def control(name, kind, attempt, expected):
    return Row(name, kind, attempt, expected, control=True)


class Skipped(Exception):
    """The machine cannot make this attempt: why."""


def answer_of(row, stage):
    try:
        return str(row.attempt(stage))
    except Skipped:
        raise
    except Exception as e:  # what an attempt did not foresee is an answer that was not expected
        where = traceback.extract_tb(e.__traceback__)[-1]
        return f"raised {type(e).__name__}: {e} ({where.name}, line {where.lineno})"


def run_group(name, module):
    """-> (attempts, as expected, rows that differ)"""
    started = time.monotonic()
    counts = {True: 0, False: 0}
    different = []
    with module.stage() as stage:
        for row in module.rows():
            try:
                answer = answer_of(row, stage)
            except Skipped as e:
                print(f"  skipped  {row.kind}: {row.name}: {e}", flush=True)
                continue
            counts[row.control] += 1
            if not re.fullmatch(row.expected, answer, re.DOTALL):
                different.append(row)
                what = "control" if row.control else "attempt"
                print(f"  DIFFERS  {what}, {row.kind}: {row.name}\n"
                      f"           expected  {row.expected}\n"
                      f"           came back {answer[:600]}", flush=True)
    good = counts[False] - sum(not row.control for row in different)
    print(f"{name}: {counts[False]} attempts, {good} refused as expected; {counts[True]} controls, "
          f"{sum(row.control for row in different)} differ; {time.monotonic() - started:.1f} s", flush=True)
    return counts[False], good, different
