"""Which codecs there are on this machine, and a new one for each leg."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import cache

from voicebot.errors import SettingsError
from voicebot.media.codecs.codec import AnyCodec
from voicebot.media.codecs.g711 import PCMA, PCMU
from voicebot.media.codecs.g722 import G722Codec

log = logging.getLogger(__name__)

_OPUS_REMEDY = "Opus needs libopus (Debian: apt-get install libopus0)"


@cache
def _makers() -> dict[str, Callable[[], AnyCodec]]:
    makers: dict[str, Callable[[], AnyCodec]] = {
        "PCMA": lambda: PCMA,
        "PCMU": lambda: PCMU,
        "G722": G722Codec,
    }
    opus = _opus_maker()
    if opus is not None:
        makers["opus"] = opus
    return makers


def _opus_maker() -> Callable[[], AnyCodec] | None:
    try:
        from voicebot.media.codecs.opus import OpusCodec
    except Exception as error:  # noqa: BLE001 -- where libopus is missing nothing narrower comes
        log.warning("Opus is not offered", extra={"reason": str(error), "remedy": _OPUS_REMEDY})
        return None
    return OpusCodec


def new_codec(name: str) -> AnyCodec:
    """One for a leg that has agreed on it. Raises KeyError for one that is not there."""
    return _makers()[name]()


def check_codecs(names: Iterable[str], key: str) -> None:
    """Raises SettingsError where the setting `key` names a codec that is not there."""
    for name in names:
        if name not in _makers():
            raise SettingsError(f"{key}: {name} can't be used: {_OPUS_REMEDY}")
