"""The ways in which contacts that exist may be updated without their status being written."""

from typing import Literal

type Way = Literal["status_if_new", "no_status", "one_by_one"]
