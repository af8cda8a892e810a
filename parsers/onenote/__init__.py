"""SANDBOX, untrusted: sections of OneNote ([MS-ONESTORE], [MS-ONE])."""
