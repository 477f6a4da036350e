"""Executed notebook to Typst source and to an accessible, archival, byte-stable PDF.

`notebook` reads cells and outputs, `markdown`, `html`, `tables`, `math` and `figures` turn what they find into
Typst, `template.typ` is the look, `press` compiles, `exporter` is the door: nbconvert's exporters and
`pdf_bytes`. Nothing here is imported until a page is wanted; only this package imports nbconvert.
"""
