"""SANDBOX, untrusted: Rich Text Format (Microsoft, RTF specification 1.9.1), and HTML hidden in it (MS-OXRTFEX)."""
