import type { Colors } from 'picocolors/types.js';
import { visible } from '../format.js';
import { dated } from './answers.js';
import type { Answer } from './answers.js';
import type { Version } from './call.js';
import type { TimedName } from '../operations/names.js';

/** The only answer of a call, for people. One that found nothing is not shown here but as an error. */
export function answerText(operation: TimedName, answer: Answer, colors: Colors): string {
  const { found, assigned } = answer;
  const key = colors.bold(visible(answer.key));
  switch (operation) {
    case 'put': {
      const before = found === undefined ? 'não havia valor' : shown(found);
      return `gravada a versão ${assigned}${dated(assigned)} de ${key}\n${colors.dim('antes:')} ${before}`;
    }
    case 'del':
      return `removidas todas as versões de ${key}\n${colors.dim('a mais nova:')} ${shown(found)}`;
    case 'trim':
      return `removidas as versões antigas de ${key}\n${colors.dim('a que ficou:')} ${shown(found)}`;
    default:
      return [
        `${colors.dim('chave: ')} ${key}`,
        `${colors.dim('valor: ')} ${visible(found?.value ?? '', true)}`,
        `${colors.dim('versão:')} ${versionText(found)}`,
      ].join('\n');
  }
}

function shown(found: Version | undefined): string {
  const value = visible(found?.value ?? '', true);
  return `versão ${versionText(found)}: ${value === '' ? '(vazio)' : value}`;
}

function versionText(found: Version | undefined): string {
  return found === undefined ? '0' : `${found.version}${dated(found.version)}`;
}

/** An answer as JSON: exact, one line. */
export function answerJson(operation: TimedName, answer: Answer): string {
  const { key, asked, missing, found, assigned } = answer;
  const base = { operacao: json(operation), chave: json(key) };
  if (missing !== undefined) {
    const version = asked === undefined ? {} : { versaoPedida: asked.toString() };
    return object({ ...base, ...version, erro: json(missing.code), mensagem: json(missing.message) });
  }
  const version = found === undefined ? {} : { valor: json(found.value), versao: found.version.toString() };
  if (assigned === 0n) return object({ ...base, ...version });
  const before = found === undefined ? 'null' : object(version);
  return object({ ...base, versao: assigned.toString(), anterior: before });
}

/** An object whose members are JSON already: versions keep every digit, as JSON allows and a number does not. */
function object(members: Readonly<Record<string, string>>): string {
  const texts = Object.entries(members).map(([name, member]) => `${json(name)}:${member}`);
  return `{${texts.join(',')}}`;
}

function json(text: string): string {
  return JSON.stringify(text);
}
