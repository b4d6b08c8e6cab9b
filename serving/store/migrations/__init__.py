"""How the store's tables came to be as they are: one revision a change, run in order by `ladder store upgrade`.

A revision is a file in `versions/` whose name begins with its number, four digits. It is frozen once it is on main: it
imports nothing of the program, whose tables go on changing. It adds and renames such that a service of the program
before goes on until it is restarted; what only that program needed is removed by the revision after. The last number
stands in `serving.store.versions.REVISIONS`. There is no way down but `ladder store restore`.
"""
