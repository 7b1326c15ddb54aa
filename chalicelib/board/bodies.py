"""What the board's routes say."""

from typing import Literal

from pydantic import BaseModel, Field

from chalicelib.api.bodies import CellShown, Urgency


class CardShown(BaseModel):
    """A listing in a list; its text is read with the listing itself."""

    id: str = Field(examples=["mzxw6ytboi4dcmrt"])
    version: int
    kind: Literal["need", "offer"]
    state: Literal["open", "matched"]
    category: str
    title: str
    cell: CellShown
    distance_m: int | None = Field(description="From the point asked about to the middle of the cell")
    reach_m: int
    urgency: Urgency
    languages: list[str]
    capacity: int
    left: int
    trust: int
    published_at: str
    expires_at: str
    needed_by: str | None


class SearchShown(BaseModel):
    """A page of listings, the exact count of all, and the count by category whatever category was asked."""

    total: int
    facets: dict[str, int]
    listings: list[CardShown]
    next: str | None


class CellPolygon(BaseModel):
    """The edges of a cell, as longitude and latitude."""

    type: Literal["Polygon"]
    coordinates: list[list[tuple[float, float]]]


class FeatureShown(BaseModel):
    """A listing on the map."""

    type: Literal["Feature"]
    id: str
    geometry: CellPolygon
    properties: CardShown


class SearchFeatures(BaseModel):
    """The same page as GeoJSON (RFC 7946): a feature a listing, its geometry the cell."""

    type: Literal["FeatureCollection"]
    total: int
    facets: dict[str, int]
    next: str | None
    features: list[FeatureShown]
