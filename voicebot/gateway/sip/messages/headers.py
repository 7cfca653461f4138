"""The header fields of a SIP message (RFC 3261 §7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voicebot.gateway.sip.messages import syntax

_COMPACT_FORMS = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}


class Headers:
    """Ordered header fields; names compare without case, compact forms count as the long ones.

    Values are text as it stood on the wire, unfolded. A line end inside a value that is set
    here becomes a space: no value may start a header field of its own.
    """

    __slots__ = ("_fields",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        # (key to compare, name to write, value)
        self._fields: list[tuple[str, str, str]] = []
        for name, value in pairs:
            self.add(name, value)

    def get(self, name: str) -> str | None:
        """The first value."""
        key = _key(name)
        for field_key, _, value in self._fields:
            if field_key == key:
                return value
        return None

    def get_all(self, name: str) -> list[str]:
        """One text a field, commas untouched."""
        key = _key(name)
        return [value for field_key, _, value in self._fields if field_key == key]

    def values(self, name: str) -> list[str]:
        """The elements of a comma list over all fields; empty elements are kept."""
        key = _key(name)
        return [
            part
            for field_key, _, value in self._fields
            if field_key == key
            for part in syntax.split_commas(value)
        ]

    def add(self, name: str, value: str) -> None:
        self._fields.append(_field(name, value))

    def prepend(self, name: str, value: str) -> None:
        """Add before all others, as each hop does with its Via."""
        self._fields.insert(0, _field(name, value))

    def set(self, name: str, value: str) -> None:
        """Replace all fields of that name by this one, at the place of the first."""
        new = _field(name, value)
        kept: list[tuple[str, str, str]] = []
        is_placed = False
        for old in self._fields:
            if old[0] != new[0]:
                kept.append(old)
            elif not is_placed:
                kept.append(new)
                is_placed = True
        if not is_placed:
            kept.append(new)
        self._fields = kept

    def replace_first(self, name: str, value: str) -> None:
        """Replace the first field of that name only; add one where there is none."""
        new = _field(name, value)
        for index, old in enumerate(self._fields):
            if old[0] == new[0]:
                self._fields[index] = new
                return
        self._fields.append(new)

    def remove(self, name: str) -> None:
        key = _key(name)
        self._fields = [old for old in self._fields if old[0] != key]

    def copy(self) -> Headers:
        other = Headers()
        other._fields = self._fields.copy()
        return other

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter([(name, value) for _, name, value in self._fields])

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return [(key, value) for key, _, value in self._fields] == [
            (key, value) for key, _, value in other._fields
        ]

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        # Names only: values say who calls whom, and a repr ends up in logs.
        return f"Headers({[name for _, name, _ in self._fields]})"


def _key(name: str) -> str:
    lower = name.lower()
    return _COMPACT_FORMS[lower].lower() if lower in _COMPACT_FORMS else lower


def _field(name: str, value: str) -> tuple[str, str, str]:
    name = _COMPACT_FORMS.get(name.lower(), name)
    if "\n" in value or "\r" in value:
        value = value.replace("\r", " ").replace("\n", " ")
    return name.lower(), name, value.strip(syntax.WHITESPACE)
