"""SANDBOX, untrusted: readers of spreadsheets: XLSX, XLSB and the old XLS, all into one model of a sheet."""
