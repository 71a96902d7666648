"""A thin client of Opine, a service that scores images by judges whose agreement with people is measured.

    from opine_client import Client

    with Client("http://127.0.0.1:8080") as opine:
        print(opine.score("photo.jpg").score)

Needs nothing beside the standard library. What came back is a plain dictionary of the types in `contract`, which are made
from the service's openapi.yaml; scores and comparisons have a small object around it that reads no number where there is
none.
"""

from . import contract
from .client import Client
from .errors import OpineError, Problem, Unreachable, UnscoredError
from .images import Image, Picture
from .jobs import item
from .results import Comparison, Score
from .until import Attempt, Outcome, next_turn, until_accepted

__version__ = contract.VERSION

__all__ = [
    "Attempt",
    "Client",
    "Comparison",
    "Image",
    "OpineError",
    "Outcome",
    "Picture",
    "Problem",
    "Score",
    "Unreachable",
    "UnscoredError",
    "contract",
    "item",
    "next_turn",
    "until_accepted",
]
