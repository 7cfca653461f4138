"""Every error that Voicebot raises, split by what the caller of the code does next."""

from __future__ import annotations


class VoicebotError(Exception):
    """Base of all. `retryable`: the same call may succeed later without a change."""

    retryable = False


class SettingsError(VoicebotError):
    """A setting is wrong; the text names the file (or variable), the key and the reason."""


class SipParseError(VoicebotError):
    """Bytes that are no SIP message. `status_hint` is the answer to give where one is possible."""

    def __init__(self, reason: str, status_hint: int = 400) -> None:
        super().__init__(reason)
        self.status_hint = status_hint


class SdpError(VoicebotError):
    """A session description that can't be read (400) or has nothing in common with us (488)."""

    def __init__(self, reason: str, status_hint: int = 400) -> None:
        super().__init__(reason)
        self.status_hint = status_hint


class RtpParseError(VoicebotError):
    """A datagram on a media port that is neither RTP nor RTCP."""


class NoMediaPort(VoicebotError):
    """No free pair of RTP ports is left in the configured range; a call gets 503."""

    retryable = True


class CallFailed(VoicebotError):
    """An outgoing call that was not answered. `status` is the SIP status, 0 without one.

    is_way_at_fault: the callee was never reached, so another way to him may do.
    """

    def __init__(self, reason: str, status: int = 0, is_way_at_fault: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.is_way_at_fault = is_way_at_fault


class CallRedirected(CallFailed):
    """An outgoing call that was pointed elsewhere (3xx). `targets`: URIs, the preferred first."""

    def __init__(self, targets: tuple[str, ...], status: int) -> None:
        super().__init__("the call was redirected", status)
        self.targets = targets


class DialRefused(CallFailed):
    """A number or address that the rules do not let us call. The text does not repeat it.

    `rule`: number, prefix, premium, host, or the cap that is reached: minute, day, trunk_minute,
    trunk_day, trunk_calls, campaign_minute, campaign_day. A cap passes with time (`retryable`).
    """

    def __init__(self, reason: str, rule: str) -> None:
        super().__init__(reason, 403)
        self.rule = rule
        self.retryable = rule.endswith(("minute", "day", "calls"))


class ChatRefused(VoicebotError):
    """A written message that is not answered now. `status_hint`: 409, 429 or 503.

    retry_after_s: when it may be sent again; 0: as soon as the last one is answered.
    """

    retryable = True

    def __init__(self, reason: str, status_hint: int, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.status_hint = status_hint
        self.retry_after_s = retry_after_s


class AudioFileError(VoicebotError):
    """A file that is no audio we read; the text names the file and says which kinds we read."""


class ModelError(VoicebotError):
    """A model is missing, damaged or not allowed for the stated use; the text says what to do."""


class ModelSourceError(ModelError):
    """One source of a model can't be used; the next one may do. The text is one line."""

    retryable = True


class SpeechWorkerError(VoicebotError):
    """A speech worker died or timed out; another one may do the job."""

    retryable = True


class ScriptError(VoicebotError):
    """A call script that can't be used; each problem is `file:line: reason`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StorageError(VoicebotError):
    """The database refused or could not be reached."""


class NotFound(VoicebotError):
    """What was asked for does not exist."""


class WebSocketProtocolError(VoicebotError):
    """A message on a media WebSocket that its protocol does not allow; the leg is ended."""


class LanguageModelError(VoicebotError):
    """The language model gave no usable answer; the call goes on without it."""


class ReadoutError(VoicebotError):
    """A value that can't be read out, or must not be; the text says why, without the value."""


class DecisionLogError(VoicebotError):
    """A call's decision log is missing, or can't be read or run again; the text says which."""
