"""A codec for each leg; one that is not there is said to be missing, with what to do."""

from __future__ import annotations

import pytest

from voicebot.errors import SettingsError
from voicebot.media.codecs import catalogue


def test_each_leg_has_its_own_memory() -> None:
    for name in ("G722", "opus"):
        assert catalogue.new_codec(name) is not catalogue.new_codec(name)
        assert catalogue.new_codec(name).name == name
    assert catalogue.new_codec("PCMA") is catalogue.new_codec("PCMA")


def test_all_codecs_of_the_settings_are_there() -> None:
    catalogue.check_codecs(("opus", "G722", "PCMA", "PCMU"), "sip.codecs")


def test_missing_codec_names_the_setting_and_the_remedy() -> None:
    with pytest.raises(SettingsError, match=r"trunks\.a\.codecs: G729 .*apt-get"):
        catalogue.check_codecs(("PCMA", "G729"), "trunks.a.codecs")
