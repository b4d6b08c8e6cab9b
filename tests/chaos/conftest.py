"""The bundle and the histories of the tests of serving."""

from tests.serving.conftest import folder, histories, tiny

__all__ = ["folder", "histories", "tiny"]
