"""Every property that a script is checked for.

How to add one: docs/how-to/add-a-script-property.md.
"""

from __future__ import annotations

from voicebot.dialogue.check.properties import (
    agreements,
    claims,
    exits,
    identity,
    mood,
    notices,
    persuasion,
    variables,
    ways,
    wording,
)
from voicebot.dialogue.check.properties.property import Property

PROPERTIES: tuple[Property, ...] = (
    *identity.PROPERTIES,
    *notices.PROPERTIES,
    *exits.PROPERTIES,
    *ways.PROPERTIES,
    *agreements.PROPERTIES,
    *persuasion.PROPERTIES,
    *claims.PROPERTIES,
    *variables.PROPERTIES,
    *wording.PROPERTIES,
    *mood.PROPERTIES,
)
