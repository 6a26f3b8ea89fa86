import type { KvsOptions, KvsTls } from '../../src/client/library/index.js';

/** How to reach the store, as forms and `settings.js` say it. Everything may be missing, or be a text. */
export interface GivenServers {
  readonly servidores?: unknown;
  readonly descobre?: unknown;
  readonly prazoMs?: unknown;
  readonly confirmacoes?: unknown;
  readonly tls?: unknown;
  readonly ca?: unknown;
  readonly certificado?: unknown;
  readonly chave?: unknown;
  readonly nome?: unknown;
}

export const TIMEOUT_MS = 10_000;

/** The timeout of a call, in ms; what is no number becomes NaN, which the library refuses. */
export function timeoutOf({ prazoMs }: GivenServers): number {
  return numberOf(prazoMs) ?? TIMEOUT_MS;
}

/**
 * The options of the library. It checks them itself; here only what a form leaves out is left out.
 * @param token what gives the token, or `undefined`
 */
export function kvsOptions(given: GivenServers, token: KvsOptions['token']): KvsOptions {
  const { servidores, descobre, confirmacoes } = given;
  const list = Array.isArray(servidores) ? servidores.map(String) : addresses(text(servidores) ?? '');
  const confirmations = numberOf(confirmacoes);
  return {
    servers: list,
    discover: descobre === true,
    timeoutMs: timeoutOf(given),
    // What a flow writes it reads afterwards, from whichever server.
    session: true,
    ...(confirmations !== undefined && { confirmations }),
    ...(given.tls === true && { tls: tlsOf(given) }),
    ...(token !== undefined && { token }),
  };
}

function addresses(list: string): string[] {
  return list
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

function tlsOf({ ca, certificado, chave, nome }: GivenServers): true | KvsTls {
  const files: KvsTls = {
    ...(text(ca) !== undefined && { ca: text(ca) }),
    ...(text(certificado) !== undefined && { certificate: text(certificado) }),
    ...(text(chave) !== undefined && { key: text(chave) }),
    ...(text(nome) !== undefined && { name: text(nome) }),
  };
  return Object.keys(files).length === 0 ? true : files;
}

/** A text that says something; `undefined` if there is none. */
export function text(given: unknown): string | undefined {
  return typeof given === 'string' && given.trim() !== '' ? given.trim() : undefined;
}

/** A number, also as the text of a form; `undefined` if nothing is said. */
export function numberOf(given: unknown): number | undefined {
  if (typeof given === 'number') return given;
  const said = text(given);
  return said === undefined ? undefined : Number(said);
}
