"""SANDBOX, untrusted: text out of pixels, by Tesseract, in the image that has it."""
