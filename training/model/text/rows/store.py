"""What is said of a store that was looked over."""

from training.model.text.row import Row

ROWS = (
    Row(
        "store_older",
        (
            "it is of version {version}, and this program works with version {current}: `ladder store upgrade`",
            "hij is van versie {version}, en dit programma werkt met versie {current}: `ladder store upgrade`",
        ),
    ),
    Row(
        "store_newer",
        (
            "it is of version {version}, made by a newer program than this one, which works with version {current}: "
            "install that program",
            "hij is van versie {version}, gemaakt door een nieuwer programma dan dit, dat met versie {current} werkt: "
            "installeer dat programma",
        ),
    ),
    Row(
        "store_damaged",
        (
            "its pages make no sense ({words}): `ladder store restore` the last backup",
            "de bladzijden kloppen niet ({words}): zet de laatste kopie terug met `ladder store restore`",
        ),
    ),
    Row(
        "store_table_missing",
        (
            "the table {table} is not there: `ladder store restore` the last backup",
            "de tabel {table} ontbreekt: zet de laatste kopie terug met `ladder store restore`",
        ),
    ),
    Row(
        "store_column_missing",
        (
            "the column {column} of the table {table} is not there: `ladder store restore` the last backup",
            "de kolom {column} van de tabel {table} ontbreekt: zet de laatste kopie terug met `ladder store restore`",
        ),
    ),
    Row(
        "store_table_unknown",
        (
            "the table {table} is none of a store's: whoever made it should keep it elsewhere",
            "de tabel {table} hoort niet bij de opslag: wie haar maakte, bewaart haar beter elders",
        ),
    ),
    Row(
        "store_stray_rows",
        (
            "{rows:# row|# rows} of the table {table} belong to nothing in {owner}: score into the store again, and "
            "restore the last backup if that does not mend it",
            "{rows:# rij|# rijen} van de tabel {table} horen bij niets in {owner}: schrijf opnieuw scores, en zet de "
            "laatste kopie terug als dat niet helpt",
        ),
    ),
    Row(
        "store_readable",
        (
            "others on this machine may read it: `chmod 600 {file}`",
            "anderen op deze computer mogen hem lezen: `chmod 600 {file}`",
        ),
    ),
)
