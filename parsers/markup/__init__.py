"""SANDBOX, untrusted: readers of marked-up text: HTML and Markdown, and the inline Markdown both write."""
