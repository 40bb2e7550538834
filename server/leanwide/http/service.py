"""What the requests of all clients share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from attrs import define, evolve, field

from leanwide.context.view import View
from leanwide.engine.base import Engine
from leanwide.features.exclusion import DocumentNames, why_untrained
from leanwide.features.given_files import GivenFiles
from leanwide.features.machine_monitor import monitor_machine
from leanwide.features.session import Backend, Session, ignore
from leanwide.files.area import WorkspaceFolders
from leanwide.files.exclusions import Exclusions
from leanwide.http.documents import HttpDocuments
from leanwide.options import Options
from leanwide.syntax import language_for


@define(eq=False)
class HttpService:
    """The engine, the documents, and the session of all questions."""

    engine: Engine
    options: Options
    texts: Mapping[str, str]
    notify: Callable[[str], None]
    documents: HttpDocuments = field(init=False)
    questions: Session = field(init=False)
    _backend: Backend = field(init=False)
    _names: DocumentNames = field(init=False)
    _monitor: asyncio.Task[None] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._backend = Backend(engine=self.engine)
        exclusions = Exclusions("", self.options.files.exclude)
        self._names = DocumentNames(WorkspaceFolders(outside=exclusions))
        self.documents = HttpDocuments(self._session)
        self.questions = evolve(self._session(GivenFiles()), notify=self.notify)

    def serves(self, view: View) -> bool:
        """Whether the user and the model know completions in a document's language.

        They do where the language is not known: that of a document without a name.
        """
        language, model = language_for("", view.path), self.questions.typing_model
        if language is None:
            return True
        known = model is None or why_untrained(view, model) is None
        return known and not language.ids & set(self.options.languages.off)

    def start(self) -> None:
        """Watch battery, memory and idle lanes from now on."""
        self._monitor = asyncio.create_task(monitor_machine(self.questions, ignore))

    async def close(self) -> None:
        """End all work and the engine."""
        if self._monitor is not None:
            self._monitor.cancel()
        self.documents.close()
        await self.engine.close()

    def _session(self, files: GivenFiles) -> Session:
        """Return a session over the engine of all; it keeps nothing on disk."""
        return Session(
            backend=self._backend,
            profiles=self.options.profiles,
            preferences=evolve(self.options.preferences, keep_prompts=False),
            texts=self.texts,
            workspace=files,
            names=self._names,
        )
