"""Voicebot: a telephony server that talks with people about overdue payments, in Polish."""

__version__ = "0.1.0"
