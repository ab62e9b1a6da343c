"""A curve from a model's probabilities to probabilities that hold: isotonic regression. Pure, no tables.

Source: Zadrozny & Elkan 2002. scikit-learn's isotonic regression says 0 or 1 where all items of an end are
wrong or right; here no end is surer than n items can be (rule of succession: 1 / (n + 2)).
"""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """A part of a calibration's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CalibrationCurve(Value):
    """A rising curve; between its knots it is a line, beyond them it is level."""

    items: int = Field(description="Dev items that it was fitted to.")
    model: tuple[float, ...] = Field(description="Probabilities of the model, rising.")
    calibrated: tuple[float, ...] = Field(description="Shares of right items, never falling.")

    @classmethod
    def fitted(cls, probability: np.ndarray, right: np.ndarray) -> Self:
        """Return the curve of items: their probabilities and whether each is right."""
        from sklearn.isotonic import IsotonicRegression

        edge = 1 / (len(right) + 2)
        fit = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
        fit.fit(probability, right.astype(float))
        return cls(
            items=len(right), model=tuple(fit.X_thresholds_.tolist()),
            calibrated=tuple(fit.y_thresholds_.tolist()),
        )  # fmt: skip

    def at(self, probability: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities."""
        return np.interp(probability, self.model, self.calibrated)
