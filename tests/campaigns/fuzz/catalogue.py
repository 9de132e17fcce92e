"""Every fuzz target."""

from tests.campaigns.fuzz import documents, models, segment_files

TARGETS = {
    target.name: target
    for target in (
        segment_files.TARGET,
        models.TARGET,
        documents.TARGET,
    )
}
