"""Understands and reads out Polish amounts, days, hours, digits and answers: rules, no model."""
