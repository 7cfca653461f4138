"""Makes a script ready for calls: reads and checks it, and teaches its intents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.calls.reception import Conversation
from voicebot.calls.script_process import load_apart
from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script


class ConversationMaker:
    """Call it with a script's path, in any thread. Blocking, up to seconds.

    Scripts with the same intents share a classifier, which takes longest to make.
    """

    def __init__(
        self,
        load: Callable[[Path], Script],
        variables: Mapping[str, object],
        timezone: ZoneInfo,
        check: Callable[[Script], None] = lambda script: None,
        teach: Callable[[Script], IntentClassifier] = make_classifier,
        load_apart: Callable[[Path], Script] = load_apart,
    ) -> None:
        """load: reads a script without errors. check: raises SettingsError where the script
        doesn't suit the settings. load_apart: reads a script in another process."""
        self._load = load
        self._load_apart = load_apart
        self._variables = variables
        self._timezone = timezone
        self._check = check
        self._teach = teach
        self._lock = threading.Lock()
        self._taught: dict[str, tuple[Script, IntentClassifier]] = {}

    def __call__(self, path: Path) -> Conversation:
        """Raises ScriptError or SettingsError."""
        return self._make(path, self._load)

    def beside_calls(self, path: Path) -> Conversation:
        """The same without taking much of this process's time. Raises the same."""
        return self._make(path, self._load_apart)

    def _make(self, path: Path, load: Callable[[Path], Script]) -> Conversation:
        script = load(path)
        self._check(script)
        with self._lock:
            classifier = self._classifier(script)
            # What a script was taught last, so that no old ones pile up.
            self._taught[str(path)] = (script, classifier)
        return Conversation(script, classifier, self._variables, self._timezone)

    def _classifier(self, script: Script) -> IntentClassifier:
        for other, classifier in list(self._taught.values()):
            if other.intents == script.intents:
                return classifier
        return self._teach(script)
