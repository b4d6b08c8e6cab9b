"""Which version of the program runs."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """Return the version of the installed package, or `unknown` where it runs without being installed."""
    try:
        return version("loyalty-ladder")
    except PackageNotFoundError:
        return "unknown"
