"""The workspace's folders: their settings, their ignore files, and their index."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from attrs import define, evolve, field, frozen

from leanwide.features.exclusion import DocumentNames
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
    """A folder that is open in the editor."""

    path: Path
    """The real path, without symbolic links."""
    names: tuple[str, ...]
    """The other paths that the editor uses for it."""
    layer: Layer
    """The settings in the folder, before any are refused."""
    problems: tuple[str, ...]
    ignored: IgnoreFiles


@define(eq=False)
class Folders:
    """The folders of one session. Used by the asyncio loop only."""

    refuse: ReportUnread = field(default=lambda _: None)
    """Called on the loop for each unreadable ignore file."""
    workspace: WorkspaceContext = field(factory=WorkspaceContext)
    names: DocumentNames = field(factory=DocumentNames)
    _opened: tuple[_Opened, ...] = ()
    _prefixes: dict[Path, str] = field(factory=dict)
    """Of all folders that were ever open, so that a key always means the same file."""
    _lock: asyncio.Lock = field(factory=asyncio.Lock)

    @property
    def layers(self) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
        """The settings for the whole workspace, the first folder's, and the problems of all."""
        layers: list[Layer] = []
        problems: list[str] = []
        for folder in self._opened:
            restrict = restrict_further_folder if layers else restrict_workspace
            layer, refused = restrict(folder.layer)
            # The first layer's values are checked together with the other layers.
            wrong = parse(layer)[1] if layers else ()
            layers.append(layer)
            problems += [*folder.problems, *refused, *wrong]
        return tuple(layers[:1]), tuple(problems)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Run changes one after another; no document is judged during one."""
        with self.names.changing():
            async with self._lock:
                yield

    async def open(self, paths: Sequence[str]) -> None:
        """Replace the open folders by those at ``paths``."""
        self._opened = await asyncio.to_thread(_open, paths, self._opened, self._from_thread())
        for folder in self._opened:
            if folder.path not in self._prefixes:
                self._prefixes[folder.path] = new_prefix(folder.path, self._prefixes)

    def ignore_by(self, path: str) -> bool:
        """Whether a file that changed may change what the folders ignore."""
        file = Path(self.names.folders.resolve_folder(path))
        return any(folder.ignored.follows(file) for folder in self._opened)

    def reload_ignore_files(self) -> None:
        """Read the ignore files again, because one changed."""
        refuse = self._from_thread()
        self._opened = tuple(
            evolve(folder, ignored=IgnoreFiles(folder.path, refuse)) for folder in self._opened
        )

    async def reload_settings(self) -> None:
        """Read each folder's settings again, because one changed."""
        self._opened = await asyncio.to_thread(_with_settings, self._opened)

    def _from_thread(self) -> ReportUnread:
        """Return a ``refuse`` for threads, which calls ours on the loop, unless that has ended."""
        loop = asyncio.get_running_loop()

        def refuse(unread: UnreadableFile) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self.refuse, unread)

        return refuse

    async def use(self, below: tuple[Layer, ...], above: Layer) -> bool:
        """Apply the exclusions of each folder; whether they changed.

        Args:
            below: Layers below a folder's settings.
            above: The layer above them.
        """
        area = await asyncio.to_thread(self._area, below, above)
        if area == self.names.folders:
            return False
        self.names.use(area)
        return True

    def build_index(self, opened: Iterable[str]) -> None:
        """Start to index the folders in the background, files near the opened paths first."""
        area = self.names.folders
        near = tuple(key for path in opened if (key := area.key(self.names.place(path))))
        self.workspace.build(evolve(area, near=near))

    def _area(self, below: tuple[Layer, ...], above: Layer) -> WorkspaceFolders:
        own = parse(*below, above)[0].files.exclude
        folders = []
        for opened in self._opened:
            layer, _ = restrict_further_folder(opened.layer)
            exclude = parse(*below, layer, above)[0].files.exclude
            folders.append(
                Folder(
                    path=opened.path,
                    names=opened.names,
                    prefix=self._prefixes[opened.path],
                    exclusions=Exclusions(str(opened.path), exclude, opened.ignored),
                )
            )
        outside = Exclusions("", own)
        if folders:  # a folder's own settings are for its files
            outside = evolve(folders[0].exclusions, patterns=own)
        return WorkspaceFolders(folders=tuple(folders), outside=outside)


def _open(
    paths: Sequence[str], opened: tuple[_Opened, ...], refuse: ReportUnread
) -> tuple[_Opened, ...]:
    """Open folders, each once under all of its names; those already open are not read again."""
    known = {folder.path: folder for folder in opened}
    names: dict[Path, list[str]] = {}
    for path in map(os.path.normpath, paths):
        names.setdefault(_real(path), []).append(path)
    found = []
    for real, named in names.items():
        links = tuple(sorted({name for name in named if name != str(real)}))
        if real in known:
            found.append(evolve(known[real], names=links))
            continue
        layer, problems = read_layer(real / WORKSPACE_FILE, real)
        ignored = IgnoreFiles(real, refuse)
        found.append(
            _Opened(path=real, names=links, layer=layer, problems=problems, ignored=ignored)
        )
    return tuple(found)


def _with_settings(opened: Iterable[_Opened]) -> tuple[_Opened, ...]:
    read = ((folder, *read_layer(folder.path / WORKSPACE_FILE, folder.path)) for folder in opened)
    return tuple(evolve(folder, layer=layer, problems=found) for folder, layer, found in read)


def _real(path: str) -> Path:
    try:
        return Path(real_path(path))
    except (OSError, ValueError):
        return Path(path)
