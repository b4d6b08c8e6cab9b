"""Where the repository stands, and the real orders that some tests look at where they are there."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
ONLINE_RETAIL = Path(os.environ.get("LADDER_DATA", ROOT / "data" / "online_retail"))
"""`orders.parquet` of UCI Online Retail II; tests that need it are skipped, saying so, where it is missing."""
CDNOW = ONLINE_RETAIL.parent / "cdnow"
