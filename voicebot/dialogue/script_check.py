"""The check of scripts, where it was before the package voicebot.dialogue.check."""

from voicebot.dialogue.check.problem import Problem
from voicebot.dialogue.check.script_check import check_script, load_checked_script

__all__ = ["Problem", "check_script", "load_checked_script"]
