"""The style sheet, the script and the icon: read once and named by their content, so that they can be cached."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
_MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """path : below /assets/, with a digest of the content in it.  packed : the content compressed."""

    path: str
    media: str
    content: bytes
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return all assets by the name that templates use, such as `page.css`."""
    found = {}
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in _MEDIA:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[file.name] = Asset(
                f"{file.stem}.{digest}{file.suffix}", _MEDIA[file.suffix], content, gzip.compress(content, 9)
            )
    return found


def url_of(name: str) -> str:
    """Return an asset's URL."""
    return f"/assets/{assets()[name].path}"


def asset_at(path: str) -> Asset | None:
    """Return the asset of that path below /assets/; None where there is none."""
    return next((asset for asset in assets().values() if asset.path == path), None)
