"""The language server: speaks the Language Server Protocol on standard input and output."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from migrate import __version__
from migrate.config import config
from migrate.edit import Edit
from migrate.files.language import LANGUAGES
from migrate.lsp.look import Problem, View
from migrate.report.rules import address
from rules.rule import Status

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.efs-migrate"
"""The kind of the action that does what `apply` does; editors can run it on saving."""

_SOURCE = "efs-migrate"
_PAUSE = 0.2
"""The seconds without typing after which a text is checked again."""


class Server(LanguageServer):
    """A language server that keeps the view of each open document."""

    def __init__(self) -> None:
        # Full texts: editors differ in what ends a line, so that incremental changes could be misplaced.
        super().__init__(_SOURCE, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self._views: dict[str, tuple[int | None, View]] = {}

    def view(self, uri: str) -> View:
        """The view of a document with its current text."""
        document = self.workspace.get_text_document(uri)
        known = self._views.get(uri)
        if known is None or known[0] != document.version:
            encoding = self.workspace.position_encoding
            view = View(_path(uri, document.language_id), document.source, str(getattr(encoding, "value", encoding)))
            self._views[uri] = known = (document.version, view)
        return known[1]

    def publish(self, uri: str) -> None:
        """Sends the problems of a document to the editor."""
        view = self.view(uri)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=uri,
                version=self.workspace.get_text_document(uri).version,
                diagnostics=[_diagnostic(view, problem) for problem in view.problems],
            )
        )

    def forget(self, uri: str) -> None:
        """Drops a document that was closed, and clears its problems in the editor."""
        self._views.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def reconfigure(self) -> None:
        """Checks every open document again, because a configuration may have changed."""
        config.forget()
        self._views.clear()
        for uri in list(self.workspace.text_documents):
            self.publish(uri)

    def edit(self, uri: str, edits: Iterable[Edit]) -> types.WorkspaceEdit:
        """The edits for the editor. They name the document's version, so that it can refuse them if the text has
        changed."""
        document = self.workspace.get_text_document(uri)
        view = self.view(uri)
        # Editors apply insertions at one place in the order that they are given.
        ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
        changes = [types.TextEdit(_range(view, edit.start, edit.end), edit.replacement) for edit in ordered]
        workspace = self.client_capabilities.workspace
        if workspace and workspace.workspace_edit and workspace.workspace_edit.document_changes:
            versioned = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=document.version)
            return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(versioned, list(changes))])
        return types.WorkspaceEdit(changes={uri: changes})


def serve() -> None:
    """Serves one editor until it ends the session."""
    server = Server()

    @server.feature(types.INITIALIZED)
    def initialized(ls: Server, _: types.InitializedParams) -> None:
        if ls.workspace.root_path:
            with suppress(OSError):
                os.chdir(ls.workspace.root_path)  # messages name files as seen from there
        workspace = ls.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(f"**/{config.NAME}")]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            ls.client_register_capability(
                types.RegistrationParams([types.Registration("configurations", method, options)])
            )

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        config.forget()
        ls.publish(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        await asyncio.sleep(_PAUSE)
        document = ls.workspace.text_documents.get(uri)
        if document is not None and document.version == params.text_document.version:
            ls.publish(uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        if Path(_path(params.text_document.uri, None)).name == config.NAME:
            ls.reconfigure()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(ls: Server, _: types.DidChangeWatchedFilesParams) -> None:
        ls.reconfigure()

    kinds = [types.CodeActionKind.QuickFix, FIX_ALL]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    def actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        return list(_actions(ls, params))

    server.start_io()


def _actions(server: Server, params: types.CodeActionParams) -> Iterable[types.CodeAction]:
    uri = params.text_document.uri
    view = server.view(uri)
    if _wanted(params, types.CodeActionKind.QuickFix.value):
        start, end = (view.positions.offset_of(p.line, p.character) for p in (params.range.start, params.range.end))
        for problem, step in view.steps(start, end):
            yield types.CodeAction(
                step.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[_diagnostic(view, problem)],
                is_preferred=step.preferred,
                edit=server.edit(uri, step.edits),
            )
    if _wanted(params, FIX_ALL) and view.everything:
        yield types.CodeAction(
            "Upgrade every EFS volume of this file (safe steps)", kind=FIX_ALL, edit=server.edit(uri, view.everything)
        )


def _wanted(params: types.CodeActionParams, kind: str) -> bool:
    """Whether an editor asks for actions of this kind, of a parent kind, or of all kinds."""
    only = params.context.only
    return only is None or any(f"{kind}.".startswith(f"{getattr(asked, 'value', asked)}.") for asked in only)


def _diagnostic(view: View, problem: Problem) -> types.Diagnostic:
    severity = types.DiagnosticSeverity.Error
    if problem.status is not None:
        advice = problem.status is Status.ADVICE
        severity = types.DiagnosticSeverity.Information if advice else types.DiagnosticSeverity.Warning
    rule = problem.rule
    return types.Diagnostic(
        _range(view, problem.start, problem.end),
        problem.message,
        severity=severity,
        code=rule.id if rule else None,
        code_description=types.CodeDescription(address(rule)) if rule else None,
        source=_SOURCE,
        data={"status": str(problem.status)} if rule else None,
    )


def _range(view: View, start: int, end: int) -> types.Range:
    return types.Range(types.Position(*view.positions.of(start)), types.Position(*view.positions.of(end)))


def _path(uri: str, language: str | None) -> str:
    """The path of a document's file. An unsaved document gets a name in the current directory."""
    path = to_fs_path(uri)
    if path is not None:
        return path
    name = uri.rpartition("/")[2].rpartition(":")[2]
    return str(Path.cwd() / (name + _suffix(language)))


def _suffix(name: str | None) -> str:
    """The suffix of a language's files; an empty string for an unknown language."""
    return next((language.suffixes[0] for language in LANGUAGES if language.name == name), "")
