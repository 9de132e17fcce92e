"""What a receiver gets: the notice as JSON, or a text in its language for Slack and Teams."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.notifications.webhook import Webhook
from shared.platform.blobs import Document

# The console's own words: nobody reads of one thing in two ways.
_LANGUAGES = Path(__file__).resolve().parents[2] / "console" / "languages"
_CARD = "application/vnd.microsoft.card.adaptive"
# Of input, stale and fresh again: the console has no such words.
_OF_INPUT: Mapping[str, tuple[str, str]] = {
    "en": (
        "Customer Insights has written nothing new for too long",
        "Customer Insights has written new data",
    ),
    "hr": (
        "Customer Insights predugo nije zapisao ništa novo",
        "Customer Insights zapisao je nove podatke",
    ),
    "id": (
        "Customer Insights terlalu lama tidak menulis data baru",
        "Customer Insights telah menulis data baru",
    ),
    "kk": (
        "Customer Insights тым ұзақ жаңа ештеңе жазбады",
        "Customer Insights жаңа деректер жазды",
    ),
    "lv": (
        "Customer Insights pārāk ilgi nav ierakstījis neko jaunu",
        "Customer Insights ir ierakstījis jaunus datus",
    ),
    "zh-CN": ("Customer Insights 已太久没有写入新数据", "Customer Insights 已写入新数据"),
}
# https://docs.slack.dev/messaging/formatting-message-text: what its marks begin with.
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def written(webhook: Webhook, body: Document) -> bytes:
    """Return the body of a call, in the receiver's format and language."""
    match webhook.format:
        case "json":
            told = body
        case "slack":
            title, text = in_words(body, webhook.language)
            told = {"text": f"*{title.translate(_SLACK)}*\n{text.translate(_SLACK)}".strip()}
        case "teams":
            title, text = in_words(body, webhook.language)
            told = _card(title, text)
    return json.dumps(told, ensure_ascii=False).encode()


def in_words(body: Document, language: str) -> tuple[str, str]:
    """Return a title and a text; English where the language, or a word of it, is not there."""
    words = {**_words("en"), **_words(language)}
    name = body["display_name"]
    if "status" in body:
        before, after = (words[f"run_state.{body[m]}"] for m in ("status_before", "status"))
        return f"{name}: {before} → {after}", _why(words, body["error"])
    stale, fresh = _OF_INPUT.get(language, _OF_INPUT["en"])
    segments = ", ".join(segment["name"] for segment in body["segments"])
    return f"{name}: {stale if body['event'] == 'input_stale' else fresh}", segments


def _why(words: Mapping[str, str], error: Document | None) -> str:
    """Return what is told of an error: the console's text, else the run's own in English."""
    if error is None:
        return ""
    known = words.get(f"error.{error['code']}")
    if known is None:
        return str(error["detail"])
    params = {name: _listed(value) for name, value in (error.get("params") or {}).items()}
    if not set(re.findall(r"\{(\w+)\}", known)) <= params.keys():
        return str(error["detail"])
    text = re.sub(r"\{(\w+)\}", lambda hole: params[hole[1]], known)
    what = words.get(f"error.{error['code']}.do", "")
    return f"{text}\n{what}".strip()


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _card(title: str, text: str) -> Document:
    """Return a message for a Workflows URL (https://adaptivecards.io/explorer/AdaptiveCard.html)."""
    lines = [{"type": "TextBlock", "text": title, "weight": "Bolder", "wrap": True}]
    lines += [{"type": "TextBlock", "text": line, "wrap": True} for line in text.splitlines()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "content": card}]}


@cache
def languages() -> tuple[str, ...]:
    """Return the tags of the languages that the console speaks."""
    return tuple(sorted(path.stem for path in _LANGUAGES.glob("*.json")))


@cache
def _words(language: str) -> dict[str, str]:
    if language not in languages():
        return {}
    texts = json.loads((_LANGUAGES / f"{language}.json").read_text("utf-8"))
    return {key: text for key, text in texts.items() if isinstance(text, str)}
