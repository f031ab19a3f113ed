"""The base of all models."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails
from typing_extensions import Self


class Model(BaseModel):
    """A request or a response. Its errors name the field and the fault but never repeat the input."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        from_attributes=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _without_input(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            details = [
                InitErrorDetails(type=each["type"], loc=each["loc"], input=None, ctx=each.get("ctx", {}))
                for each in error.errors(include_url=False, include_input=False)
            ]
            raise ValidationError.from_exception_data(error.title, details, hide_input=True) from None
