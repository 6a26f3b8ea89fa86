import type { Colors } from 'picocolors/types.js';
import type { AnswerText, KeyAnswer } from '../operations/operation.js';
import { dated } from './dates.js';
import { visible } from './visible.js';

export const insertedText: AnswerText = (answer, colors) =>
  `inserida a versão ${versionText(answer)} de ${keyText(answer, colors)}${expiryText(answer)}`;

export const foundText: AnswerText = (answer, colors) =>
  [
    `${colors.dim('chave: ')} ${keyText(answer, colors)}`,
    `${colors.dim('valor: ')} ${visible(answer.found?.value ?? '', true)}`,
    `${colors.dim('versão:')} ${versionText(answer)}`,
  ].join('\n');

export const removedText: AnswerText = (answer, colors) => {
  const what =
    answer.found?.version === 0n ? 'removidas todas as versões' : `removida a versão ${versionText(answer)}`;
  return `${what} de ${keyText(answer, colors)}`;
};

export const putText: AnswerText = (answer, colors) => {
  const { assigned, found } = answer;
  const before = found === undefined ? 'não havia valor' : shownText(answer);
  return `gravada a versão ${assigned}${dated(assigned)} de ${keyText(answer, colors)}${expiryText(answer)}\n${colors.dim('antes:')} ${before}`;
};

export const deletedText: AnswerText = (answer, colors) =>
  `removidas todas as versões de ${keyText(answer, colors)}\n${colors.dim('a mais nova:')} ${shownText(answer)}`;

export const trimmedText: AnswerText = (answer, colors) =>
  `removidas as versões antigas de ${keyText(answer, colors)}\n${colors.dim('a que ficou:')} ${shownText(answer)}`;

/** An answer as JSON: exact, one line. Versions keep all digits, as JSON allows but a number does not. */
export function answerJson({ operation, key, asked, refusal, found, assigned }: KeyAnswer): string {
  const base = { operacao: json(operation.name), chave: json(key) };
  if (refusal !== undefined) {
    const version = asked === undefined ? {} : { versaoPedida: asked.toString() };
    const { code = 'RECUSADO', message } = refusal;
    return jsonObject({ ...base, ...version, erro: json(code), mensagem: json(message) });
  }
  const value = found?.value === undefined ? {} : { valor: json(found.value) };
  const version = found === undefined ? {} : { ...value, versao: found.version.toString() };
  if (assigned === 0n) return jsonObject({ ...base, ...version });
  const before = found === undefined ? 'null' : jsonObject(version);
  return jsonObject({ ...base, versao: assigned.toString(), anterior: before });
}

/** A JSON object whose members are JSON already. */
export function jsonObject(members: Readonly<Record<string, string>>): string {
  const texts = Object.entries(members).map(([name, member]) => `${json(name)}:${member}`);
  return `{${texts.join(',')}}`;
}

function json(text: string): string {
  return JSON.stringify(text);
}

function keyText({ key }: KeyAnswer, colors: Colors): string {
  return colors.bold(visible(key));
}

/** `, que expira em 60 s`; empty for what does not expire. */
function expiryText({ ttlSeconds }: KeyAnswer): string {
  return ttlSeconds === undefined ? '' : `, que expira em ${ttlSeconds} s`;
}

function shownText(answer: KeyAnswer): string {
  const value = visible(answer.found?.value ?? '', true);
  return `versão ${versionText(answer)}: ${value === '' ? '(vazio)' : value}`;
}

function versionText({ found, operation }: KeyAnswer): string {
  if (found === undefined) return '0';
  return `${found.version}${operation.door.isTimed ? dated(found.version) : ''}`;
}
