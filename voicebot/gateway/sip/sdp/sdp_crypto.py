"""Keys of SRTP in session descriptions: the a=crypto attribute of RFC 4568 (SDES)."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from voicebot.errors import SdpError
from voicebot.gateway.rtp.srtp_keys import SUITES, SrtpKeys, SrtpSuite
from voicebot.gateway.sip.sdp.session_description import Attribute, MediaDescription

SrtpPolicy = Literal["off", "optional", "mandatory"]

OFFERED_SUITES = ("AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80")
"""The best one and the one that everybody must know; the others are taken where they are
offered. A longer list would make INVITEs too long for a datagram."""

MAX_CRYPTO_ATTRIBUTES = 16
"""Of one m= line; more are not read."""

MAX_ATTRIBUTE_CHARACTERS = 512
"""A longest useful one, with lifetime and parameters, has about 200."""

MAX_LIFETIME_PACKETS = 1 << 48
"""RFC 3711 section 9.2: no key may live longer."""

# Section 9.1: the tag has no leading zero, and at most nine digits.
_CRYPTO = re.compile(r"([0-9]{1,9}) +([A-Za-z0-9_]{1,64}) +(\S+)((?: +\S+)*)")
_INLINE = re.compile(
    r"inline:([A-Za-z0-9+/]+={0,2})(?:\|(2\^[0-9]{1,2}|[0-9]{1,15}))?", re.IGNORECASE
)
_WINDOW = re.compile(r"WSH=([0-9]{1,5})", re.IGNORECASE)
_MIN_WINDOW = 64


@dataclass(frozen=True, slots=True)
class CryptoAttribute:
    """One usable a=crypto line. secret: master key and salt of who wrote it.

    lifetime: packets that the key may protect; None: as many as the suite allows.
    """

    tag: int
    suite: str
    secret: bytes = field(repr=False)
    lifetime: int | None = None

    def __str__(self) -> str:
        """The attribute's value."""
        secret = base64.b64encode(self.secret).decode()
        lifetime = "" if self.lifetime is None else f"|{self.lifetime}"
        return f"{self.tag} {self.suite} inline:{secret}{lifetime}"

    @classmethod
    def parse(cls, value: str) -> CryptoAttribute:
        """Raises SdpError (488) for what we can't do, as well as for what is no such attribute.

        Both mean the same for offer and answer: this line can't be chosen (section 5.1.2).
        What would weaken the audio (UNENCRYPTED_SRTP, UNAUTHENTICATED_SRTP ...) can't be.
        Nor can a master key identifier or several keys: libsrtp is not told of them here.
        """
        if len(value) > MAX_ATTRIBUTE_CHARACTERS:
            raise SdpError("crypto attribute is too long", 488)
        match = _CRYPTO.fullmatch(value.strip(" "))
        if match is None:
            raise SdpError("malformed crypto attribute", 488)
        suite = SUITES.get(match[2].upper())
        if suite is None:
            raise SdpError("unknown crypto suite", 488)
        key = _INLINE.fullmatch(match[3])
        if key is None:
            raise SdpError("key of a crypto attribute that we can't use", 488)
        for parameter in match[4].split():
            _check_parameter(parameter)
        return cls(int(match[1]), suite.name, _secret(key[1], suite), _lifetime(key[2]))


class SrtpKeyring:
    """Our own secrets of one call, a suite each, made when first needed and kept to its end.

    That a re-INVITE shows the same key again tells the other side that nothing has changed
    (section 7.1.4 of RFC 4568); a new one would cost it the rollover counter.
    """

    def __init__(self, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random_bytes = random_bytes
        self._secrets: dict[str, bytes] = {}
        self._agreed_suite: str | None = None

    def offer(self) -> list[CryptoAttribute]:
        """What we propose, the preferred one first; once one is agreed on, that one alone."""
        suites = OFFERED_SUITES if self._agreed_suite is None else (self._agreed_suite,)
        return [
            CryptoAttribute(tag, suite, self._secret(suite))
            for tag, suite in enumerate(suites, start=1)
        ]

    def answer(self, offered: CryptoAttribute) -> CryptoAttribute:
        """Ours to one of theirs: its tag and suite, our key (section 5.1.2)."""
        return CryptoAttribute(offered.tag, offered.suite, self._secret(offered.suite))

    def agreed(self, keys: SrtpKeys | None) -> None:
        """What is in use now; None: nothing."""
        if keys is None and self._agreed_suite is not None:
            # Encryption ends. Should it begin anew, its rollover counter begins at 0: under the
            # old key that would use the same key stream twice.
            self._secrets.clear()
        self._agreed_suite = None if keys is None else keys.suite

    def _secret(self, suite: str) -> bytes:
        if suite not in self._secrets:
            self._secrets[suite] = self._random_bytes(SUITES[suite].secret_bytes)
        return self._secrets[suite]


def crypto_attributes(media: MediaDescription) -> list[CryptoAttribute]:
    """The lines of an m= line that we could use, in its order, which is its preference."""
    usable = []
    values = [value for name, value in media.attributes if name == "crypto" and value is not None]
    for value in values[:MAX_CRYPTO_ATTRIBUTES]:
        try:
            usable.append(CryptoAttribute.parse(value))
        except SdpError:
            continue
    return usable


def choose(media: MediaDescription) -> CryptoAttribute | None:
    """The line of an offer to answer: the first that we can use (section 5.1.2)."""
    return next(iter(crypto_attributes(media)), None)


def accept(
    offered: Sequence[CryptoAttribute], answer: MediaDescription
) -> tuple[CryptoAttribute, CryptoAttribute]:
    """Which line of our offer an answer took up, and the answer's own (section 5.1.3).

    Raises SdpError (488) where it has none, several, or one that was not offered.
    """
    values = [value for name, value in answer.attributes if name == "crypto" and value is not None]
    if len(values) != 1:
        raise SdpError("an answer needs exactly one crypto attribute", 488)
    theirs = CryptoAttribute.parse(values[0])
    for ours in offered:
        if (ours.tag, ours.suite) == (theirs.tag, theirs.suite):
            return ours, theirs
    raise SdpError("the answer's crypto attribute was not offered", 488)


def as_attributes(lines: Sequence[CryptoAttribute]) -> list[Attribute]:
    """Lines of ours for an m= line."""
    return [("crypto", str(line)) for line in lines]


def keys_of(ours: CryptoAttribute, theirs: CryptoAttribute) -> SrtpKeys:
    """What the media path needs. Raises SdpError (488) where they sent our own key back:

    two directions under one key and suite can collide in their key stream.
    """
    if ours.secret == theirs.secret:
        raise SdpError("the other side uses our own key", 488)
    return SrtpKeys(ours.suite, ours.secret, theirs.secret)


def _secret(text: str, suite: SrtpSuite) -> bytes:
    # Some leave the padding out.
    try:
        secret = base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True
        )
    except binascii.Error:
        raise SdpError("key of a crypto attribute is no base64", 488) from None
    if len(secret) != suite.secret_bytes:
        raise SdpError("key of a crypto attribute has the wrong length", 488)
    return secret


def _lifetime(text: str | None) -> int | None:
    """Section 6.1: a lifetime of nothing, or beyond what a key can bear, is not valid."""
    if text is None:
        return None
    lifetime = 1 << int(text[2:]) if text.startswith("2^") else int(text)
    if not 0 < lifetime <= MAX_LIFETIME_PACKETS:
        raise SdpError("lifetime of a key is out of range", 488)
    return lifetime


def _check_parameter(parameter: str) -> None:
    """Section 6.3.7: an unknown one that begins with - may be passed over; no other may."""
    if parameter.startswith("-"):
        return
    window = _WINDOW.fullmatch(parameter)
    if window is not None and int(window[1]) >= _MIN_WINDOW:
        return  # a hint about how far their packets may be out of order; our window is wide
    raise SdpError("session parameter of a crypto attribute that we can't do", 488)
