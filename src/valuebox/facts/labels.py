"""Texts of many rows, each text held once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuebox.schemas.names import shown
from valuebox.statistics.arrays import Mask


@dataclass(frozen=True)
class Labels:
    """A text for each row, or none."""

    codes: NDArray[np.int32]
    """Positions in `names`, `(n_rows,)`; -1 where the label is missing."""
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def where(self, rows: Mask) -> "Labels":
        """Labels of some rows."""
        return Labels(self.codes[rows], self.names)

    def are(self, text: str) -> Mask:
        """Which rows have this text, as the user writes it."""
        return self.have(shown(text))

    def have(self, name: str) -> Mask:
        """Which rows have this name, which may be one of ours."""
        code = self.names.index(name) if name in self.names else len(self.names)
        return np.asarray(self.codes == code)
