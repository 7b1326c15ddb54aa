"""What the places' routes say."""

from pydantic import BaseModel

from chalicelib.api.bodies import CellShown


class AddressShown(BaseModel):
    """An address that may be meant, and the cell it would be shown as."""

    label: str
    cell: CellShown


class AddressesShown(BaseModel):
    addresses: list[AddressShown]
