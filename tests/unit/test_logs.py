"""What gets into the log, and what never does."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from voicebot.logs import (
    PERSONAL_FIELDS,
    JsonFormatter,
    TerminalFormatter,
    configure_logging,
)

SECRET = "Jan Kowalski 80050812345"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def record(message: str = "call ended", **fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "voicebot.calls", "levelno": 20, "levelname": "INFO", "msg": message, "created": 0}
    )
    made.__dict__.update(fields)
    return made


@pytest.mark.parametrize("formatter", [JsonFormatter(), TerminalFormatter()])
@pytest.mark.parametrize("field", sorted(PERSONAL_FIELDS - {"name"}))
def test_personal_fields_never_come_out(formatter: logging.Formatter, field: str):
    line = formatter.format(record(call_id="7f3a", **{field: SECRET}))
    assert SECRET not in line
    assert "Kowalski" not in line
    assert "7f3a" in line


def test_a_field_called_name_is_refused_by_logging_itself():
    with pytest.raises(KeyError, match="name"):
        logging.getLogger("voicebot.test").warning("heard", extra={"name": SECRET})


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_personal_fields_do_not_come_out_of_a_configured_logger(stream: io.StringIO):
    configure_logging("DEBUG", stream)
    logging.getLogger("voicebot.test").warning(
        "heard", extra={"text": SECRET, "transcript": SECRET}
    )
    assert "heard" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_json_is_one_line_with_everything_in_it():
    line = JsonFormatter().format(record("two\nlines", call_id="a\nb", n=3, reason="zażółć"))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "INFO",
        "logger": "voicebot.calls",
        "message": "two\nlines",
        "call_id": "a\nb",
        "n": 3,
        "reason": "zażółć",
    }


def test_json_has_a_traceback_in_the_same_line():
    stream = io.StringIO()
    configure_logging("INFO", stream)
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("voicebot.test").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: first\nsecond" in json.loads(line)["traceback"]


def test_json_takes_any_value():
    line = JsonFormatter().format(record(odd=object, when={1, 2}))
    assert json.loads(line)["when"] == "{1, 2}"


def test_terminal_line_is_short():
    line = TerminalFormatter().format(record(call_id="7f3a", disposition="PTP_FULL"))
    assert line == "00:00:00.000 INFO    call ended  call_id=7f3a disposition=PTP_FULL"


def test_level_is_kept_and_chatty_libraries_are_not_heard():
    stream = io.StringIO()
    configure_logging("WARNING", stream)
    logging.getLogger("voicebot.test").info("not this")
    logging.getLogger("voicebot.test").warning("this")
    configure_logging("DEBUG", stream)
    logging.getLogger("alembic.runtime").info("nor this")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["this"]


def test_configuring_twice_does_not_double_lines():
    stream = io.StringIO()
    configure_logging("INFO", stream)
    configure_logging("INFO", stream)
    logging.getLogger("voicebot.test").info("once")
    assert len(stream.getvalue().splitlines()) == 1
