/** What this port answers to HTTP: its health, and what it is. Pure. */
import { httpLimits } from './limits.js';

/** One answer, whole. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether each condition is good, by the name that it has in `grpc.health.v1`: `''` is the server as a whole. */
export type HealthByName = ReadonlyMap<string, boolean>;

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM = 'application/problem+json; charset=utf-8';

/** @param path without its query */
export function pageAt(path: string, health: HealthByName): Page {
  switch (path) {
    case '/':
      return { status: 200, type: HTML, body: WELCOME };
    case '/saude':
      return healthPage(health);
    case '/pronto': {
      const ready = health.get('') === true;
      return json(ready, { pronto: ready });
    }
    default:
      return problem(404, `não há nada em ${repeated(path)}; há /, /saude e /pronto`);
  }
}

/** An error as RFC 9457 has it. @param detail for people, in Portuguese */
export function problem(status: number, detail: string, headers: Page['headers'] = {}): Page {
  return { status, type: PROBLEM, body: `${JSON.stringify({ status, detail })}\n`, headers };
}

/** What an answer repeats of a request: anybody chooses how long that is, and which characters it has. */
export function repeated(text: string): string {
  const visible = text.replace(/[^\x20-\x7e]/g, '\u{fffd}');
  const { repeatedChars } = httpLimits;
  return visible.length > repeatedChars ? `${visible.slice(0, repeatedChars)}…` : visible;
}

/** Every condition by its name, and first whether all are good. */
function healthPage(health: HealthByName): Page {
  const conditions = Array.from(health, ([name, good]) => [name || 'servidor', good] as const);
  const good = conditions.every(([, isGood]) => isGood);
  return json(good, { bem: good, ...Object.fromEntries(conditions) });
}

/** @param body flat; shown with one line for each field */
function json(good: boolean, body: object): Page {
  return { status: good ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(body, undefined, 2)}\n` };
}

const WELCOME = `<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>kvs-frota</title>
<h1>kvs-frota</h1>
<p>Esta é a porta de um servidor de chaves e valores com versões. Programas falam gRPC com ela; pessoas usam
<code>./client.sh --port PORTA</code>. Por HTTP há aqui <a href="/saude">/saude</a> e <a href="/pronto">/pronto</a>.</p>
<p lang="en">This is the port of a versioned key-value server. Programs speak gRPC to it; people use
<code>./client.sh --port PORT</code>. By HTTP there are <a href="/saude">/saude</a> (health) and
<a href="/pronto">/pronto</a> (readiness).</p>
</html>
`;
