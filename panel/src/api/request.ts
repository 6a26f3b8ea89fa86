import { askForLogin, token } from './credential.js';

/** A server's refusal, as its problem document tells it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /**
   * @param code the product's stable code; empty if the answer had none
   * @param detail Portuguese, by the server
   */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** What goes with a request beside its path. */
export interface Asked {
  readonly method?: 'GET' | 'PUT' | 'DELETE' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the server that the page is of, as whoever is logged in.
 * @throws Refusal if it refuses; TypeError if it cannot be reached
 */
export async function ask(
  path: string,
  { method = 'GET', headers, body, signal }: Asked = {},
): Promise<Response> {
  const shown = token.peek();
  const init = {
    method,
    headers: { ...headers, ...(shown !== undefined && { authorization: `Bearer ${shown}` }) },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
    cache: 'no-store' as const,
    credentials: 'omit' as const,
    redirect: 'error' as const,
  };
  const response = await fetch(path, init);
  if (response.ok) return response;
  const refusal = await refusalOf(response);
  // Another token may have been given meanwhile.
  if (refusal.status === 401 && token.peek() === shown) askForLogin();
  throw refusal;
}

async function refusalOf(response: Response): Promise<Refusal> {
  const text = await response.text().catch(() => '');
  try {
    const { codigo, detail } = JSON.parse(text) as { codigo?: string; detail?: string };
    return new Refusal(response.status, codigo ?? '', detail ?? '');
  } catch {
    return new Refusal(response.status, '', text.slice(0, 200));
  }
}
