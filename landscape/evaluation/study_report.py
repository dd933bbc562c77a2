"""What the answers of a user study say: ratios of wins, and how often clips are taken for real (paper, figure 8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from landscape.evaluation.study import PAIR, REAL, SINGLE
from landscape.evaluation.tables import table_lines

_95_PERCENT = 1.959964


@dataclass(frozen=True)
class Ratio:
    """A share of answers, and the interval that holds it in 95 of 100 studies (Wilson's).

    Attributes:
        wins: Answers that say so.
        total: Answers in all.
        share: Their ratio.
        low: Lower end.
        high: Upper end.
    """

    wins: int
    total: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, wins: int, total: int) -> Ratio:
        """The ratio of at least one answer."""
        share, z = wins / total, _95_PERCENT
        middle = (share + z * z / (2 * total)) / (1 + z * z / total)
        reach = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
        return cls(wins, total, share, max(0.0, middle - reach), min(1.0, middle + reach))

    def __str__(self) -> str:
        return f"{self.share:.2f} ({self.low:.2f} to {self.high:.2f}, n = {self.total})"


@dataclass(frozen=True)
class StudyReport:
    """What a study found.

    Attributes:
        assessors: How many people answered.
        wins: By method and other method, how often the first was chosen.
        fooled: By method, how often its clips were taken for real.
    """

    assessors: int
    wins: dict[tuple[str, str], Ratio]
    fooled: dict[str, Ratio]

    def as_dict(self) -> dict[str, Any]:
        """For reports."""
        wins = {f"{row} over {column}": asdict(ratio) for (row, column), ratio in self.wins.items()}
        return {
            "assessors": self.assessors,
            "wins": wins,
            "taken_for_real": {name: asdict(ratio) for name, ratio in self.fooled.items()},
        }


def report_of(answers: Sequence[dict[str, Any]]) -> StudyReport:
    """Count the answers of :func:`landscape.evaluation.study.read_answers`."""
    won: dict[tuple[str, str], list[int]] = {}
    real: dict[str, list[int]] = {}
    for line in answers:
        if line["kind"] == PAIR:
            left, right = line["shown"]
            chosen = left if line["choice"] == "left" else right
            for row, column in ((left, right), (right, left)):
                won.setdefault((row, column), []).append(int(row == chosen))
        elif line["kind"] == SINGLE:
            real.setdefault(line["shown"][0], []).append(int(line["choice"] == "real"))
    return StudyReport(
        len({line["assessor"] for line in answers}),
        {pair: Ratio.of(sum(found), len(found)) for pair, found in won.items()},
        {name: Ratio.of(sum(found), len(found)) for name, found in real.items()},
    )


def markdown_report(report: StudyReport) -> str:
    """The paper's tables: ratio of wins of rows over columns, and how often clips were taken for real."""
    names = sorted({name for pair in report.wins for name in pair} | set(report.fooled), key=lambda n: (n == REAL, n))
    lines = []
    if report.wins:
        wins = ([row, *(report.wins.get((row, column), "") for column in names)] for row in names)
        lines += [*table_lines(["wins of row over column", *names], wins), ""]
    if report.fooled:
        taken = ([name, report.fooled[name]] for name in names if name in report.fooled)
        lines += [*table_lines(["", "taken for real"], taken), ""]
    return "\n".join([*lines, f"{report.assessors} assessors; intervals of 95 %."])
