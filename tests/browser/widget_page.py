"""Widgets' scripts in an empty page, with no kernel and no JupyterLab behind them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

from rnncourse.widgets._fallback import ReadableWidget

# What a saved page gives a script: the state, and nobody who answers. `seen` notes what the page says at the
# moment in which the script stores something.
START = """async ([script, state, number]) => {
    const revive = (value) => {
        if (value === null || typeof value !== 'object') return value;
        if ('base64' in value) {
            return new DataView(Uint8Array.from(atob(value.base64), (one) => one.charCodeAt(0)).buffer);
        }
        for (const key of Object.keys(value)) value[key] = revive(value[key]);
        return value;
    };
    const module = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    const listeners = [];
    state = revive(JSON.parse(state));
    const seen = [];
    const model = {
        get: (name) => state[name],
        set: (name, value) => {
            seen.push([name, document.body.innerText]);
            state[name] = value;
            listeners.filter((one) => one[0] === `change:${name}`).forEach((one) => one[1]());
        },
        save_changes: () => {},
        send: () => {},
        on: (event, listener) => listeners.push([event, listener]),
        off: (event, listener) => {
            const k = listeners.findIndex((one) => one[0] === event && one[1] === listener);
            if (k >= 0) listeners.splice(k, 1);
        },
    };
    const el = document.createElement('div');
    el.dataset.widget = number;
    document.body.append(el);
    const close = module.default.render({ model, el });
    Object.assign(window, { state, seen, close, listening: () => listeners.length });
    (window.models ??= []).push(model);
}"""


def start(page: Page, widget: ReadableWidget) -> None:
    """Run the script of `widget` in the page, with its style and the state that a saved notebook holds.

    The page has `state` (by trait), `models[0]`, `close()`, which ends the view, and `listening()`, how many
    listeners the view has on its model.
    """
    start_all(page, [widget])


def start_all(page: Page, widgets: Sequence[ReadableWidget]) -> None:
    """Do the same for several widgets: widget k is in `[data-widget="k"]`, its model in `models[k]`."""
    for number, widget in enumerate(widgets):
        page.add_style_tag(content=widget._css)
        page.evaluate(START, [widget._esm, json.dumps(_as_json(widget.get_state())), number])


def in_page(page: Page, function: str, given: Any = None) -> Any:
    """Return what a JavaScript function makes of `given`, for numbers that are many or must be exact.

    Both cross as JSON text. Playwright would look at every number, which takes longer than computing it does.
    """
    return json.loads(
        page.evaluate(f"(text) => JSON.stringify(({function})(JSON.parse(text)))", json.dumps(given))
    )


def _as_json(value: Any) -> Any:
    """Return a state with its bytes as text, for JSON has none."""
    if isinstance(value, (bytes, memoryview)):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict):
        return {key: _as_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(one) for one in value]
    return value
