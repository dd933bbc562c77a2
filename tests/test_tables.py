"""Tables in Markdown."""

from landscape.evaluation.tables import table_lines


def test_a_table_has_a_head_a_rule_and_a_line_per_row():
    assert table_lines(["", "SSIM"], [["sea.jpg", 0.5]]) == ["|  | SSIM |", "|---|---|", "| sea.jpg | 0.5 |"]


def test_names_with_bars_and_line_ends_stay_in_their_cells():
    line = table_lines(["photo"], [["a|b\nc"]])[-1]
    assert line == "| a\\|b c |"
