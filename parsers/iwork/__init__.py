"""SANDBOX, untrusted: Pages, Keynote and Numbers: zip packages around one XML file ('05 to '09) or objects (2013)."""
