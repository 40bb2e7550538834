"""The workspace's folders: what each brings, and what is known of them as long as they are open."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from attrs import define, evolve, field, frozen

from leanwide.features.document_names import DocumentNames
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.area import Folder, WorkspaceFolders, new_prefix, real_path
from leanwide.files.exclusions import Exclusions
from leanwide.files.ignored import IgnoreFiles, ReportUnread
from leanwide.files.reader import UnreadableFile
from leanwide.options import (
    WORKSPACE_FILE,
    Layer,
    parse,
    read_layer,
    restrict_further_folder,
    restrict_workspace,
)


@frozen(kw_only=True)
class _Opened:
    """A folder that the editor opened."""

    path: Path
    """Without links on the way."""
    names: tuple[str, ...]
    """The paths by which the editor calls it."""
    layer: Layer
    """Its own settings, all of them."""
    problems: tuple[str, ...]
    ignored: IgnoreFiles


@define(eq=False)
class Folders:
    """The folders of one session. Used by the asyncio loop only."""

    refuse: ReportUnread = field(default=lambda _: None)
    """Takes note of ignore files that do not count, on the loop."""
    elsewhere: WorkspaceContext = field(factory=WorkspaceContext)
    names: DocumentNames = field(factory=DocumentNames)
    _opened: tuple[_Opened, ...] = ()
    _prefixes: dict[Path, str] = field(factory=dict)
    """Of all folders that were ever open: a key never means another file later."""
    _turn: asyncio.Lock = field(factory=asyncio.Lock)

    @property
    def layers(self) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
        """The settings that hold for everything, the first folder's, and what is wrong with any."""
        layers: list[Layer] = []
        problems: list[str] = []
        for one in self._opened:
            restrict = restrict_further_folder if layers else restrict_workspace
            layer, refused = restrict(one.layer)
            # The first one's values are checked together with those of other places.
            wrong = parse(layer)[1] if layers else ()
            layers.append(layer)
            problems += [*one.problems, *refused, *wrong]
        return tuple(layers[:1]), tuple(problems)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Change one thing after the other; no document is judged meanwhile."""
        with self.names.changing():
            async with self._turn:
                yield

    async def open(self, paths: Sequence[str]) -> None:
        """Take over folders, by their paths, in place of those that were open."""
        self._opened = await asyncio.to_thread(_open, paths, self._opened, self._from_thread())
        for one in self._opened:
            if one.path not in self._prefixes:
                self._prefixes[one.path] = new_prefix(one.path, self._prefixes)

    def read_ignore_files_again(self) -> None:
        """Ask the ignore files anew, because one was changed."""
        refuse = self._from_thread()
        self._opened = tuple(
            evolve(one, ignored=IgnoreFiles(one.path, refuse)) for one in self._opened
        )

    async def read_settings_again(self) -> None:
        """Read each folder's own settings anew, because one was changed."""
        self._opened = await asyncio.to_thread(_with_settings, self._opened)

    def _from_thread(self) -> ReportUnread:
        """Pass what a thread refuses to the loop, which may have ended by then."""
        loop = asyncio.get_running_loop()

        def refuse(unread: UnreadableFile) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self.refuse, unread)

        return refuse

    async def use(self, below: tuple[Layer, ...], above: Layer) -> bool:
        """Leave alone in each folder what it says itself; tell whether that is another area.

        Args:
            below: Settings below those of a folder.
            above: Settings above them.
        """
        area = await asyncio.to_thread(self._area, below, above)
        if area == self.names.folders:
            return False
        self.names.use(area)
        return True

    def build_index(self, opened: Iterable[str]) -> None:
        """Begin to index the folders in the background, what is near to opened paths first."""
        area = self.names.folders
        near = tuple(key for path in opened if (key := area.key(self.names.place(path))))
        self.elsewhere.build(evolve(area, near=near))

    def _area(self, below: tuple[Layer, ...], above: Layer) -> WorkspaceFolders:
        folders = []
        for one in self._opened:
            exclude = parse(*below, one.layer, above)[0].files.exclude
            folders.append(
                Folder(
                    path=one.path,
                    names=one.names,
                    prefix=self._prefixes[one.path],
                    exclusions=Exclusions(str(one.path), exclude, one.ignored),
                )
            )
        if folders:
            return WorkspaceFolders(folders=tuple(folders), outside=folders[0].exclusions)
        return WorkspaceFolders(outside=Exclusions("", parse(*below, above)[0].files.exclude))


def _open(
    paths: Sequence[str], opened: tuple[_Opened, ...], refuse: ReportUnread
) -> tuple[_Opened, ...]:
    """Look at folders, each once, under however many names; what was open stays as it is."""
    known = {one.path: one for one in opened}
    names: dict[Path, list[str]] = {}
    for path in map(os.path.normpath, paths):
        names.setdefault(_real(path), []).append(path)
    return tuple(
        evolve(known[real], names=_links(real, named))
        if real in known
        else _new(real, named, refuse)
        for real, named in names.items()
    )


def _new(real: Path, named: Sequence[str], refuse: ReportUnread) -> _Opened:
    layer, problems = read_layer(real / WORKSPACE_FILE, real)
    return _Opened(
        path=real,
        names=_links(real, named),
        layer=layer,
        problems=problems,
        ignored=IgnoreFiles(real, refuse),
    )


def _with_settings(opened: Iterable[_Opened]) -> tuple[_Opened, ...]:
    read = ((one, *read_layer(one.path / WORKSPACE_FILE, one.path)) for one in opened)
    return tuple(evolve(one, layer=layer, problems=problems) for one, layer, problems in read)


def _links(real: Path, named: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in named if name != str(real)}))


def _real(path: str) -> Path:
    try:
        return Path(real_path(path))
    except (OSError, ValueError):
        return Path(path)
