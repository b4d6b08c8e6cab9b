"""The page /docs: the OpenAPI document as plain HTML, whole in itself, without scripts or anything from elsewhere."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f2f4f7; border-radius: 4px; }
code { padding: 0 .25em; } pre { padding: 1em; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d5dae1; }
h2 { margin-top: 2.5rem; } .method { text-transform: uppercase; }
"""


def page(document: Mapping[str, Any]) -> str:
    """The document as one HTML page."""
    info = document["info"]
    operations = [
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        f"<h2>Endpoints</h2>{''.join(operations)}<h2>Fields</h2>{''.join(schemas)}</body></html>\n"
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    parts = [f'<h3 id="{escape(path)}"><code><span class="method">{method}</span> {escape(path)}</code></h3>']
    parts.append(f"<p>{escape(operation['summary'])}.</p>")
    if "description" in operation:
        parts.append(f"<p>{escape(operation['description'])}</p>")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        example = json.dumps(body["example"], indent=2)
        parts.append(f"<p>Body: {_type(body['schema'])}, for example</p><pre>{escape(example)}</pre>")
    rows = [
        f"<tr><td>{escape(status)}</td><td>{escape(answer['description'])}</td>"
        f"<td>{', '.join(_type(content['schema']) for content in answer['content'].values())}</td></tr>"
        for status, answer in operation["responses"].items()
    ]
    parts.append(f"<table><tr><th>Status</th><th>Meaning</th><th>Body</th></tr>{''.join(rows)}</table>")
    return "".join(parts)


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        f"<tr><td><code>{escape(field)}</code></td><td>{_type(content)}</td>"
        f"<td>{'yes' if field in required else ''}</td><td>{escape(content.get('description', ''))}</td></tr>"
        for field, content in schema.get("properties", {}).items()
    ]
    return (
        f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        f"<table><tr><th>Field</th><th>Type</th><th>Always</th><th>Meaning</th></tr>{''.join(rows)}</table>"
    )


def _type(schema: Mapping[str, Any]) -> str:
    """What a field may hold, in a few words, linked where it is an object of its own."""
    null = " or null" if schema.get("nullable") else ""
    if "allOf" in schema:
        return " and ".join(_type(part) for part in schema["allOf"]) + null
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#{name}">{name}</a>'
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(v))}</code>" for v in schema["enum"] if v is not None) + null
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    limits = [f"{sign} {schema[key]:g}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    words = [schema.get("format", schema.get("type", "anything")), *limits]
    return escape(", ".join(words)) + null
