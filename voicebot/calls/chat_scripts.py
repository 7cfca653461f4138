"""Call scripts as a chat follows them."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.calls.chat_sessions import ChatScript
from voicebot.calls.reception import Conversation
from voicebot.dialogue.engine import DialogueEngine


def chat_script(conversation: Conversation) -> ChatScript:
    """The script of calls, for writing: nothing is recorded, no voice is read, no number known."""
    script = conversation.script

    def make_engine(seed: str, given: Mapping[str, object]) -> DialogueEngine:
        return DialogueEngine(
            script,
            conversation.classifier,
            {
                **conversation.variables,
                "is_recorded": False,
                "is_emotion_read": False,
                "caller_known": False,
                "is_written": True,
                **given,
            },
            conversation.timezone,
            seed=seed,
            is_written=True,
        )

    return ChatScript(
        script.name, script.title, conversation.version, make_engine, "case_number" in script.given
    )
