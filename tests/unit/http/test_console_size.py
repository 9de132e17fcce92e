"""What the console costs to load: all of its pages at once, but for the texts of one language."""

from shared.http import console

LIMIT = 60_000


def test_the_whole_console_is_smaller_than_sixty_kilobytes_before_its_language() -> None:
    files = console.manifest().files
    sizes = {
        name: len(file.zipped) for name, file in files.items() if not name.startswith("languages/")
    }

    assert sum(sizes.values()) < LIMIT, sizes
