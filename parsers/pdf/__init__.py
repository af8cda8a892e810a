"""SANDBOX, untrusted: reads PDF by the geometry of its glyphs and rules, on PyMuPDF."""

from parsers.blocks import Parser
from parsers.pdf.reader import PdfParser

PARSER: Parser = PdfParser()
