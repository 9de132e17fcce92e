"""One audience of a connection's account: what of it an export may fill."""

from shared.app import App
from shared.exports import accounts
from shared.exports.access import may_use
from shared.http import problems
from shared.http.connections import find
from shared.http.messages import Request, Response
from shared.mailchimp.errors import AudienceNotFoundError
from shared.mailchimp.languages import CODES


def get_audience(app: App, request: Request) -> Response:
    """Tell an audience's merge fields, interests and marketing permissions, and the languages."""
    connection, _ = find(app, request)
    if not may_use(request.caller, connection):
        raise problems.forbidden("This connection is not shared with contributors.")
    audience_id = request.path.get("id", "")
    with accounts.open_account(app, connection, for_people=True) as mailchimp:
        client = mailchimp.client
        try:
            audience = client.audience(audience_id)
        except AudienceNotFoundError:
            raise problems.not_found("audience") from None
        fields = client.merge_fields(audience_id)
        interests = client.interests(audience_id)
        asks = audience.marketing_permissions
        permissions = client.marketing_permissions(audience_id) if asks else []
    return Response(
        document={
            "merge_fields": [
                {"tag": f.tag, "name": f.name, "type": f.type, "required": f.required}
                for f in fields
            ],
            "interests": [
                {"id": one.id, "name": one.name, "group": one.group, "kind": one.kind}
                for one in interests
            ],
            "marketing_permissions": permissions
            and [{"id": id_, "text": text} for id_, text in permissions],
            "languages": list(CODES),
        }
    )
