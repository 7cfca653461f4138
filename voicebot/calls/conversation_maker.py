"""Makes a script ready for calls: reads and checks it, and teaches its intents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.calls.reception import Conversation
from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script


class ConversationMaker:
    """Call it with a script's path; one call at a time, in any thread. Blocking, up to seconds.

    Scripts with the same intents share a classifier, which takes longest to make.
    """

    def __init__(
        self,
        load: Callable[[Path], Script],
        variables: Mapping[str, object],
        timezone: ZoneInfo,
        check: Callable[[Script], None] = lambda script: None,
        teach: Callable[[Script], IntentClassifier] = make_classifier,
    ) -> None:
        """load: reads a script without errors. check: raises SettingsError where the script
        doesn't suit the settings."""
        self._load = load
        self._variables = variables
        self._timezone = timezone
        self._check = check
        self._teach = teach
        self._taught: dict[str, tuple[Script, IntentClassifier]] = {}

    def __call__(self, path: Path) -> Conversation:
        """Raises ScriptError or SettingsError."""
        script = self._load(path)
        self._check(script)
        classifier = self._classifier(script)
        # What a script was taught last, so that no old ones pile up.
        self._taught[str(path)] = (script, classifier)
        return Conversation(script, classifier, self._variables, self._timezone)

    def _classifier(self, script: Script) -> IntentClassifier:
        for other, classifier in self._taught.values():
            if other.intents == script.intents:
                return classifier
        return self._teach(script)
