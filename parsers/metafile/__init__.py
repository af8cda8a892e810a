"""SANDBOX, untrusted: words in vector pictures of Windows: EMF, EMF+ and WMF, alone or shown in a document."""
