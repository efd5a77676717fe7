"""The Model Context Protocol over standard input and output: the tools of `affil.service.assistant`."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from functools import partial, wraps
from inspect import cleandoc
from threading import Lock
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import ToolAnnotations
from pydantic import Field, ValidationError

from affil.errors import AffilError
from affil.service.assistant import Assistant, String
from affil.service.faults import told

LOG = logging.getLogger("affil.mcp")
_INSTRUCTIONS = """\
affil says which institutions affiliation strings name, and ranks institutions and places by papers. Match strings rather than guess what \
they name, and say how sure an answer is. Numbers of rankings come with the ranks that doubtful matches leave open and with notes on what \
they rest on: tell these, too. You decide nothing: propose_decision leaves a suggestion, which a person accepts or not."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_SUGGESTS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


class Tools(MCPServer[Any]):
    """A server whose errors are one line, in affil's words: the library's name models and have pages of their own."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None) -> Any:
        """See `MCPServer.call_tool`; arguments that a tool does not know are refused."""
        known = {tool.name: [*tool.input_schema["properties"]] for tool in await self.list_tools()}
        if name not in known:
            raise ToolError(f"no tool {name[:100]!r}; known are: {', '.join(known)}")
        if unknown := [one for one in arguments if one not in known[name]]:
            raise ToolError(f"{unknown[0][:100]!r} is unknown; known are: {', '.join(known[name])}")
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                line = "; ".join(told(cause.errors(include_url=False)))
            elif isinstance(error, UnexpectedToolError) or cause is None:
                LOG.error("%s failed: %s", name, _place(cause or error))
                line = "this should not have happened; the log of affil mcp says where"
            else:
                line = str(cause)
            raise ToolError(" ".join(line.split())) from None


def _place(error: BaseException) -> str:
    """The kind and the place of an error; its message may quote a string."""
    frames = traceback.extract_tb(error.__traceback__)
    return " ".join([type(error).__name__, *(f"at {f.filename}:{f.lineno}" for f in frames[-1:])])


def make_server(assistant: Assistant, version: str) -> Tools:
    """A server of the tools: without a workspace only those on strings and the registry.

    A tool answers one call at a time, as matching uses all it needs at once; what is wrong with a call is one line for the assistant.
    """
    server = Tools("affil", instructions=_INSTRUCTIONS, version=version, log_level="WARNING")
    turn = Lock()

    def at_once(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        with turn:
            return call()

    async def answer(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            with anyio.fail_after(assistant.limits.seconds):
                return await anyio.to_thread.run_sync(at_once, call, abandon_on_cancel=True)
        except AffilError as error:
            raise ToolError(str(error)) from error
        except TimeoutError as error:
            raise ToolError(f"no answer within {assistant.limits.seconds:g} seconds; ask for less") from error

    def add(method: Callable[..., dict[str, Any]]) -> None:
        @wraps(method)
        async def tool(*arguments: Any, **named: Any) -> dict[str, Any]:
            return await answer(partial(method, *arguments, **named))

        described = cleandoc(method.__doc__ or "").partition("\n\nRaises:")[0]
        server.add_tool(tool, description=described, annotations=_READS)

    async def propose_decision(
        affiliation: String,
        institutions: Annotated[list[str], Field(description="ids of the institutions that it names; empty: it names none")],
        why: Annotated[str, Field(description="the reason, for the person who decides")],
        context: Context[Any, Any],
    ) -> dict[str, Any]:
        client = context.session.client_params
        by = client.client_info.name if client else "an assistant"
        return await answer(partial(assistant.propose_decision, affiliation, institutions, why, by))

    for method in (assistant.match, assistant.explain, assistant.search_registry):
        add(method)
    if assistant.has_workspace:
        add(assistant.rank)
        add(assistant.why)
        described = (
            "Suggest what a string of the workspace names. A person sees it on the review card and decides; nothing is counted by it. "
            "The string must stand in the papers and be undecided."
        )
        server.add_tool(propose_decision, description=described, annotations=_SUGGESTS)
    return server
