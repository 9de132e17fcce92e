"""What may go wrong in a handler, as the problem that the API tells."""

from shared.http import problems
from shared.http.problems import ProblemError


def translate(error: BaseException) -> ProblemError:
    """Return the problem document for an error; one that nobody expects is the app's own fault."""
    # Only here after something has failed, so these modules may take their time to load.
    from shared.accounts.slots import NoSlotError
    from shared.exports.errors import ConnectionUnusableError
    from shared.mailchimp.errors import BlockedError, RefusedError, RetryError, StopError
    from shared.platform.blobs import BlobConflictError
    from shared.platform.forms import FormError

    match error:
        case ProblemError():
            return error
        case NoSlotError():
            return problems.busy()
        case BlockedError():
            return problems.mailchimp_refuses("mailchimp_denied", error.told, error.said)
        case RetryError():
            return problems.mailchimp_unavailable()
        case ConnectionUnusableError():
            return problems.conflict(error.code, "The connection can't be used", error.detail)
        case StopError() | RefusedError():
            code = error.code if isinstance(error, StopError) else "mailchimp_refused"
            return problems.mailchimp_refuses(code, error.told, error.said)
        case BlobConflictError():
            return problems.precondition_failed()
        case FormError():
            return problems.unknown_form(str(error))
        case _:
            return problems.unexpected()
