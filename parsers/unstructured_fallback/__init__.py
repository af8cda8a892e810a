"""SANDBOX, untrusted: the library `unstructured` reads what ours could not, in an image of its own."""
