import type { PanelStartJson } from '../../../src/doors/http/panel-json.js';
import { say } from '../text.js';
import { named } from '../parts/invisible.js';

/** Why the one who looks may not write a key; `undefined`: it may. The server decides; the page says it beforehand. */
export function writeProblem({ quem: who }: PanelStartJson, key: string): string | undefined {
  if (!who.le) return serverProblem();
  if (!who.escreve) {
    const role = who.papel ?? '';
    return say(
      `O papel ${role} só lê: para gravar é preciso uma credencial de papel escrita.`,
      `The role ${role} only reads: writing needs a credential of role escrita.`,
    );
  }
  if (!who.administra && key.startsWith(OWN_KEYS)) {
    return say(
      'Chaves que começam com $kvs/ são dos próprios servidores.',
      'Keys that begin with $kvs/ are the servers’ own.',
    );
  }
  return prefixProblem(who.prefixos, key);
}

/** The same for reading. */
export function readProblem({ quem: who }: PanelStartJson, key: string): string | undefined {
  return who.le ? prefixProblem(who.prefixos, key) : serverProblem();
}

function serverProblem(): string {
  return say(
    'Esta credencial é de um servidor: não lê nem grava chaves.',
    'This credential is a server’s: it neither reads nor writes keys.',
  );
}

function prefixProblem(prefixes: readonly string[], key: string): string | undefined {
  if (prefixes.some((prefix) => key.startsWith(prefix))) return undefined;
  const list = prefixes.map(named).join(', ');
  return say(
    `Esta credencial só alcança chaves que começam com: ${list}`,
    `This credential only reaches keys that begin with: ${list}`,
  );
}

const OWN_KEYS = '$kvs/';
