"""The files of a bundle: read against their digests, and written as JSON with the boosters' texts beside it."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from features.errors import BundleError
from features.finite import without_nan
from training.model.serialization import Predictor, from_json

PredictorKind = TypeVar("PredictorKind", bound=Predictor)


class BundleReader:
    """The reader of one bundle's files, which checks each against the manifest's digest."""

    def __init__(self, folder: Path, digests: Mapping[str, str]) -> None:
        self._folder, self._digests = folder, digests

    def content(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        BundleError
            If the manifest does not list the file, or its content differs from the digest there.
        """
        if name not in self._digests:  # a name that the manifest does not list is never opened
            raise BundleError(f"The bundle refers to {name!r}, which its manifest does not list. Export it anew.")
        content = read_bytes(self._folder / name)
        if hashlib.sha256(content).hexdigest() != self._digests[name]:
            raise BundleError(f"{name} in {self._folder} was changed after it was written. Export the bundle anew.")
        return content

    def predictor(self, name: str) -> Predictor:
        """Read a predictor, with the texts of its boosters."""
        content = parse_object(self.content(f"{name}.json"), name)
        return from_json(self._move_texts_in(content))

    def part(self, name: str, kind: type[PredictorKind]) -> PredictorKind:
        """Read a predictor that must be of some class."""
        predictor = self.predictor(name)
        if not isinstance(predictor, kind):
            raise BundleError(
                f"{name} is a {type(predictor).__name__}, where a {kind.__name__} was expected. Export the bundle anew."
            )
        return predictor

    def part_if_any(self, name: str, kind: type[PredictorKind]) -> PredictorKind | None:
        """Read a predictor that must be of some class; None where the bundle has none of that name."""
        return self.part(name, kind) if f"{name}.json" in self._digests else None

    def _move_texts_in(self, node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("kind") == "Trees":
                return {**node, "text": self.content(node["text"]).decode()}
            return {key: self._move_texts_in(value) for key, value in node.items()}
        return [self._move_texts_in(value) for value in node] if isinstance(node, list) else node


def move_texts_out(node: Any, name: str, files: dict[str, bytes]) -> Any:
    """Replace the text of every booster in the JSON by the name of a file, and add that file to `files`.

    name : the predictor's name, with which the names of its files begin.
    """
    if isinstance(node, dict):
        if node.get("kind") == "Trees":
            content = node["text"].encode()
            file = next((held for held, text in files.items() if text == content), None)  # several may share a booster
            if file is None:
                file = f"{name}.{sum(f.startswith(f'{name}.') for f in files) + 1}.txt"
                files[file] = content
            return {**node, "text": file}
        return {key: move_texts_out(value, name, files) for key, value in node.items()}
    return [move_texts_out(value, name, files) for value in node] if isinstance(node, list) else node


def read_bytes(path: Path) -> bytes:
    """Read a file of a bundle: a regular one, which ends; no link, no pipe, no device.

    Raises
    ------
    BundleError
        If it cannot be read, or is something else.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BundleError(f"{path} is no regular file. Export the bundle anew.")
            return file.read()
    except OSError as error:
        if path.is_symlink():
            raise BundleError(f"{path} is a link, and links are not followed. Copy the file itself.") from None
        raise BundleError(f"{path} cannot be read: {error.strerror}. Train and promote a model first.") from None


def parse_object(raw: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises
    ------
    BundleError
        If the content is not JSON, or not an object.
    """
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise BundleError(f"{name} is no valid JSON: {error}. Export the bundle anew.") from None
    if not isinstance(content, dict):
        raise BundleError(f"{name} holds no object. Export the bundle anew.")
    return content


def json_bytes(content: Any) -> bytes:
    """Write JSON in the one form that bundles use: sorted keys, NaN as null."""
    return (
        json.dumps(without_nan(content), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    ).encode()
