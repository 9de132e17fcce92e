"""What may surprise about an audience, said when an export is saved and in every run."""

from collections.abc import Sequence

from shared.exports.models import Export
from shared.mailchimp.answers import Audience
from shared.notice import Notice


def audience_warnings(
    export: Export, audience: Audience, required_unmapped: Sequence[str]
) -> list[Notice]:
    """Return what may surprise about an audience; required_unmapped: see Resolution."""
    found = []
    if audience.double_optin and export.status_for_new == "subscribed":
        text = (
            "The audience asks for double opt-in; new contacts are subscribed without it. Set "
            "status_for_new to pending in the export to keep it."
        )
        found.append(Notice("double_optin_bypassed", text))
    if audience.marketing_permissions and not export.marketing_permissions:
        text = (
            "The audience has marketing permissions (GDPR fields); contacts arrive without any. "
            "Mailchimp may leave them out of campaigns that ask for one."
        )
        found.append(Notice("marketing_permissions_unset", text))
    if required_unmapped:
        names = ", ".join(required_unmapped)
        text = (
            f"The audience requires merge fields that the export does not map: {names}. They stay "
            "blank; map a column to each, or make them optional in Mailchimp."
        )
        found.append(Notice("merge_field_required", text, {"fields": list(required_unmapped)}))
    return found
