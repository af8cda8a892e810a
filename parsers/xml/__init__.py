"""SANDBOX, untrusted: XML: articles (JATS, DocBook and their kin), feeds, outlines, drawings, and data nobody
described.
"""
