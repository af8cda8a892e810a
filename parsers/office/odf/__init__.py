"""SANDBOX, untrusted: a reader of OpenDocument files: text, spreadsheets, presentations, drawings, packed or flat."""
