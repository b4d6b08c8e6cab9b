"""The managers' page: HTML from the store, made on the server, usable without JavaScript.

routes.py     which view stands behind which path; the one thing that the application mounts
visits.py     what a view is given, and how it answers
session.py    who is signed in, and that a change was meant by them
ledger.py     every change, with who made it
texts.py      every word, in English and Dutch          formats.py   money, dates and numbers as the reader writes them
drawing.py    pictures, as SVG                          assets.py    style sheet and script
filters.py, priorities.py, planning.py, ...             one view each: query -> rows -> template
"""
