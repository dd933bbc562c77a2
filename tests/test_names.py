"""Names of files to download."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.ui.names import LONGEST_NAME, download_name
from landscape.ui.visitors.sessions import Session


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Ελλάδα", "Ελλάδα"), ("富士山", "富士山"), ("Ñandú", "Ñandú"),
        (unicodedata.normalize("NFD", "Ñandú"), "Ñandú"),
        ("हिमालय", "हिमालय"), ("-rf", "rf"), ("--o=x", "o-x"), (".hidden", "hidden"), ("..", "clip"), ("", "clip"),
        ("a/b\\c:d", "a-b-c-d"), ("[/b]", "b"), ("two  words", "two--words"), ("\udce4", "clip"), ("🏔", "clip"),
    ],
)  # fmt: skip
def test_letters_of_any_script_stay(name: str, wanted: str) -> None:
    assert download_name(name) == wanted


@given(st.text())
def test_names_can_be_written_anywhere(name: str) -> None:
    found = download_name(name)
    assert found and found[0] not in "-." and len(found.encode()) <= LONGEST_NAME
    assert not set(found) & set('/\\:*?"<>|.') and found.isprintable()


def test_long_names_leave_room_for_the_ending(tmp_path: Path) -> None:
    clip = Session(tmp_path, 0.0).next_clip("山" * 200, ".landscape")
    assert len((clip.name + ".json").encode()) < 220 and clip.name.startswith("山")
