"""SANDBOX, untrusted: the binary formats of Word and PowerPoint 97 to 2003, and of Word 6 and 95."""
