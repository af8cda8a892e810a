"""SANDBOX, untrusted: Pages, Keynote and Numbers of iWork '05 to '09: a zip package around one XML file."""
