"""One lazy registry for every plug point: names are known without importing what they stand for."""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from vidstyle.errors import PluginError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a plug-in lives: `module:attribute`, and the extra of vidstyle to install when its import fails."""

    target: str
    extra: str | None = None


class Registry(Generic[T]):
    """Names → plug-ins of one group. Other packages add theirs under the entry-point group `vidstyle.<group>`."""

    def __init__(self, group: str, entries: Mapping[str, str | Entry]) -> None:
        self.group = group
        self._noun = group.replace("_", " ").removesuffix("s")
        self._entries = {name: Entry(entry) if isinstance(entry, str) else entry for name, entry in entries.items()}

    def names(self) -> list[str]:
        """All registered names, sorted; imports none of them."""
        return sorted(self._all())

    def get(self, name: str) -> T:
        """Import and return the plug-in called `name`.

        Raises PluginError when the name is unknown (with the nearest known one) or its package is not installed.
        """
        entries = self._all()
        if name not in entries:
            near = difflib.get_close_matches(name, entries, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(entries)) or 'none'}"
            raise PluginError(f"no {self._noun} called {name!r}; {hint}", group=self.group, name=name)
        return self._load(name, entries[name])

    def _all(self) -> dict[str, Entry]:
        found = {point.name: Entry(point.value) for point in entry_points(group=f"vidstyle.{self.group}")}
        return found | self._entries

    def _load(self, name: str, entry: Entry) -> T:
        module, _, attribute = entry.target.partition(":")
        try:
            return cast(T, getattr(importlib.import_module(module), attribute))
        except ImportError as error:
            install = f"; install it with: pip install 'vidstyle[{entry.extra}]'" if entry.extra else ""
            message = f"{self._noun} {name!r} can't be loaded: {error}{install}"
            raise PluginError(message, group=self.group, name=name) from error
