"""The cloud-configs of one instance, and the way in which cloud-init merges them.

Source: cloud-init documentation, "Merging user data sections" (a later part replaces a key, unless `merge_how` or the
header `Merge-Type` says otherwise) and "Power state change".
"""

from __future__ import annotations

import re
from typing import TypeAlias

from rules.hosts.archive import Section
from rules.hosts.likelihood import Likelihood

_MERGER = re.compile(r"(\w+)\(([^()]*)\)")
_LISTS = ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules")

Loaded: TypeAlias = tuple[Section, dict[object, object]]
"""A cloud-config with the values that it holds."""


class CloudConfig:
    """A parsed cloud-config. It finds the lines of its texts in the source, searching once from top to bottom."""

    def __init__(self, part: Section, values: dict[object, object]) -> None:
        self.values = values
        self._text = part.text
        self._line = part.line
        self._step = part.step
        self._at = 0
        self._failures = 0

    def list(self, key: str) -> list[object]:
        """The members of the list under a key. The search for their lines begins there."""
        value = self.values.get(key)
        start = re.search(rf"^[\"']?{key}[\"']?\s*:", self._text, re.MULTILINE)
        if start and start.start() > self._at:
            self._move(start.start())
        return value if isinstance(value, list) else []

    def line(self, text: str) -> int:
        """The next line of the source with the first line of this text; the last line that was found if there is none."""
        first = next((entry.strip() for entry in text.split("\n", 20) if entry.strip()), "")[:200]
        if first and self._failures < 50:
            place = self._text.find(first, self._at)
            if place < 0:
                self._failures += 1
            else:
                self._move(place)
        return self._line

    def _move(self, place: int) -> None:
        self._line += self._step * self._text.count("\n", self._at, place)
        self._at = place


class Merging:
    """All cloud-configs together."""

    def __init__(self, configs: list[Loaded]) -> None:
        self._configs = configs

    def giving(self, key: str) -> list[Loaded] | None:
        """The cloud-configs whose values of a key count, in their order; None if the way of merging is not known."""
        kept: list[Loaded] = []
        for part, values in self._configs:
            if key not in values:
                continue
            how = _way(part, values) if kept else "replace"
            match how:
                case "replace":
                    kept = [(part, values)]
                case "append":
                    kept.append((part, values))
                case "prepend":
                    kept.insert(0, (part, values))
                case "keep":
                    pass
                case _:
                    return None
        return kept

    def _value(self, key: str) -> object:
        """The value of a key that is no list, or of which the last counts."""
        found = self.giving(key)
        return found[-1][1].get(key) if found else None

    def _modules(self, key: str) -> dict[str, object] | None:
        """The modules of a list that the user data gives, each with its frequency; None if it does not give any."""
        listed = self._value(key)
        if not isinstance(listed, list):
            return None
        named = [item if isinstance(item, list) else [item] for item in listed]
        return {str(item[0]).replace("_", "-"): item[1] if len(item) > 1 else "" for item in named if item}

    def runs(self, module: str, lists: tuple[str, ...]) -> Likelihood:
        """Whether a module runs that is in one of some lists by default: `ALWAYS`, `NEVER` or `UNKNOWN`."""
        given = {key: modules for key in _LISTS if (modules := self._modules(key)) is not None}
        if not any(key in given for key in lists) or any(module in modules for modules in given.values()):
            return Likelihood.ALWAYS
        return Likelihood.NEVER if all(key in given for key in lists) else Likelihood.UNKNOWN

    def is_always(self, module: str) -> bool:
        """Whether a module runs at every boot because the user data says so."""
        return any((modules or {}).get(module) == "always" for modules in map(self._modules, _LISTS))

    def restarts(self) -> str | None:
        """The reason why mounts may be gone after a restart that the user data asks for; None if it asks for none."""
        wanted = self._value("power_state")
        if (
            not isinstance(wanted, dict)
            or wanted.get("mode") != "reboot"
            or wanted.get("condition") in (False, "false")
        ):
            return None
        return "the instance restarts after its user data (power_state)"


def _way(part: Section, values: dict[object, object]) -> str:
    """The way in which the lists of a cloud-config are merged into those of the parts before it: `replace`, `append`,
    `prepend`, `keep` (these are not merged at all), or "" if that is not known."""
    written = values.get("merge_how", values.get("merge_type", part.merge or None))
    if written is None:
        return "replace"
    mergers: dict[str, set[str]] = {}
    if isinstance(written, str):
        for name, settings in _MERGER.findall(written[:1000]):
            mergers[name] = {word.strip() for word in settings.split(",")}
    elif isinstance(written, list):
        for merger in written:
            if isinstance(merger, dict) and isinstance(settings := merger.get("settings", []), list):
                mergers[str(merger.get("name"))] = {str(word) for word in settings}
    if "dict" not in mergers:
        return ""
    if "replace" in mergers["dict"]:
        return "replace"
    if not mergers["dict"] & {"recurse_array", "recurse_list"}:
        return "keep"
    ways = {"append": "append", "prepend": "prepend", "no_replace": "keep"}
    return next((ways[word] for word in ways if word in mergers.get("list", ())), "")
