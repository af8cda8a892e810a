"""SANDBOX, untrusted: everything that reads a document. Never imported by the host; runs only inside an image."""
