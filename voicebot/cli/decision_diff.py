"""Shows where two decision logs of one call differ, so that a person sees what it means."""

from __future__ import annotations

import json
from typing import Any

_LEFT_OUT = frozenset({"n", "at", "event", "heard"})


def differences(before: list[str], now: list[str]) -> list[list[str]]:
    """For each decision that differs, some lines: what the caller did, and both answers."""
    found = []
    for one, other in zip(before, now, strict=True):
        if one != other:
            found.append(_shown(json.loads(one), json.loads(other)))
    return found


def _shown(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    lines = [f"decision {before['n']} at {before['at']}, {_event(before['event'])}"]
    if before["event"] != now["event"]:
        lines.append(f"  now heard: {_event(now['event'])}")
    for key in sorted(before.keys() | now.keys()):
        if key in _LEFT_OUT or before.get(key) == now.get(key):
            continue
        if key == "actions":
            lines += _actions("-", before[key], now[key])
            lines += _actions("+", now[key], before[key])
        else:
            lines.append(f"  - {key}: {_brief(before.get(key))}")
            lines.append(f"  + {key}: {_brief(now.get(key))}")
    return lines


def _event(event: dict[str, Any] | None) -> str:
    if event is None:
        return "the call begins"
    match event["is"]:
        case "UserTurn" if event["digits"]:
            return f"the caller keyed {event['digits']}"
        case "UserTurn":
            return f"the caller said {event['text']!r} ({event['confidence']:.2f})"
        case "QueryAnswered":
            return f"the directory answered {event['name']}"
    return str(event["is"])


def _actions(sign: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[str]:
    return [f"  {sign} {_action(action)}" for action in ours if action not in theirs]


def _action(action: dict[str, Any]) -> str:
    if action["is"] == "Say":
        return f"Say {action['prompt_id']}: {action['text']}"
    return f"{action['is']} {_brief({key: item for key, item in action.items() if key != 'is'})}"


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."
