"""What runs until it is stopped: servers, child processes, and several of them together."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Running(ABC):
    """`with` stops it at the end of its block."""

    @abstractmethod
    def stop(self) -> None:
        """End it in good order."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
