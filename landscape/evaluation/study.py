"""A user study (paper, 4): which of two clips is the more realistic, and whether a clip is real.

Assessors answer a few questions each, every question is answered by a few, and nobody sees which program made what.
Answers are lines of JSON, appended as they come, so a study goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError, require

KINDS = (".mp4", ".webm")
"""Endings of clips that every browser plays."""
REAL = "real"
"""What the folder of real clips is called in answers."""
PAIR, SINGLE = "pair", "single"
"""Which of two is the more realistic; whether one is real."""
CHOICES = {PAIR: ("left", "right"), SINGLE: ("real", "made")}
MOST_QUESTIONS = 12
"""Questions of an assessor."""
ANSWERS = 5
"""Assessors of a question."""


@dataclass(frozen=True)
class Question:
    """What is asked, in the order in which it lies in the folders; sides are drawn for each assessor.

    Attributes:
        kind: :data:`PAIR` or :data:`SINGLE`.
        clip: Name of the place.
        methods: The two methods, or the one.
        paths: Their clips.
    """

    kind: str
    clip: str
    methods: tuple[str, ...]
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The question's name in the answers."""
        return " ".join((self.kind, self.clip, *self.methods))


def find_questions(folders: Sequence[Path], real: Path | None = None) -> list[Question]:
    """Questions about clips: each place by each two of the folders that have it, and each clip by itself.

    Args:
        folders: One for each method, with clips of the same names.
        real: Folder with real clips of these names; without it nobody is asked whether a clip is real.

    Raises:
        LandscapeError: If a folder has no clips, two have one name, or no two have a clip of one name.
    """
    methods = [(folder.name, _clips(folder)) for folder in folders]
    if real is not None:
        methods.append((REAL, _clips(real)))
    names = [name for name, _ in methods]
    require(len(set(names)) == len(names), "Give each folder a name of its own: it is the method's name in the report.")
    questions = [
        Question(PAIR, clip, (first, second), (ours[clip], theirs[clip]))
        for (first, ours), (second, theirs) in itertools.combinations(methods, 2)
        for clip in sorted(ours.keys() & theirs.keys())
    ]
    if real is not None:
        questions += [Question(SINGLE, clip, (name,), (path,)) for name, own in methods for clip, path in own.items()]
    require(bool(questions), "No two folders have a clip of one name: name the clips of one place alike.")
    return questions


def _clips(folder: Path) -> dict[str, Path]:
    require(folder.is_dir(), f"“{folder}” is no folder: give a folder of clips for each method.")
    found = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in KINDS}
    require(bool(found), f"“{folder}” holds no clips: they end in {' or '.join(KINDS)}.")
    return found


@dataclass(frozen=True)
class Asked:
    """A question as one assessor sees it.

    Attributes:
        question: What is asked.
        mirrored: Whether the second method is on the left.
        number: How many this assessor has answered.
        total: How many this assessor will be asked.
    """

    question: Question
    mirrored: bool
    number: int
    total: int


class Study:
    """A study that goes on.

    Args:
        questions: What is asked.
        answers: File of the answers; those in it count.
        seed: Seed of orders and sides.

    Raises:
        LandscapeError: If the file is no file of answers.
    """

    def __init__(self, questions: Sequence[Question], answers: Path, seed: int = 0) -> None:
        self.questions = {question.name: question for question in questions}
        self._file, self._seed = answers, seed
        self._lock = threading.Lock()
        self._answered: dict[str, set[str]] = {name: set() for name in self.questions}
        self._waiting: dict[str, str] = {}  # what each assessor sees at present
        # Behind a line that a kill cut short a new one begins.
        self._begin = "" if not answers.is_file() or answers.read_bytes()[-1:] in (b"", b"\n") else "\n"
        for line in read_answers(answers) if answers.exists() else []:
            if line["question"] in self._answered:
                self._answered[line["question"]].add(line["assessor"])

    def ask(self, assessor: str) -> Asked | None:
        """The next question of an assessor; None when there is none left for them. Asked again, it is the same one."""
        with self._lock:
            mine = [name for name, who in self._answered.items() if assessor in who]
            open_ = [name for name, who in self._answered.items() if assessor not in who and self._room(name, assessor)]
            if len(mine) >= MOST_QUESTIONS or not open_:
                self._waiting.pop(assessor, None)
                return None
            if self._waiting.get(assessor) not in open_:
                # Those with the fewest answers come first, so that a study that ends early has asked all alike.
                self._waiting[assessor] = min(
                    open_, key=lambda name: (len(self._answered[name]), self._drawn(assessor, name))
                )
            name = self._waiting[assessor]
            total = min(MOST_QUESTIONS, len(mine) + len(open_))
            return Asked(self.questions[name], self.mirrored(assessor, name), len(mine), total)

    def answer(self, assessor: str, name: str, choice: str) -> None:
        """Take an answer down. One that was given before, or is no longer asked for, is let go.

        Raises:
            LandscapeError: If there is no such question or answer, or it cannot be written.
        """
        question = self.questions.get(name)
        if question is None or choice not in CHOICES[question.kind]:
            raise LandscapeError("This is no answer to a question of this study: load the page again.")
        with self._lock:
            if assessor in self._answered[name] or self._waiting.get(assessor) != name:
                return
            shown = question.methods[::-1] if self.mirrored(assessor, name) else question.methods
            line = {"assessor": assessor, "question": name, "kind": question.kind, "clip": question.clip}
            line |= {"shown": list(shown), "choice": choice}  # type: ignore[dict-item]
            try:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(self._begin + json.dumps(line, ensure_ascii=False) + "\n")
                self._begin = ""
            except OSError as error:
                raise LandscapeError("The answer cannot be written: is the disk full?") from error
            self._answered[name].add(assessor)
            del self._waiting[assessor]

    def mirrored(self, assessor: str, name: str) -> bool:
        """Whether an assessor sees the second method on the left."""
        return len(self.questions[name].methods) > 1 and self._drawn(assessor, f"{name} side") % 2 == 1

    def _room(self, name: str, assessor: str) -> bool:
        others = sum(waiting == name for who, waiting in self._waiting.items() if who != assessor)
        return len(self._answered[name]) + others < ANSWERS

    def _drawn(self, *words: str) -> int:
        digest = hashlib.sha256("\n".join((str(self._seed), *words)).encode()).digest()
        return int.from_bytes(digest[:8], "big")


def read_answers(path: Path) -> list[dict[str, Any]]:
    """Read the answers of a study; lines that a kill cut short are left out.

    Raises:
        LandscapeError: If the file is missing or is no file of answers.
    """
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: give the answers that landscape study wrote.")
    lines, found = path.read_text(encoding="utf-8").splitlines(), []
    for text in lines:
        with contextlib.suppress(json.JSONDecodeError):
            found.append(json.loads(text))
    wanted = {"assessor", "question", "kind", "shown", "choice"}
    right = all(isinstance(line, dict) and wanted <= line.keys() for line in found)
    require(right and bool(found) == bool(lines), f"“{path}” holds no answers of a study: choose another file.")
    return found
