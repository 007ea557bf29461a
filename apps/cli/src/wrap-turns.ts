// A client whose answers pass through a function: for what a run wants to see, or to refuse.
import type { ResponsesClient, ResponsesTurn } from "@codex-ts/responses-client";

/** The client with `stream` in place of each turn's own, which it is given. */
export function wrapTurns(
  client: ResponsesClient,
  stream: (
    inner: ResponsesTurn["stream"],
    ...request: Parameters<ResponsesTurn["stream"]>
  ) => ReturnType<ResponsesTurn["stream"]>,
): ResponsesClient {
  const wrapped = (turn: ResponsesTurn): ResponsesTurn => ({
    get usesWebSocket() {
      return turn.usesWebSocket;
    },
    fallBack: () => turn.fallBack(),
    compact: (...request) => turn.compact(...request),
    stream: (...request) => stream((...inner) => turn.stream(...inner), ...request),
  });
  return {
    endpoint: client.endpoint,
    openSession(context) {
      const session = client.openSession(context);
      return {
        startTurn: (turn) => wrapped(session.startTurn(turn)),
        prewarm: (...request) => session.prewarm(...request),
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}
