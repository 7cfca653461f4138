"""Emotion is off unless somebody turns it on, and then only with a script that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.dialogue.dialogue_driver import infolinia
from voicebot.app import check_emotion_notice
from voicebot.errors import SettingsError
from voicebot.settings import load_settings

ON = {"VOICEBOT_EMOTION__ENABLED": "true"}


def test_emotion_is_off_unless_turned_on() -> None:
    assert not load_settings(None, {}).emotion.enabled
    assert load_settings(None, ON).emotion.enabled


def test_script_without_a_notice_starts_only_where_emotion_is_off() -> None:
    script, _ = infolinia()
    prompts = {name: it for name, it in script.prompts.items() if "emotion" not in it.discloses}
    silent = replace(script, prompts=prompts)
    check_emotion_notice(load_settings(None, ON), script)
    check_emotion_notice(load_settings(None, {}), silent)
    with pytest.raises(SettingsError, match="infolinia never tells"):
        check_emotion_notice(load_settings(None, ON), silent)
