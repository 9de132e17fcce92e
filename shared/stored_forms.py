"""Every form of document and table that the app stores, with its version.

docs/design.md says of each who writes it, who reads it, and which step it commits. Whoever changes
the shape of one raises its version and has the ones before upgraded (shared/platform/forms.py).

What has no version of its own is of the version of what names it, or has no form that could
change: marks say all in their names and metadata, and outcomes are for people.
"""

from dataclasses import dataclass

from shared.audiences import owned_tags
from shared.platform.forms import Form, Forms

_LEDGER = "ledgers/{account}/{audience}/{uid}/"
_RUN = "runs/{export}/{run}/"
_ATTEMPT = f"{_RUN}plans/{{attempt}}/"
_PROTECTED = "suppressions/{account}/{audience}/"
_VERIFIED = "verifications/{uid}/{verification}/"
_AUDIENCE = "audiences/{account}/{audience}/"
_SUBSCRIBED = f"{_AUDIENCE}subscribed/"

DOCUMENTS = (
    Form("connection", "connections/{connection}.json"),
    Form("sign-in", "connections/states/{hash}.json"),
    Form("updates", "accounts/{account}/updates.json"),
    Form("export", "exports/{export}.json"),
    Form("last run", "exports/_last/{export}"),
    Form("export's history", "exports/_history/{export}"),
    Form("connection's history", "connections/_history/{connection}"),
    Form("told state", "exports/_notices/state/{export}"),
    Form("due notice", "exports/_notices/due/{export}"),
    Form("time of the last tick", "index/tick.json"),
    Form("time of the first look", "index/first-ran.json"),
    Form("active marker", "runs/_active/{export}"),
    Form("retention mark", "runs/_retention"),
    Form("run", f"{_RUN}run.json"),
    Form("plan", f"{_RUN}plan.json"),
    Form("stop order", f"{_RUN}stop.json"),
    Form("series", f"{_RUN}series.json"),
    Form("ledger", f"{_LEDGER}ledger.json"),
    Form("tags", "ledgers/{account}/{audience}/tags.json", version=2, upgrade=owned_tags.by_id),
    Form("audience's memory", f"{_AUDIENCE}memory.json"),
    Form("answers of an audience", f"{_AUDIENCE}answers.json"),
    Form("drift of an audience", f"{_AUDIENCE}drift.json"),
    Form("batch sizes", "ledgers/{account}/{audience}/batch-sizes.json"),
    Form("index of outcomes", f"{_RUN}outcomes/{{file}}.index.json"),
    Form("index of runs", "index/runs-complete.json"),
    Form("index of exports", "index/exports/{shard}.json"),
    Form("index of last runs", "index/last-runs/{shard}.json"),
    Form("sources", "index/sources.json"),
    Form("cursors of the tick", "index/cursors.json"),
    Form("erasure", "erasures/{erasure}.json"),
    Form("open erasure", "erasures/open/{erasure}.json"),
    Form("pieces of an erasure", "erasures/pieces/{erasure}.json"),
    Form("verification", "verifications/{uid}.json"),
    Form("index of a verification's rows", f"{_VERIFIED}rows/{{file}}.index.json"),
    Form("live check", "live-checks/{connection}.json"),
    Form("protected contacts", f"{_PROTECTED}state.json"),
    Form("protected contacts' draft", f"{_PROTECTED}draft.json"),
    Form("subscribed contacts", f"{_SUBSCRIBED}state.json"),
    Form("subscribed contacts' draft", f"{_SUBSCRIBED}draft.json"),
    Form("contact that a webhook told of", f"{_PROTECTED}told/{{event}}.json"),
    Form("webhook", "webhooks/hooks/{hook}.json"),
)
TABLES = (
    Form("ledger table", f"{_LEDGER}{{table}}.parquet", version=2),
    Form("created contacts", f"{_AUDIENCE}made/{{table}}.parquet"),
    Form("people of an audience", f"{_AUDIENCE}people/{{table}}.parquet"),
    Form("contacts' answers", f"{_AUDIENCE}answers/{{table}}.parquet"),
    Form("part of a verification", f"{_VERIFIED}parts/{{part}}.parquet"),
    Form("run table", f"{_ATTEMPT}table.parquet", version=2),
    Form("upsert rows", f"{_ATTEMPT}upserts.parquet"),
    Form("tag operations", f"{_ATTEMPT}tag-ops.parquet"),
    Form("single rows", f"{_ATTEMPT}singles.parquet"),
    Form("permission rows", f"{_ATTEMPT}permits.parquet"),
)
FORMS = Forms((*DOCUMENTS, *TABLES))


@dataclass(frozen=True)
class Other:
    """Blobs without a version of their own; `of`: the form that names them, None for marks."""

    name: str
    where: str
    of: str | None = None


OTHERS = (
    Other("payload", f"{_ATTEMPT}payload", "plan"),
    Other("outcome blob", f"{_RUN}chunks/{{chunk}}", "plan"),
    Other("part", f"{_PROTECTED}parts/{{part}}", "protected contacts"),
    Other(
        "page", f"{_PROTECTED}pages/{{listing}}/{{status}}/{{offset}}", "protected contacts' draft"
    ),
    Other("part of the subscribed", f"{_SUBSCRIBED}parts/{{part}}", "subscribed contacts"),
    Other(
        "page of the subscribed",
        f"{_SUBSCRIBED}pages/{{listing}}/{{status}}/{{offset}}",
        "subscribed contacts' draft",
    ),
    Other("outcomes", f"{_RUN}outcomes/{{code}}.csv"),
    Other("rows of a verification", f"{_VERIFIED}rows/{{file}}.csv"),
    Other("run in the index", "index/runs/{moment}/{run}"),
    Other("erased person", "suppressions/erased/{hash}"),
    Other("erasure's lock", "erasures/locks/{erasure}"),
    Other("verification under way", "verifications/open/{uid}"),
    Other("verification's lock", "verifications/locks/{uid}"),
    Other("live check under way", "live-checks/open/{connection}"),
    Other("live check's lock", "live-checks/locks/{connection}"),
    Other("slot", "slots/{account}/{slot}"),
    Other("slot for people", "slots/{account}/people/slot"),
    Other("person's waiting mark", "slots/{account}/people/waiting/{waiter}"),
    Other("run on the board", "slots/{account}/runs/{run}"),
    Other("leaving mark", "slots/{account}/leaving/{audience}/{run}"),
    Other("waiting mark", "slots/{account}/waiting/{waiter}"),
    Other("webhooks' mark", "slots/{account}/told/{audience}"),
    Other("time of a webhook's last event", "webhooks/last/{hook}"),
    Other("wish for webhooks", "webhooks/wishes/{connection}"),
    Other("webhooks' lock", "webhooks/lock"),
    Other("erasure mark", "slots/{account}/erased/last"),
    Other("run's lock", f"{_RUN}lock"),
    Other("audience's lock", f"{_AUDIENCE}lock"),
    Other("table's lock", f"{_PROTECTED}lock"),
    Other("lock of the subscribed", f"{_SUBSCRIBED}lock"),
    Other("notice's lock", "exports/_notices/locks/{export}"),
    # Left by 0.1.0, which told one notice at a time.
    Other("notices' lock", "exports/_notices/lock"),
    Other("erasure key's lock", "suppressions/erasure-key"),
)
