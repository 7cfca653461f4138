"""Everything that can be set; `load_settings` reads it."""

from voicebot.settings.gateway import (
    DialSettings,
    MediaStreamSettings,
    SipSettings,
    TrunkSettings,
)
from voicebot.settings.loader import ENVIRONMENT_PREFIX, Settings, load_settings
from voicebot.settings.section import Section
from voicebot.settings.sections import (
    ChatSettings,
    DialogueSettings,
    EmotionSettings,
    RecordingSettings,
    SpeechSettings,
    StorageSettings,
    TelemetrySettings,
    TurnSettings,
    WebSettings,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "ChatSettings",
    "DialSettings",
    "DialogueSettings",
    "EmotionSettings",
    "MediaStreamSettings",
    "RecordingSettings",
    "Section",
    "Settings",
    "SipSettings",
    "SpeechSettings",
    "StorageSettings",
    "TelemetrySettings",
    "TrunkSettings",
    "TurnSettings",
    "WebSettings",
    "load_settings",
]
