"""Parses tokens into commands, one statement at a time, so that a mistake further down loses nothing above it.

Source: POSIX.1-2017, XCU 2.10 Shell Grammar; bash(1), SHELL GRAMMAR.
"""

from __future__ import annotations

from collections.abc import Callable

from rules.hosts.grammar.lexer import Kind, Token
from rules.hosts.grammar.reader import Reader
from rules.hosts.grammar.syntax import (
    AndOr,
    Block,
    Calculation,
    Case,
    CaseArm,
    Command,
    CommandGroup,
    Compound,
    For,
    Function,
    HereDocument,
    If,
    PieceKind,
    Pipeline,
    Redirection,
    Simple,
    TooDeepError,
    While,
    Word,
    WordPiece,
    split_assignment,
)

MAX_DEPTH = 40


_RESERVED = frozenset({"if", "while", "until", "for", "select", "case", "{", "function"})


class Parser(Reader):
    """Reads statements from a script."""

    def __init__(self, text: str, line_of: Callable[[int], int]) -> None:
        super().__init__(text, line_of)
        self._depth = 0

    def statement(self) -> AndOr | None:
        """The next statement, None at the end. Raises `TooDeepError`."""
        while True:
            self.skip_ends()
            if self.token.kind is Kind.END:
                return None
            if self.at_closer() or self.at(")", ";;", ";&", ";;&"):
                self.broken = True
                self.advance()
                continue
            return self._and_or()

    def _block(self, *stops: str) -> Block:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooDeepError
        found: Block = []
        while True:
            self.skip_ends()
            if self.token.kind is Kind.END or self.at(")", ";;", ";&", ";;&") or self.is_word(*stops):
                break
            if self.at_closer():
                self.broken = True
                break
            found.append(self._and_or())
        self._depth -= 1
        return found

    def _and_or(self) -> AndOr:
        members = [("", self._pipeline())]
        while self.at("&&", "||"):
            operator = str(self.advance().value)
            self.skip_newlines()
            members.append((operator, self._pipeline()))
        self.broken = self.broken or self.at("(")  # no command begins behind another one
        return AndOr(members, background=self.at("&"))

    def _pipeline(self) -> Pipeline:
        negated = False
        while self.is_word("!", "time"):
            negated ^= self.advance().value == "!"
        commands = [self._command()]
        while self.at("|", "|&"):
            self.advance()
            self.skip_newlines()
            commands.append(self._command())
        return Pipeline(negated, commands)

    def _command(self) -> Command:
        line = self.line_here()
        value = self.token.value
        if self.at("("):
            text = self.calculation()
            return (
                self._compound(line, "(") if text is None else self._redirected(Compound(line, Calculation(text), []))
            )
        if self.token.kind is Kind.WORD and isinstance(value, str) and value in _RESERVED:
            return self._compound(line, value)
        return self._simple(line)

    def _compound(self, line: int, word: str) -> Compound:
        self.advance()
        node: If | While | For | Case | CommandGroup | Function
        if word == "if":
            node = self._if()
        elif word in ("while", "until"):
            condition = self._block("do")
            node = While(word == "until", condition, self._do())
        elif word in ("for", "select"):
            node = self._for()
            if word == "select":  # a person chooses
                node.words = [(WordPiece(PieceKind.COMMAND, "select", True),)]
        elif word == "case":
            node = self._case()
        elif word == "function":
            name = self.plain_word()
            if self.at("("):
                self.advance()
                self.close()
            node = self._function(name)
        else:
            body = self._block("}") if word == "{" else self._block()
            if word == "{":
                self.expect("}")
            else:
                self.close()
            node = CommandGroup(word == "(", body)
        return self._redirected(Compound(line, node, []))

    def _redirected(self, compound: Compound) -> Compound:
        while redirection := self._redirection():
            compound.redirections.append(redirection)
        return compound

    def _if(self) -> If:
        arms = []
        otherwise = None
        while True:
            condition = self._block("then")
            self.expect("then")
            arms.append((condition, self._block("elif", "else", "fi")))
            if not self.is_word("elif"):
                break
            self.advance()
        if self.is_word("else"):
            self.advance()
            otherwise = self._block("fi")
        self.expect("fi")
        return If(arms, otherwise)

    def _do(self) -> Block:
        self.skip_ends()
        self.expect("do")
        body = self._block("done")
        self.expect("done")
        return body

    def _for(self) -> For:
        words: list[Word] | None = None
        name = ""
        text = self.calculation()
        steps = None if text is None else [*text.split(";"), "", ""][:3]
        if steps is None:
            name = self.plain_word()
            self.skip_newlines()
            if self.is_word("in"):
                self.advance()
                words = []
                while self.token.kind is Kind.WORD:
                    words.append(_word(self.advance()))
        return For(name, words, steps, body=self._do())

    def _case(self) -> Case:
        word = _word(self.advance()) if self.has_word() else ""
        self.skip_newlines()
        self.expect("in")
        arms: list[CaseArm] = []
        while True:
            self.skip_ends()
            patterns: list[Word] = []
            while self.at("(", "|") or (self.has_word() and not self.is_word("esac")):
                token = self.advance()
                if token.kind is not Kind.OPERATOR:
                    patterns.append(_word(token))
            if not self.at(")"):
                break
            self.advance()
            body = self._block("esac")
            arms.append(CaseArm(patterns, body, self.at(";&", ";;&")))
            if self.at(";;", ";&", ";;&"):
                self.advance()
        self.expect("esac")
        return Case(word, arms)

    def _function(self, name: str) -> Function:
        self.skip_newlines()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooDeepError
        body = self._command()
        self._depth -= 1
        return Function(name, body)

    def _simple(self, line: int) -> Command:
        command = Simple(line)
        while True:
            if redirection := self._redirection():
                command.redirections.append(redirection)
            elif self.token.kind is Kind.WORD:
                word = _word(self.advance())
                assignment = split_assignment(word) if not command.words or self.at("(") else None
                array = self.array() if assignment and assignment.value == "" and self.at_array() else None
                if assignment and not command.words:
                    assignment.array = array
                    command.assignments.append(assignment)
                else:
                    if array is not None:
                        command.arrays[len(command.words)] = array
                    command.words.append(word)
            elif self.at("(") and len(command.words) == 1 and not command.assignments:
                self.advance()
                if not self.at(")"):
                    self.broken = True
                    return command
                self.advance()
                name = command.words[0]
                return Compound(line, self._function(name if isinstance(name, str) else ""), [])
            else:
                break
        if not (command.words or command.assignments or command.redirections):
            # What cannot begin a command ends the statement, or the reader would not move on.
            self.broken = True
            if self.token.kind is Kind.OPERATOR and not self.at(
                ")", ";;", ";&", ";;&", ";", "&", "&&", "||", "|", "|&"
            ):
                self.advance()
        return command

    def _redirection(self) -> Redirection | None:
        descriptor = ""
        if self.token.kind is Kind.DESCRIPTOR:
            descriptor = str(self.advance().value)
        if self.token.kind is Kind.HERE:
            here = self.advance().value
            return Redirection("<<", descriptor, here)
        if self.token.kind is Kind.OPERATOR:
            operator = str(self.token.value)
            if operator in (">", ">>", "<", "<<<", ">&", "<&", "<>", ">|", "&>", "&>>"):
                self.advance()
                target = self.advance() if self.has_word() else None
                self.broken = self.broken or target is None
                return Redirection(operator, descriptor, target.value if target else "")
        return None


def _word(token: Token) -> Word:
    return token.value if not isinstance(token.value, HereDocument) else ""
