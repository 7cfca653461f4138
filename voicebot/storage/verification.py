"""Facts that prove who is calling, kept only as keyed hashes. No I/O."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import date

from voicebot.records import Contact
from voicebot.storage.secret import derived_key

_POSTCODE = re.compile(r"(\d{2})[- ]?(\d{3})", re.ASCII)
_PESEL_LAST4 = re.compile(r"\d{4}", re.ASCII)
_NIP = re.compile(r"\d{10}", re.ASCII)
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
"""Of the first nine digits; their sum modulo 11 is the tenth, and never 10."""


def _birth_date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _postcode(text: str) -> str | None:
    match = _POSTCODE.fullmatch(text)
    return f"{match[1]}-{match[2]}" if match else None


def _pesel_last4(text: str) -> str | None:
    return text if _PESEL_LAST4.fullmatch(text) else None


def _nip(text: str) -> str | None:
    """Ten digits of which the last fits the others (Dz.U. 2003 nr 228 poz. 2270)."""
    digits = text.replace("-", "").replace(" ", "")
    if not _NIP.fullmatch(digits):
        return None
    check = sum(weight * int(digit) for weight, digit in zip(_NIP_WEIGHTS, digits, strict=False))
    return digits if check % 11 == int(digits[9]) else None


_NORMALISERS: Mapping[str, Callable[[str], str | None]] = {
    "birth_date": _birth_date,
    "postcode": _postcode,
    "pesel_last4": _pesel_last4,
    "nip": _nip,
}
FACTS = tuple(_NORMALISERS)


def normal_value(fact: str, value: str) -> str | None:
    """The one way the value is written; None where it can't be such a fact."""
    normalise = _NORMALISERS.get(fact)
    return normalise(value.strip()) if normalise is not None else None


class FactHasher:
    """Turns a contact's fact into bytes that say nothing without the installation's secret.

    The contact is part of it: equal birth dates of two people look different. Four digits
    of a PESEL can be tried out by whoever has the secret too, hence its own file.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = derived_key(secret, "verification facts")

    def hash(self, contact_id: int, fact: str, value: str) -> bytes:
        """value: as `normal_value` gives it."""
        return hmac.digest(self._key, f"{contact_id}|{fact}|{value}".encode(), hashlib.sha256)

    def matches(self, contact_id: int, fact: str, value: str, stored: bytes | None) -> bool:
        """Compare in constant time; a fact we don't have takes as long as a wrong one."""
        normal = normal_value(fact, value)
        given = self.hash(contact_id, fact, normal or "")
        is_equal = hmac.compare_digest(given, stored or bytes(len(given)))
        return is_equal and normal is not None and stored is not None

    def hashes_of(self, contact_id: int, contact: Contact) -> dict[str, bytes]:
        """Hashes of the facts that `contact` brings; raises ValueError for one that is none."""
        values = {
            "birth_date": contact.birth_date.isoformat() if contact.birth_date else "",
            "postcode": contact.postcode,
            "pesel_last4": contact.pesel_last4,
            "nip": contact.nip,
        }
        hashes = {}
        for fact, value in values.items():
            if not value.strip():
                continue
            normal = normal_value(fact, value)
            if normal is None:
                raise ValueError(f"{fact} is not written as one")
            hashes[fact] = self.hash(contact_id, fact, normal)
        return hashes
