"""A user study: blind, balanced, resumable, and counted rightly."""

import json
import threading
import time
from collections import Counter

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import expect
from starlette.testclient import TestClient
from typer.testing import CliRunner

from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.evaluation.study import ANSWERS, MOST_QUESTIONS, PAIR, Study, find_questions, read_answers
from landscape.evaluation.study_report import Ratio, markdown_report, report_of
from landscape.output.video import write_video
from landscape.ui.server.study import study_app
from tests.browser import chromium, free_port


@pytest.fixture
def folders(tmp_path):
    """Clips of five places by two methods and real ones, which nothing plays."""
    for name in ("ours", "theirs", "film"):
        (tmp_path / name).mkdir()
        for place in range(5):
            (tmp_path / name / f"place{place}.mp4").write_bytes(b"a clip")
    return tmp_path / "ours", tmp_path / "theirs", tmp_path / "film"


def everybody(study, choose=lambda asked: "left", people=40):
    """Everybody answers all that they are asked."""
    asked = []
    for person in range(people):
        while (found := study.ask(f"assessor{person}")) is not None:
            asked.append((f"assessor{person}", found))
            study.answer(f"assessor{person}", found.question.name, choose(found))
    return asked


def test_questions_are_about_places_that_both_have(folders):
    ours, theirs, film = folders
    (theirs / "place4.mp4").unlink()
    assert [q.clip for q in find_questions([ours, theirs])] == [f"place{i}" for i in range(4)]
    with_real = find_questions([ours, theirs], film)
    assert Counter(q.kind for q in with_real) == {"pair": 4 + 5 + 4, "single": 5 + 4 + 5}
    with pytest.raises(LandscapeError, match="holds no clips"):
        find_questions([ours, folders[0].parent])
    with pytest.raises(LandscapeError, match="is no folder"):
        find_questions([ours, ours / "none"])
    with pytest.raises(LandscapeError, match="a name of its own"):
        find_questions([ours, ours])
    with pytest.raises(LandscapeError, match="No two folders"):
        find_questions([ours])


def test_nobody_answers_more_and_no_question_is_answered_more_often(folders, tmp_path):
    ours, theirs, film = folders
    study = Study(find_questions([ours, theirs], film), tmp_path / "a.jsonl")
    asked = everybody(study, lambda found: "left" if found.question.kind == PAIR else "real")
    by_person, by_question = (Counter(key) for key in zip(*((p, f.question.name) for p, f in asked), strict=True))
    assert max(by_person.values()) == MOST_QUESTIONS and set(by_question.values()) == {ANSWERS}
    assert len(by_question) == len(study.questions)
    assert len({(p, f.question.name) for p, f in asked}) == len(asked)
    first = [f for p, f in asked if p == "assessor0"]
    assert [f.number for f in first] == list(range(12)) and all(f.total == 12 for f in first)
    sides = [f.mirrored for _, f in asked if f.question.kind == PAIR]
    assert 0.35 < np.mean(sides) < 0.65
    orders = [tuple(f.question.name for p, f in asked if p == f"assessor{i}") for i in range(2)]
    assert orders[0] != orders[1]


def test_a_question_that_somebody_looks_at_is_kept_for_them(folders, tmp_path):
    questions = find_questions(folders[:2])[:1]
    study = Study(questions, tmp_path / "a.jsonl")
    for person in range(ANSWERS):
        assert study.ask(f"p{person}") is not None
    assert study.ask("late") is None and study.ask("p0") is not None
    study.answer("late", questions[0].name, "left")
    study.answer("p0", questions[0].name, "left")
    study.answer("p0", questions[0].name, "right")
    assert len(read_answers(tmp_path / "a.jsonl")) == 1
    with pytest.raises(LandscapeError, match="no answer to a question"):
        study.answer("p1", questions[0].name, "real")
    with pytest.raises(LandscapeError, match="no answer to a question"):
        study.answer("p1", "another", "left")


def test_a_study_goes_on_where_it_stopped(folders, tmp_path):
    file = tmp_path / "a.jsonl"
    questions = find_questions(folders[:2])
    study = Study(questions, file, seed=3)
    for _ in range(2):
        study.answer("p", study.ask("p").question.name, "left")
    before = study.ask("p")
    with file.open("a") as lines:
        lines.write('{"assessor": "q", "quest')  # a kill
    again = Study(questions, file, seed=3)
    assert again.ask("p") == before and before.number == 2
    again.answer("p", before.question.name, "right")
    assert len(read_answers(file)) == 3 and Study(questions, file, seed=3).ask("p").number == 3
    for text in ("mine", '{"a": 1}\n'):
        file.write_text(text)
        with pytest.raises(LandscapeError, match="holds no answers"):
            Study(questions, file)
        assert file.read_text() == text


def test_ratios_have_wilsons_interval():
    ratio = Ratio.of(8, 10)
    assert (ratio.share, round(ratio.low, 4), round(ratio.high, 4)) == (0.8, 0.4902, 0.9433)
    none, all_ = Ratio.of(0, 5), Ratio.of(5, 5)
    assert (none.low, all_.low, all_.high) == pytest.approx((0, 0.5655, 1), abs=1e-4)


def test_a_report_counts_wins_whatever_the_sides(folders, tmp_path):
    ours, theirs, film = folders
    study = Study(find_questions([ours, theirs], film), tmp_path / "a.jsonl")

    def choose(asked):
        """Real is always known; ours wins over theirs."""
        rank = ["theirs", "ours", "real"]
        methods = asked.question.methods[::-1] if asked.mirrored else asked.question.methods
        if len(methods) == 1:
            return "real" if methods[0] == "real" else "made"
        return "left" if rank.index(methods[0]) > rank.index(methods[1]) else "right"

    everybody(study, choose)
    report = report_of(read_answers(tmp_path / "a.jsonl"))
    wins = {pair: ratio.share for pair, ratio in report.wins.items()}
    assert wins["ours", "theirs"] == wins["real", "ours"] == 1 and wins["theirs", "real"] == 0
    assert report.wins["ours", "theirs"].total == 5 * ANSWERS
    assert {name: ratio.share for name, ratio in report.fooled.items()} == {"ours": 0, "theirs": 0, "real": 1}
    text = markdown_report(report)
    assert "| wins of row over column | ours | theirs | real |" in text and "1.00 (0.87 to 1.00, n = 25)" in text
    options = ["study", "report", str(tmp_path / "a.jsonl"), "--table", str(tmp_path / "t.md")]
    result = CliRunner().invoke(cli, [*options, "--json", str(tmp_path / "r.json")])
    assert result.exit_code == 0, result.exception
    assert json.loads((tmp_path / "r.json").read_text())["wins"]["ours over theirs"]["share"] == 1
    assert "taken for real" in (tmp_path / "t.md").read_text()


def test_pages_tell_nothing_of_who_made_what(folders, tmp_path):
    study = Study(find_questions(folders[:2], folders[2]), tmp_path / "a.jsonl")
    client = TestClient(study_app(study))
    assert "One moment" in client.get("/").text and "/* study" not in client.get("/").text
    for number in range(1, MOST_QUESTIONS + 1):
        reply = client.get("/ask", params={"assessor": "somebody1"})
        asked = reply.json()
        assert asked["number"] == number and not any(
            word in reply.text for word in ("ours", "theirs", "place", "film0")
        )
        for address in asked["films"]:
            film = client.get(address, headers={"Range": "bytes=2-5"})
            assert film.status_code == 206 and film.content == b"clip"
            assert not any("place" in value or "ours" in value for value in film.headers.values())
        given = {"assessor": "somebody1", "name": asked["name"], "choice": asked["choices"][0]}
        after = client.post("/answer", json=given).json()
    assert after == {"over": True} and len(read_answers(tmp_path / "a.jsonl")) == MOST_QUESTIONS
    assert client.get("/film/../a.jsonl").status_code == 404 == client.get("/film/none").status_code
    for body in ({}, {"assessor": "x", "name": "y", "choice": "left"}, given | {"name": "none"}, [1]):
        assert client.post("/answer", json=body).status_code == 400
    assert client.post("/answer", content=b"x" * 5000).status_code == 400
    assert client.get("/ask", params={"assessor": "<script>"}).status_code == 400


@pytest.mark.browser
def test_people_answer_by_keys_by_mouse_and_on_a_phone(tmp_path):
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        for place in range(3):
            frames = [np.full((48, 64, 3), 40 * place + 4 * i, np.uint8) for i in range(6)]
            write_video(tmp_path / name / f"place{place}.webm", frames, 10)
    study = Study(find_questions([tmp_path / "ours", tmp_path / "theirs"]), tmp_path / "a.jsonl")
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(study_app(study), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            outside = []
            page.on("request", lambda request: outside.append(request.url) if f":{port}/" not in request.url else None)
            page.goto(f"http://127.0.0.1:{port}/")
            expect(page.get_by_text("Question 1 of 3")).to_be_visible()
            page.wait_for_function("[...document.querySelectorAll('video')].every(film => film.videoWidth === 64)")
            left, right = (film.bounding_box() for film in page.locator("video").all())
            assert left["x"] + left["width"] <= right["x"]
            page.keyboard.press("ArrowRight")
            expect(page.get_by_text("Question 2 of 3")).to_be_visible()
            page.reload()  # the assessor is known again
            expect(page.get_by_text("Question 2 of 3")).to_be_visible()
            page.set_viewport_size({"width": 390, "height": 760})
            expect(page.get_by_role("button", name="Upper")).to_be_visible()
            upper, lower = (film.bounding_box() for film in page.locator("video").all())
            assert upper["y"] + upper["height"] <= lower["y"]
            button = page.locator("button").first.bounding_box()
            assert button["height"] >= 48 and button["y"] + button["height"] <= 760
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.locator("button").first.click()
            expect(page.get_by_text("Question 3 of 3")).to_be_visible()
            page.locator("button").last.click()
            expect(page.get_by_text("Thank you")).to_be_visible()
            assert [line["choice"] for line in read_answers(tmp_path / "a.jsonl")] == ["right", "left", "right"]
            assert not [address for address in outside if not address.startswith("data:")]
    finally:
        server.should_exit = True
        thread.join(10)
