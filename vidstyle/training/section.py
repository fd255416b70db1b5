"""The base of everything that a recipe is made of."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of a recipe: refuses unknown keys, and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
