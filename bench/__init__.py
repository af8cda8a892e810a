"""Measurements: ratios and qualities on one machine in one run, never asserted by tests."""
