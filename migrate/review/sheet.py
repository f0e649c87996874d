"""Asks about the steps of one unit, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from migrate.config.entries import input_label
from migrate.edit import Edit, between, shared
from migrate.engine.decisions import Answer, Decisions
from migrate.engine.outcome import Located, Outcome, VolumeLevels
from migrate.engine.plan import Decided, Plan
from migrate.engine.process import Opened
from migrate.review import hunks, screen
from migrate.review.inputs import Inputs
from migrate.run.recorded_answers import Answers, Given, Word
from migrate.run.run import Job
from migrate.syntax.unit import starts
from migrate.terminal.keyboard import END, Terminal
from rules.choices import Choices
from rules.facts.questions import Question
from rules.model import EfsVolume, Stack
from rules.rule import Finding, Status, StepId


@dataclass
class SessionChoices:
    """Decisions of the user that hold for all steps that follow."""

    skipped: set[str] = field(default_factory=set)
    """Ids of rules whose steps are refused."""
    takes_all: bool = False
    """Whether safe steps are applied without a question."""
    ended: bool = False


class Sheet:
    """The questions about one unit, and its outcome."""

    def __init__(
        self,
        job: Job,
        opened: Opened,
        inputs: Inputs,
        terminal: Terminal,
        given: Answers,
        manner: SessionChoices,
    ) -> None:
        self.job = job
        self.sources = opened.texts
        self.opened = opened
        self.inputs = inputs
        self.terminal = terminal
        self.given = given
        self.manner = manner
        self.names = [file.name for file in job.files]
        self.answers: dict[StepId, Answer] = {}
        for name in self.names:
            self.answers |= given.to_repeat(name)
        self.closed = False
        """Whether the user wants no more questions about this unit."""
        self.by_hand = _ByHand()
        self.known: tuple[Opened, Choices, Decisions, Outcome] | None = None

    def outcome(self) -> Outcome:
        """Asks until everything is decided or the user quits, and returns the outcome, proven but not written to
        disk."""
        while not self.closed and not self.manner.ended:
            choices, decisions, refused = self._choices(), self._decisions(), self.opened.unwritten
            decided = self._first_open(self.opened.plan(choices, decisions), decisions)
            if decided is None:
                break
            offered = _offered(decided)
            before = self._outcome(choices, decisions)
            if before.error is not None:  # replayed answers may contradict one another
                break
            if self.opened.unwritten != refused:  # a step could not be written to the text: plan again without it
                continue
            located = next(f for f in before.findings if f.finding.id == decided.finding.id)
            if offered.finding.changes:
                self._ask(
                    offered, replace(located, finding=offered.finding), before, choices=choices, decisions=decisions
                )
            else:
                self._ask_for_input(located)
        outcome = self._outcome(self._choices(), replace(self._decisions(), asking=False))
        for located in outcome.findings:
            # Quitting is no answer to the questions that were not asked.
            left = located.finding.changes and not located.applied and located.finding.id not in self.by_hand.steps
            if left and (self.closed or located.finding.rule in self.manner.skipped):
                self.given.add(Given.to(self.names[located.file], located.finding, Word.NO))
        return self.by_hand.whole(outcome, self.sources)

    def _choices(self) -> Choices:
        return self.inputs.choices(self.job)

    def _outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        """The outcome under these decisions, taken from the preview of the last question if that had the same."""
        known = (self.opened, choices, decisions)
        if self.known is None or self.known[0] is not self.opened or self.known[1:3] != known[1:]:
            self.known = (*known, self.opened.outcome(choices, decisions))
        return self.known[3]

    def _decisions(self) -> Decisions:
        taken = set()
        if self.manner.takes_all and not self.closed and not self.manner.ended:
            taken = {Status.FIXABLE, Status.UNSAFE} if self._choices().unsafe else {Status.FIXABLE}
        return Decisions(dict(self.answers), frozenset(self.manner.skipped), frozenset(taken), asking=True)

    def _first_open(self, plan: Plan, decisions: Decisions) -> Decided | None:
        """The first undecided step or unasked question in the order of the plan; later ones may change with its answer.
        Steps before it that were applied without a question are recorded as accepted."""
        for decided in plan.decided:
            finding = decided.finding
            if decided.applied:
                if decisions.of(finding) is None:
                    self._note([finding], Word.YES)
            elif _offered(decided).finding.changes:
                if all(decisions.of(f) is not False for f in _offered(decided).together):
                    return decided
            elif finding.status is Status.NEEDS_INPUT and self.inputs.may_ask(finding.question):
                return decided
        return None

    def _file_of(self, finding: Finding) -> str:
        """The name of the file that a finding stands in."""
        reading = self.opened.reading
        return self.names[reading.unit.place(reading.spans[finding.subject])[0]]

    def _note(self, findings: Sequence[Finding], word: Word) -> None:
        for finding in findings:
            given = Given.to(self._file_of(finding), finding, word)
            self.answers[finding.id] = given.answer
            self.given.add(given)

    # -- a step -------------------------------------------------------------------------------------------------------

    def _ask(self, decided: Decided, located: Located, before: Outcome, choices: Choices, decisions: Decisions) -> None:
        """Shows a step, lets the user look at its alternatives, and takes the answer."""
        usual = decided.finding
        ways = usual.ways
        question = usual.question if self.inputs.may_ask(usual.question) else None
        selected = 0
        for other, known in self.given.to_others(self._file_of(usual), [usual]):
            self._say(f"The recorded answer to {other.rule} ({known.word}) was to a step that did something else.")
        while True:
            way = ways[selected]
            findings = decided.together if way is usual else (way,)
            accepted = {f.id: Answer(True, f.digest) for f in findings}
            refused = self.opened.unwritten
            after = self._outcome(choices, replace(decisions, answers={**decisions.answers, **accepted}))
            if self.opened.unwritten != refused:
                return
            if after.error is not None:
                self._show(screen.head(self.names[located.file], located))
                self._say(f"This step is left: {after.error}")
                if way is not usual:
                    selected = 0
                    continue
                self.answers.update({f.id: Answer(False) for f in findings})
                return
            change = self._hunks(before, after)
            shown = replace(located, finding=way)
            known_before = {(f.finding.id, f.finding.message) for f in before.findings}
            brings = [
                f.finding
                for f in after.findings
                if f.finding.status is Status.ADVICE and (f.finding.id, f.finding.message) not in known_before
            ]
            self._show(screen.step(self.names[located.file], shown, change, brings=brings, width=self.terminal.width))
            listed = [(w.label, w.status) for w in ways] + ([(input_label(question), None)] if question else [])
            self._show(screen.ways(listed, selected, usual.otherwise))
            number = self._answer(way, len(listed), choices)
            if isinstance(number, str):
                if number != "e":
                    self._take(number, findings, decided.together)
                    if number in ("n", "d", "s"):
                        self._tell_what_is_withheld()
                    return
                # What the edited text is compared with: the plan with this step.
                taken = replace(decisions, answers={**decisions.answers, **accepted})
                planned = self.opened.plan(choices, taken).stack
                if self._edit(shown, findings, change, before=before, after=after, planned=planned):
                    return
            elif number < len(ways):
                selected = number
            elif question is not None:
                self._ask_for_input(located, question)
                return

    def _hunks(self, before: Outcome, after: Outcome) -> list[hunks.Hunk]:
        """The hunks between two outcomes, file by file."""
        found = []
        several = len(self.names) > 1
        for index, (old, new) in enumerate(zip(before.files, after.files, strict=True)):
            edits = between(old.before, old.edits, new.edits)
            named = self.names[index] if several else ""
            found += [replace(h, file=index, name=named) for h in hunks.hunks(old.text, new.text, edits)]
        return found

    def _answer(self, way: Finding, count: int, choices: Choices) -> str | int:
        """The key that the user presses as an answer, or the index of an alternative to show."""
        unsafe = way.status is Status.UNSAFE and not choices.unsafe
        default = "n" if unsafe else "y"
        numbers = {str(number + 1): number for number in range(min(count, 9))} if count > 1 else {}
        offered = [key.upper() if key == default else key for key in screen.KEYS]
        if numbers:
            offered.insert(2, f"1-{len(numbers)}")
        verb = "Apply this UNSAFE step" if way.status is Status.UNSAFE else "Apply this step"
        while True:
            key = self.terminal.key(f"{verb} [{','.join(offered)}]? ", fresh=way.status is Status.UNSAFE)
            key = "q" if key == END else key.lower() or default
            if key in numbers:
                return numbers[key]
            if key in screen.KEYS and key != "?":
                return key
            self._show(screen.help_text([*screen.KEYS], way.rule, len(numbers)))

    def _take(self, key: str, accepted: Sequence[Finding], usual: Sequence[Finding]) -> None:
        if key in ("y", "a"):
            self._note(accepted, Word.YES)
            self.manner.takes_all |= key == "a"
        elif key in ("n", "d"):
            self._note(usual, Word.NO)
            self.closed |= key == "d"
        elif key == "s":
            self._note(usual, Word.NO)
            self.manner.skipped.add(usual[0].rule)
        else:
            self.manner.ended = True

    def _tell_what_is_withheld(self) -> None:
        """Tells which steps that the user accepted are part of the plan no more, because of an answer to another."""
        for decided in self.opened.plan(self._choices(), self._decisions()).decided:
            answer = self.answers.get(decided.finding.id)
            if answer is not None and answer.accepted and not decided.finding.changes:
                self._say(f"{decided.finding.rule} is not applied then: {decided.finding.message}")

    # -- by hand ------------------------------------------------------------------------------------------------------

    def _edit(
        self,
        located: Located,
        findings: Sequence[Finding],
        change: Sequence[hunks.Hunk],
        before: Outcome,
        after: Outcome,
        planned: Stack,
    ) -> bool:
        """Lets the user edit the hunks of a step, which lead to `planned`. Returns whether the step is decided by that."""
        title = f"{self.names[located.file]}:{located.line}: {located.rule.id} {located.rule.name}"
        texts: list[str] | None = None
        try:
            texts = hunks.edit([file.text for file in before.files], change, title, terminal=self.terminal)
            problem = "nothing of it is left" if texts is None else None
        except hunks.NotEdited as refused:
            problem = str(refused)
        if texts == [file.text for file in after.files]:
            self._note(findings, Word.YES)
            return True
        if texts is not None:
            opened = self.opened.edited(*texts)
            if isinstance(opened, Opened):
                from migrate.engine.differences import misread  # late, since it is slow and hardly ever needed

                unlike = misread(planned, opened.reading.stack)
                problem = _loses_iam(after, opened)
                if problem is None:
                    self.by_hand.take(before, findings)
                    self.opened = opened
                    self._note(findings, Word.EDIT)
                    told = f" Unlike the step: {'; '.join(dict.fromkeys(unlike.values()))}." if unlike else ""
                    self._say(
                        "Edited by hand: it has the same definitions and volumes, and no line changed that the step leaves as "
                        f"it is.{told} That it does what the step was to do is not proven."
                    )
                    return True
            else:
                problem = opened
        self._say(f"Not applied: {problem}")
        return False

    # -- what is missing ----------------------------------------------------------------------------------------------

    def _ask_for_input(self, located: Located, question: Question | None = None) -> None:
        finding = located.finding
        wanted = question or finding.question
        assert wanted is not None
        if question is None:
            self._show(screen.head(self.names[located.file], located))
            self._say(finding.message)
            if finding.help:
                self._say(finding.help)
        answered = self.inputs.ask(wanted, self.job)
        if answered is None:
            self.manner.ended = True
        elif answered:
            plan = self.opened.plan(self._choices(), self._decisions())
            for again in plan.decided:
                if again.finding.question == wanted and again.finding.status is Status.NEEDS_INPUT:
                    self._say(f"That does not settle it: {again.finding.message}")
                    break

    def _say(self, text: str) -> None:
        self._show(screen.wrapped("", text, self.terminal.width))

    def _show(self, lines: Iterator[str]) -> None:
        self.terminal.write("".join(f"{line}\n" for line in lines))


def _offered(decided: Decided) -> Decided:
    """The step that a yes accepts: for advice, the first of the steps that it offers."""
    if decided.finding.changes or not decided.finding.ways:
        return decided
    first, *others = decided.finding.ways
    return Decided(replace(first, alternatives=tuple(others)), decided.applied, (first,))


def _loses_iam(planned: Outcome, edited: Opened) -> str | None:
    """The reason why a text that was edited by hand cannot be used if it has a volume without the IAM authorization of its
    old mount, which later plans would not know of; None if it can."""
    kept = {f.finding.subject for f in planned.findings if f.applied and f.finding.keeps_iam}
    if all(isinstance(s, EfsVolume) and s.authorizes for key, s in edited.reading.storages.items() if key in kept):
        return None
    return "the old mount is authorized by IAM, and the edited text would lose that: take this step as it is"


# -- what came of a hunk edited by hand -------------------------------------------------------------------------------


@dataclass
class _ByHand:
    """The findings and levels from before a hunk was edited by hand. Later plans begin with the edited text and lack
    them."""

    steps: set[StepId] = field(default_factory=set)
    findings: list[Located] = field(default_factory=list)
    volumes: list[tuple[VolumeLevels, ...]] | None = None
    """The volumes of each file as they were before the first edit by hand; None if there was none."""

    def take(self, before: Outcome, edited: Sequence[Finding]) -> None:
        """Records the findings that were applied so far, and the steps whose hunks were edited."""
        self.steps.update(finding.id for finding in edited)
        self.findings += [f for f in before.findings if f.applied]
        self.findings += [
            replace(f, applied=True, finding=replace(f.finding, message=f"{f.finding.message} — then edited by hand"))
            for f in before.findings
            if f.finding.id in self.steps and not f.applied
        ]
        if self.volumes is None:
            self.volumes = [file.volumes for file in before.files]

    def whole(self, last: Outcome, sources: Sequence[str]) -> Outcome:
        """The outcome of the whole review, from the source texts to those of the last outcome."""
        if self.volumes is None or last.error is not None:
            return last
        files = []
        for index, (file, volumes, source) in enumerate(zip(last.files, self.volumes, sources, strict=True)):
            findings = [f for f in self.findings if f.file == index]
            findings += [f for f in file.findings if f.finding.id not in self.steps]
            files.append(
                replace(
                    file,
                    volumes=tuple(_level(first, now) for first, now in zip(volumes, file.volumes, strict=True)),
                    findings=tuple(sorted(findings, key=lambda f: f.place)),
                    edits=_whole_edit(source, file.text),
                    before=source,
                )
            )
        edits = (
            replace(edit, start=edit.start + start, end=edit.end + start)
            for file, start in zip(files, starts(sources), strict=True)
            for edit in file.edits
        )
        return Outcome(tuple(files), tuple(edits))


def _level(first: VolumeLevels, now: VolumeLevels) -> VolumeLevels:
    """The first and the last state of a volume. The storage counts as unchanged unless it is EFS now: reports describe
    only that."""
    planned = now.planned if isinstance(now.planned, EfsVolume) else first.storage
    return replace(first, after=now.after, planned=planned)


def _whole_edit(old: str, new: str) -> tuple[Edit, ...]:
    """The single edit that turns one text into another; empty if they are equal."""
    head, tail = shared(old, new)
    return (Edit(head, len(old) - tail, new[head : len(new) - tail]),) if old != new else ()
