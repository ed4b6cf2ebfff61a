import type { Request } from './invoker.js';
import type { ServiceResponse } from './response.js';

/**
 * The pending responses of a C-FIND as they come, each held until it is asked for. When the consumer leaves early, the
 * request is cancelled and its end waited for.
 *
 * @param invoke sends the request with these hooks; resolves with the final response.
 * @returns the final response, as the generator's return value.
 */
export async function* matchesOf(
  invoke: (hooks: Required<Pick<Request, 'onPending' | 'signal'>>) => Promise<ServiceResponse>,
): AsyncGenerator<ServiceResponse, ServiceResponse> {
  const stopping = new AbortController();
  const waiting: { readonly match: ServiceResponse; readonly taken: () => void }[] = [];
  let wake: () => void = () => undefined;
  let over = false;
  const onPending = (match: ServiceResponse): void | Promise<void> => {
    if (stopping.signal.aborted) return;
    return new Promise((taken) => {
      waiting.push({ match, taken });
      wake();
    });
  };
  const final = invoke({ onPending, signal: stopping.signal });
  const ended = () => {
    over = true;
    wake();
  };
  final.then(ended, ended);
  try {
    for (;;) {
      if (waiting.length > 0) {
        yield waiting[0].match;
        waiting.shift()?.taken();
      } else if (over) return await final;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopping.abort();
    for (const { taken } of waiting.splice(0)) taken();
    await final.catch(() => undefined);
  }
}
