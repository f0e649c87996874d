"""Asks for values that rules need: checks them, uses them at once, and saves them to the configuration on request."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from migrate.config import config, entries
from migrate.config.config import Config
from migrate.files.screen import reason
from migrate.files.source import SourceProblem, put, read, write
from migrate.review.screen import wrapped
from migrate.run.run import Job, Run
from migrate.terminal.keyboard import END, Terminal
from migrate.terminal.printable import printable
from rules.choices import Choices
from rules.facts.questions import MountAt, Question


class Inputs:
    """Asks each question once a run. `folder` is the folder in which a configuration is created if there is none."""

    def __init__(self, run: Run, terminal: Terminal, folder: str) -> None:
        self.run = run
        self.terminal = terminal
        self.folder = folder
        self.asked: set[Question] = set()
        self.unsaved: dict[str, list[Choices]] = {}
        """The values that were typed in but not saved, by the path of the configuration that they belong to."""

    def choices(self, job: Job) -> Choices:
        """The choices for a job's file: those of its configuration as it is now, and the values that were not saved."""
        assert job.choices is not None
        governing = self.run.governing(job.path)
        if not isinstance(governing, Config):
            return job.choices
        choices = replace(self.run.choices(governing), seen=job.choices.seen, passed=job.choices.passed)
        for more in self.unsaved.get(self._place(job), ()):
            choices = replace(
                choices,
                file_systems=(*choices.file_systems, *more.file_systems),
                docker_volumes={**choices.docker_volumes, **more.docker_volumes},
                task_roles={**choices.task_roles, **more.task_roles},
            )
        return choices

    def may_ask(self, question: Question | None) -> bool:
        """Whether a question can be answered here and was not asked before."""
        if question is None or question in self.asked:
            return False
        return entries.settings(question, [blank.example for blank in entries.blanks(question)]) is not None

    def ask(self, question: Question, job: Job) -> bool | None:
        """Asks for the missing values and takes them. Returns False if the user skips the question, None to end the
        review."""
        self.asked.add(question)
        if isinstance(question, MountAt):
            chosen = self._choose(question)
            if not isinstance(chosen, MountAt):
                return chosen
            question = chosen
        blanks = entries.blanks(question)
        # Choosing a suggested mount has answered the first blank, the file system.
        answers = [blanks[0].usual] if blanks[0].usual else []
        if answers and (wrong := entries.problem(question, answers)):
            self._say(f"That cannot be: {wrong}")
            return False
        while len(answers) < len(blanks):
            blank = blanks[len(answers)]
            hint = f"Enter: {blank.usual}" if answers else f"such as {blank.example}; Enter: skip"
            typed = self.terminal.line(printable(f"{blank.name} ({hint}): "))
            if typed == END:
                return None
            typed = typed or blank.usual
            if not typed:
                return False
            if wrong := entries.problem(question, [*answers, typed]):
                self._say(f"That cannot be: {wrong}")
            else:
                answers.append(typed)
        entry = entries.settings(question, answers)
        assert entry is not None
        return self._take(entry, job)

    def _choose(self, question: MountAt) -> MountAt | bool | None:
        """The question narrowed to the mount that the user chooses. Returns False to skip it, None to end the
        review."""
        known = [mount for mount in question.likely if mount[1]]
        if not known:
            return question
        for number, (path, system, directory) in enumerate(known, 1):
            self._say(f"  {number}  {system}:{directory} mounted at {path}")
        while True:
            typed = self.terminal.line(f"Which one (1-{len(known)}; 0: another; Enter: skip): ")
            if typed == END:
                return None
            if not typed:
                return False
            if typed.isascii() and typed.isdecimal() and int(typed) <= len(known):
                number = int(typed)
                path, _, directory = question.likely[0]
                return replace(question, likely=(known[number - 1] if number else (path, "", directory),))

    def _take(self, entry: entries.Settings, job: Job) -> bool | None:
        place = self._place(job)
        name = os.path.relpath(place)
        while True:
            key = self.terminal.key(f"Save this to {printable(name)} [Y,n]? ").lower()
            if key in ("y", "n", "", "q", END):
                break
        if key in ("q", END):
            return None
        if key != "n":
            problem = _saved(place, name, entry)
            config.forget()
            if problem is None:
                return True
            self._say(f"{name} is left as it was: {problem}. What you typed holds for this run.")
        self.unsaved.setdefault(place, []).append(entries.told(entry).choices)
        return True

    def _place(self, job: Job) -> str:
        """The path of the configuration that governs a file, or of the one to create."""
        found = self.run.options.config or config.find(job.path)
        if found is not None:
            return str(Path(found).absolute())
        folders = config.upward(job.path)
        return str(Path(self.folder if self.folder in folders else folders[-1], config.NAME))

    def _say(self, text: str) -> None:
        for line in wrapped("", text, self.terminal.width):
            self.terminal.write(f"{line}\n")


def _saved(place: str, name: str, entry: entries.Settings) -> str | None:
    """Adds an entry to a configuration, which is created if there is none. Returns the reason if that failed, else
    None."""
    path = Path(place)
    try:
        if not os.path.lexists(place):
            put(path, entries.new(entry).encode(), new=True)
            return None
        source = read(path, name)
        write(source, entries.add(source.text, entry))
    except (SourceProblem, entries.NotSaved) as problem:
        return str(problem)
    except OSError as error:
        return reason(error)
    return None
