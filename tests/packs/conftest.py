"""Two desks that trust each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packs.desks import Desk, desk_at


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    desk = desk_at(tmp_path / "here", "岭海数字服务中心")
    yield desk
    desk.close()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Desk]:
    desk = desk_at(tmp_path / "there", "海陵服务台")
    yield desk
    desk.close()


@pytest.fixture
def friends(here: Desk, there: Desk) -> tuple[Desk, Desk]:
    """(here, there), each trusting the other's signature."""
    here.trust(there)
    there.trust(here)
    return here, there
