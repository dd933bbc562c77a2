"""Every promise of ``docs/security.md`` names tests and places that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_promise_has_its_test(file: str, test: str) -> None:
    assert re.search(rf"^(async )?def {test}\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_no_promise_is_without() -> None:
    table = TEXT.split("| promise | test |")[1].split("##")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and "---" not in row]
    assert len(rows) > 10 and all("::test_" in row for row in rows)


def test_limits_are_those_of_the_code() -> None:
    from landscape.settings import LONGEST
    from landscape.ui.server.serve import LARGEST_UPLOAD
    from landscape.ui.visitors.exports import MOST_EXPORTS
    from landscape.ui.visitors.sessions import CAPACITY

    assert LARGEST_UPLOAD == "200mb" and "| 200 MB |" in TEXT
    for name, number in (("CAPACITY", CAPACITY), ("MOST_EXPORTS", MOST_EXPORTS), ("LONGEST", LONGEST)):
        assert re.search(rf"\| {number:g}( s)? \| `{name}`", TEXT), name
